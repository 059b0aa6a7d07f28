"""What a sweep varied, and each run's value of it.

A key is swept if it was typed for some run and its value differs among the runs. The value is the composed one, so a
run that was not given the key has its default; the value of a group, as in `optimizer=em`, is the choice. The seed is
no setting: runs that differ in it alone are repetitions of one fit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from mixfit.keys import KEYS
from mixfit.runs import Run, natural

Setting = int | float | str | None
"""A number or a word; None where the run's configuration has no such key, or cannot be read."""

NO_SETTINGS = ("seed", "resume")
NO_DATA = ("data.batch_size", "data.label")
"""Options of the data that do not change the points: batches only group them, labels only judge the groups."""


def swept_keys(runs: Sequence[Run]) -> tuple[str, ...]:
    """The keys that were swept, in alphabetical order, whatever the order of the runs."""
    groups = {group for run in runs for group in run.choices}
    leaves = {key for run in runs for key in run.config}
    typed = {_key(override) for run in runs for override in run.overrides}
    keys = {key for key in typed if key in groups} | {
        leaf for leaf in leaves for key in typed - groups if leaf == key or leaf.startswith(f"{key}.")
    }
    return tuple(sorted(key for key in keys if _is_setting(key) and _differs(key, runs, key in groups)))


def setting(run: Run, key: str) -> Setting:
    """The run's value of a key: a number if it is one, so that 1e3 is 1000, else text as YAML has it."""
    if key in run.choices:
        return _plain(run.choices[key])
    return _plain(run.config[key]) if key in run.config else None


def data_of(run: Run) -> dict[str, Setting]:
    """What the run was fitted to: NLLs of different data cannot be compared."""
    keys = sorted(key for key in run.config if key.startswith("data.") and key not in NO_DATA)
    return {key: setting(run, key) for key in ["data", *keys]}


def order(value: Setting) -> tuple[int, float, tuple[tuple[str | int, ...], str]]:
    """A key to sort settings by: numbers by size, then words in their natural order, then blanks."""
    if value is None:
        return 2, 0.0, natural("")
    return (1, 0.0, natural(value)) if isinstance(value, str) else (0, float(value), natural(""))


def names_of(keys: Sequence[str]) -> list[str]:
    """The last part of each key, or the whole key where two would look alike, or like a key of the model."""
    last = [key.rpartition(".")[2] for key in keys]
    others = [f"model.{name}" for name in last]
    return [
        key if last.count(name) > 1 or (other in KEYS and other != key) else name
        for key, name, other in zip(keys, last, others, strict=True)
    ]


def _differs(key: str, runs: Sequence[Run], is_group: bool) -> bool:
    """Whether those runs differ that can tell."""
    return len({setting(run, key) for run in runs if (run.choices if is_group else run.config)}) > 1


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]


def _is_setting(key: str) -> bool:
    return key not in NO_SETTINGS and not re.match(r"hydra[./]", key)


def _plain(value: Any) -> Setting:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
        return value
    return json.dumps(value, default=str)
