"""What became of fits whose best maximum is known: how many reach it, and how the others end."""

from __future__ import annotations

from typing import Any

from mixfit.errors import InputError
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.optima.cells import Cell, is_degenerate, points_of
from scripts.optima.fitting import Fitted, fit

TOLERANCE = 0.05
"""Nats of the total log-likelihood by which a fit may end below a maximum and have reached it."""


def judged(cell: Cell, estimator: Any) -> Repetition:
    """Fits the cell's points, and compares; a fit that is refused has said so, but reaches nothing."""
    points = points_of(cell.data)
    common = {"data": cell.data, "model": cell.model, "covariance": cell.covariance, "K": cell.n_components}
    try:
        fitted = fit(estimator, points)
    except InputError:
        return {**common, "refused": True}
    total = float(fitted.estimator.score(points)) * len(points)
    return {
        **common,
        "refused": False,
        "gap": cell.best_known - total,
        "below_nested": cell.nested_lower_bound - total,
        "below_smaller": cell.best_of_smaller - total,
        "degenerate": _degenerate(cell, fitted),
        "seconds": fitted.seconds,
    }


def has_reached(row: Repetition, within: float = TOLERANCE) -> bool:
    """Whether a fit ends no more nats than this below the best known maximum, and not by degenerating."""
    return not row["refused"] and not row["degenerate"] and row["gap"] <= within


def is_below(row: Repetition, what: str) -> bool:
    """Whether a fit ends below the bound of this name."""
    return not row["refused"] and row[what] > TOLERANCE


def share(rows: Repetitions) -> float:
    """Of fits that have reached the best known maximum."""
    return sum(map(has_reached, rows)) / len(rows)


def mean_seconds(rows: Repetitions) -> float:
    """Of those that were not refused."""
    seconds = [row["seconds"] for row in rows if not row["refused"]]
    return sum(seconds) / max(1, len(seconds))


def _degenerate(cell: Cell, fitted: Fitted) -> bool:
    return is_degenerate(cell.model, points_of(cell.data), fitted.estimator.weights_, fitted.covariances)
