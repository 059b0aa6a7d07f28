"""The file `metrics.json`: its names, and how it is written and read.

It stands apart from the numbers' making, which needs torch: a table of a thousand runs reads a thousand of these
files, and should not wait for torch first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from mixfit.one_move import write_in_one_move

Value = float | int | bool | str | None

ABSENT: dict[str, Value] = dict.fromkeys(
    (
        *("status", "error", "warning"),
        *("nll/train", "nll/val", "nll/test", "nll/true", "nll/excess", "bic", "aic", "icl", "ari", "within_ss"),
        *("selected/n_components", "selected/covariance", "selected/stability"),
        *("n_parameters", "n_points", "floor", "components_on_floor", "components_reseeded", "steps_undone"),
        *("restarts", "restarts/winner", "restarts/spread", "restarts/ends", "moves/accepted", "moves/gain"),
        *("steps", "passes", "passes/best", "converged", "seconds/fit", "seconds/total"),
    )
)
"""Every name that `metrics.json` has, before anything is known."""


def write(folder: Path, values: Mapping[str, Value]) -> None:
    """Writes `metrics.json` in one move: a reader sees the old file or the new one, never half of either."""
    content: dict[str, Any] = {**ABSENT, **values}
    for name, value in content.items():
        if isinstance(value, float) and not isfinite(value):
            raise ValueError(f"{name} is {value}: a number that is not finite never reaches metrics.json")
    write_in_one_move(folder / "metrics.json", f"{json.dumps(content, indent=2)}\n".encode())


def read(folder: Path) -> dict[str, Any]:
    """What the folder's `metrics.json` says; `ValueError` if it says nothing that `write` could have written."""
    content = json.loads((folder / "metrics.json").read_text(encoding="utf-8"), parse_constant=_not_finite)
    if not isinstance(content, dict) or not isinstance(content.get("status"), str):
        raise ValueError("metrics.json has no status")
    return {**ABSENT, **content}


def status(folder: Path) -> str | None:
    """What the file says of the run; None where there is no file, or none that can be read."""
    try:
        return str(read(folder)["status"])
    except (OSError, ValueError, RecursionError):
        return None


def _not_finite(constant: str) -> NoReturn:
    raise ValueError(f"metrics.json holds {constant}")
