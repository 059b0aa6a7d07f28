"""A run's folder as it lies on disk: what was asked of the run, and what came of it.

A run can be killed at any moment, and Hydra does not write its three files in one move. So a file is believed only
when it is whole: it ends with a line's end and holds the key that Hydra writes last. What is not whole says nothing,
which a table shows as a blank; it never says half of something. Nothing here needs torch or Hydra's composition, and
libyaml parses some ten times faster than OmegaConf loads, so a thousand runs take seconds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mixfit.errors import InputError
from mixfit.folder import is_claimed
from mixfit.plain_yaml import dotted, parsed
from mixfit.tracking import metrics_file
from mixfit.tracking.metrics_file import ABSENT, Value

LAST_OF_CONFIG = "resume"
"""The key that comes last in a composed configuration, as it does in `configs/train.yaml`."""
LAST_OF_HYDRA = "verbose"
"""The key that comes last in Hydra's own configuration."""
CHOICES = "hydra.runtime.choices."
"""Where Hydra's own configuration names the choice made in each group."""
STARTED_IN = "hydra.runtime.cwd"
"""Where it names the folder that the run was started in."""


@dataclass(frozen=True)
class Run:
    """What one run's folder says.

    Attributes:
        folder: of the run.
        metrics: every name of `metrics.json`; where it says `running`, or is not there yet, the `status` is
            `interrupted` if no process is at work in the folder.
        config: the composed configuration, its levels joined by dots; empty where it cannot be read.
        choices: what was chosen in each configuration group; empty where it cannot be read.
        overrides: what was typed, such as `model.n_components=4`; empty where it cannot be read.
        started_in: the folder from which its relative paths lead; None where it cannot be read.
    """

    folder: Path
    metrics: Mapping[str, Value]
    config: Mapping[str, Any]
    choices: Mapping[str, str | None]
    overrides: tuple[str, ...]
    started_in: Path | None = None


def find(paths: Iterable[Path]) -> list[Run]:
    """The runs at and below some folders, in the natural order of their paths: 2 before 10.

    A run's folder has a `metrics.json` or a `.hydra/config.yaml`. What lies below it belongs to it and is no run of
    its own. Links are not followed, and a folder that is reached twice counts once.
    """
    found = {folder.resolve() for path in paths for folder in _folders(path)}
    return [read(folder) for folder in sorted(found, key=lambda folder: natural(str(folder)))]


def read(folder: Path) -> Run:
    """What the folder says now; a file that is missing, damaged or half written says nothing."""
    hydra = _config(folder / ".hydra" / "hydra.yaml", last=f"hydra.{LAST_OF_HYDRA}")
    return Run(
        folder,
        metrics=_metrics(folder),
        config=_config(folder / ".hydra" / "config.yaml", last=LAST_OF_CONFIG),
        choices={key.removeprefix(CHOICES): hydra[key] for key in hydra if key.startswith(CHOICES)},
        overrides=_overrides(folder / ".hydra" / "overrides.yaml"),
        started_in=Path(str(hydra[STARTED_IN])) if STARTED_IN in hydra else None,
    )


def path_from(run: Run, path: str) -> str:
    """The run's own path, as it stands where that leads to the same file from here."""
    started_in = run.started_in or Path.cwd()
    return path if started_in == Path.cwd() else str(started_in / path)


def around(path: Path) -> Path | None:
    """The folder of the run that a path lies in; None where it lies in none."""
    return next((folder for folder in path.parents if _is_run(folder)), None)


def some_below(folder: Path) -> list[Path]:
    """The first few runs below a folder, of those that are nearest to it and at most three levels away."""
    levels = (sorted(folder.glob(f"{'*/' * depth}metrics.json")) for depth in (1, 2, 3))
    return [path.parent for path in next(filter(None, levels), [])[:3]]


def natural(text: str) -> tuple[tuple[str | int, ...], str]:
    """A key to sort by that counts numbers inside a text as numbers: `job2` before `job10`."""
    parts = re.split(r"([0-9]+)", text)
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), text


def _folders(path: Path) -> Iterator[Path]:
    for place, below, files in os.walk(path, onerror=_refuse):
        folder = Path(place)
        if "metrics.json" in files or _is_run(folder):
            below.clear()
            yield folder


def _is_run(folder: Path) -> bool:
    return (folder / "metrics.json").is_file() or (folder / ".hydra" / "config.yaml").is_file()


def _refuse(error: OSError) -> None:
    """A folder that vanished meanwhile is no run; one that may not be read could hide some."""
    if not isinstance(error, FileNotFoundError):
        raise InputError(f"{error.filename}: {error.strerror}, so the runs in it would be missing") from error


def _metrics(folder: Path) -> dict[str, Value]:
    """What the file says; a run that nobody is at work on was interrupted, unless it ended between two looks."""
    for _ in range(2):
        values = _noted(folder)
        if values["status"] != "running" or is_claimed(folder):
            return values
    return values | {"status": "interrupted"}


def _noted(folder: Path) -> dict[str, Value]:
    try:
        return metrics_file.read(folder)
    except FileNotFoundError:
        return ABSENT | {"status": "running"}
    except (OSError, ValueError, RecursionError) as error:
        return ABSENT | {"status": "failed", "error": f"metrics.json cannot be read: {error}"}


def _config(path: Path, last: str) -> dict[str, Any]:
    content = _yaml(path)
    try:
        keys = dict(dotted(content)) if isinstance(content, dict) else {}
    except RecursionError:  # an alias can make a mapping hold itself
        return {}
    return keys if last in keys else {}


def _overrides(path: Path) -> tuple[str, ...]:
    content = _yaml(path)
    return tuple(map(str, content)) if isinstance(content, list) else ()


def _yaml(path: Path) -> Any:
    """The file's content; None where there is none, or not all of it."""
    try:
        text = path.read_text(encoding="utf-8")
        return parsed(text) if text.endswith("\n") else None
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None
