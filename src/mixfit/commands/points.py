"""Which points a command over a run looks at: those the run was given, unless something else is typed.

Choosing another `data=` starts from that choice's defaults, and a file alone says enough: `data.path=new.csv` means
`data=file`. What is not the run's own is not divided unless somebody asks for it, because nothing of it was fitted.
The run's own path leads from where the run was started, and one that is typed from where one stands. Neither torch
nor the points are needed to know all this.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mixfit import catalogue
from mixfit.errors import InputError
from mixfit.keys import refusal
from mixfit.runs import Run, path_from
from mixfit.spelling import listed

FRACTIONS = ("val_fraction", "test_fraction")
NOT_OF_THE_POINTS = ("_target_", "batch_size", "stream")
"""Options that change how points are handled and not which they are."""


@dataclass(frozen=True)
class Points:
    """Which points, before anything of them is read.

    Attributes:
        choice: of the data group.
        options: every key of that choice without its group, `_target_` and `batch_size` among them.
        seed: of synthetic points and of the partition.
        own: whether they are the very points that the run was given, with the same partition.
        typed: the options that were given by hand.
    """

    choice: str
    options: Mapping[str, Any]
    seed: int
    own: bool
    typed: frozenset[str] = frozenset()


def points_asked_for(run: Run, overrides: Mapping[str, Any]) -> Points:
    """The run's own points, changed by checked overrides.

    Raises `InputError` if there are none, if the choice has no such option, or if one that it needs is missing.
    """
    own, given = own_points(run), _options(overrides)
    choice = overrides.get("data") or _implied(own, given)
    if choice is None:
        raise InputError(
            f"{run.folder}: says nothing of the data that it was fitted to, so there are no points to look at; "
            "give some, as in data.path=points.csv"
        )
    start = own.options if own and own.choice == choice else _defaults(choice)
    _check_options(choice, start.keys(), given)
    if own and own.choice == choice and "path" not in given:
        _check_is_there(run, own)
    seed = overrides.get("seed", own.seed if own else catalogue.defaults_of_no_group()["seed"])
    options = {**start, **given}
    asked_for = Points(choice, options, seed, own=False, typed=frozenset(given))
    if is_own := are_same(asked_for, own):
        asked_for = replace(asked_for, own=is_own)
    else:
        options |= {key: 0.0 for key in FRACTIONS if key in options and key not in given}
    _check_complete(choice, {f"data.{option}": value for option, value in options.items()} | {"seed": seed})
    return asked_for


def own_points(run: Run) -> Points | None:
    """What the run was fitted to; None if its folder does not say."""
    choice, seed = run.choices.get("data"), run.config.get("seed")
    if not choice or not isinstance(seed, int):
        return None
    noted = {key.removeprefix("data."): value for key, value in run.config.items() if key.startswith("data.")}
    for option, value in noted.items():
        if wrong := refusal(f"data.{option}", value):
            raise InputError(f"{run.folder / '.hydra' / 'config.yaml'}: {wrong}")
    noted |= {"path": path_from(run, noted["path"])} if noted.get("path") else {}
    target = {"_target_": _defaults(choice)["_target_"]} if choice in catalogue.options("data") else {}
    return Points(choice, noted | target, seed, own=True)  # of our own choices, not what the file says that they are


def are_same(one: Points | None, other: Points | None) -> bool:
    """Whether both are known, and are the same points with the same partition."""
    if one is None or other is None:
        return False
    return (one.choice, _of_points(one.options), one.seed) == (other.choice, _of_points(other.options), other.seed)


def _check_is_there(run: Run, own: Points) -> None:
    if path := own.options.get("path"):
        file = Path.cwd() / path
        if not os.path.lexists(file):
            raise InputError(
                f"{run.folder}: was fitted to {file.name} in {file.parent}, where there is no such file now; "
                "give data.path=..."
            )


def _implied(own: Points | None, given: Mapping[str, Any]) -> str | None:
    """The choice where none is typed: the run's own, or a file if there is a path and the run's own has none."""
    if "path" in given and (own is None or "path" not in own.options):
        return "file"
    return own.choice if own else None


def _options(overrides: Mapping[str, Any]) -> dict[str, Any]:
    return {key.removeprefix("data."): value for key, value in overrides.items() if key.startswith("data.")}


def _defaults(choice: str) -> dict[str, Any]:
    return {key.removeprefix("data."): value for key, value in catalogue.defaults_of("data", choice).items()}


def _of_points(options: Mapping[str, Any]) -> dict[str, Any]:
    path = {"path": Path.cwd() / options["path"]} if options.get("path") else {}
    return {key: value for key, value in options.items() if key not in NOT_OF_THE_POINTS} | path


def _check_options(choice: str, known: Collection[str], given: Mapping[str, Any]) -> None:
    for option in given:
        if option not in known:
            having = listed([name for name in catalogue.choices_with(f"data.{option}") if name != choice], "or")
            raise InputError(f"data.{option}: data={choice} has no such option; leave it out, or choose data={having}")


def _check_complete(choice: str, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if value == catalogue.MISSING:
            raise InputError(f"{key} is missing: data={choice} needs it; give {key}=...")
        if isinstance(value, str) and "${" in value:
            raise InputError(f"{key}={value}: stands for something else; give the value itself")
