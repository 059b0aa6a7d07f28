"""The rank of rows that were fitted to the same data, from differences that are paired over the seeds.

A new seed often means new data, and NLLs of new data differ far more than two optimizers do. So settings are compared
seed by seed: the differences agree where the NLLs do not, and a row with fewer seeds is never compared on other seeds
than its rival's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Any

from mixfit.leaderboard.estimate import Estimate
from mixfit.leaderboard.row import Row


def ranked(rows: Sequence[Row]) -> list[Row]:
    """The rows of one data set, best first, with their rank and their difference to the best.

    The best is chosen among the rows whose runs are all done: one that failed on the hard seeds does not win by that.
    Of these the reference is the row with the most seeds, or the lowest mean among equals, and the best is the one
    with the lowest mean difference to it. All others follow by their mean difference to the best, each over the seeds
    that both have done (below zero where an unfinished row is better so far), then those without a seed in common, by
    their mean. If every row has every seed, that is the order of the means. Rows ranked by their BIC follow those with
    held-out points. Ties are in the order of the settings.
    """
    by_measure = [_placed([row for row in rows if row.measure == name]) for name in ("nll/val", "bic", None)]
    placed = [row for group in by_measure for row in group]
    return [replace(row, rank=rank, above_best=_above_best(row, placed[0])) for rank, row in enumerate(placed, start=1)]


def paired_difference(row: Row, other: Row) -> Estimate | None:
    """Mean and standard error of the row's score less the other's, over the seeds that both have done."""
    return Estimate.of([row.scores[seed] - other.scores[seed] for seed in row.scores if seed in other.scores])


def _placed(rows: Sequence[Row]) -> list[Row]:
    """Rows with the same measure in their order."""
    if not rows:
        return []
    finished = [row for row in rows if row.n_done == row.n_runs] or rows
    reference = min(finished, key=lambda row: (-row.n_done, _mean(row), row.order))
    best = min(finished, key=lambda row: _place(row, reference))
    return [best, *sorted((row for row in rows if row is not best), key=lambda row: _place(row, best))]


def _place(row: Row, reference: Row) -> tuple[bool, float, list[Any]]:
    if row is reference:
        return False, 0.0, row.order
    difference = paired_difference(row, reference)
    return difference is None, _mean(row) if difference is None else difference.mean, row.order


def _above_best(row: Row, best: Row) -> Estimate | None:
    """Zero for the best row itself, where nothing is estimated."""
    if row is best:
        return Estimate(0.0, None)
    return paired_difference(row, best) if row.measure == best.measure else None


def _mean(row: Row) -> float:
    mean = row.mean(row.measure) if row.measure else None
    return inf if mean is None else mean
