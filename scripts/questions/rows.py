"""The few things that every question asks of its rows."""

from __future__ import annotations

from typing import Any

from mixfit.leaderboard.estimate import Estimate
from mixfit.runs import Run
from scripts.benchmarks.result import Repetition, Repetitions


def numbers_of(run: Run, *names: str) -> Repetition:
    """Numbers of a run that has to be done, by their names in `metrics.json`."""
    if run.metrics["status"] != "done":
        raise ValueError(f"{run.folder}: {run.metrics['status']}, but its numbers are needed")
    return {name: run.metrics[name] for name in names}


def where(rows: Repetitions, **fixed: Any) -> Repetitions:
    """The rows that have these values."""
    return [row for row in rows if all(row[name] == value for name, value in fixed.items())]


def distinct(rows: Repetitions, name: str) -> list[Any]:
    """The values that a name has, in ascending order."""
    return sorted({row[name] for row in rows})


def estimate(rows: Repetitions, name: str) -> Estimate:
    """Mean and standard error over the rows; raises `ValueError` where a row has no such number."""
    found = Estimate.of([row[name] for row in rows])
    if found is None:
        raise ValueError(f"{name} is missing in some of {len(rows)} rows")
    return found


def error_of(found: Estimate) -> float:
    """The standard error; none of a single value counts as zero, so that it can be drawn."""
    return found.standard_error or 0.0


def short(number: float) -> str:
    """A number with two digits that count, without an exponent: 0.0012, 0.35, 42."""
    return f"{number:.0f}" if abs(number) >= 10 else f"{float(f'{number:.2g}'):.12f}".rstrip("0").rstrip(".")
