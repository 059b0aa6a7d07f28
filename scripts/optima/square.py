"""How near can a few components come to a uniform square at all?

The checkerboard of `plane` is eight such squares that touch at corners alone, and 64 components are eight for each. A
fit of one square has more points and can wait longer; what it leaves above the truth, the best fit of the board leaves
too, and more by what fewer points cost.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import mixfit
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.optima import plane
from scripts.optima.excess import judged, mean
from scripts.optima.fitting import alike
from scripts.questions.rows import where

SEEDS = range(2)
N_COMPONENTS = (7, 8, 9)
MOVES = ("alternating", "random_swap")
N_POINTS, N_TEST = 50_000, 1_000_000
BOARD = plane.N_POINTS // 8
"""Points of one of the checkerboard's squares in `plane`."""

TOLERANCE, MOST_PASSES = 1e-9, 20_000
"""A gain so small, in nats per point, ends a fit: nobody can say that it was not patient."""

THREADS = 2


def measure() -> Repetitions:
    """Fits of each K from each seed with each of two searches."""
    with alike(THREADS):
        return [_fitted(k, moves, seed) for k in N_COMPONENTS for moves in MOVES for seed in SEEDS]


def table(repetitions: Repetitions) -> Table:
    """The best fit of each K."""
    rows = [_row(k, where(repetitions, n_components=k)) for k in N_COMPONENTS]
    notes = [
        f"{N_POINTS:,} uniform points of a square, covariance full, the best of {len(SEEDS)} seeds and of "
        f"`moves={'` and `moves='.join(MOVES)}`, `tol={TOLERANCE:g}`. Excess is NLL above the true density's on "
        f"{N_TEST:,} points held out, in nats per point. A sample costs p/(2N) of it, p being 6K - 1: of the square "
        f"itself is what would be left of endless points, on the board what is left of its {BOARD:,} for a square.",
        f"Threads: {THREADS}.",
    ]
    return Table(("K", "excess", "of the square itself", "on the board", "worst", "mean seconds"), rows, notes)


def _fitted(n_components: int, moves: str, seed: int) -> Repetition:
    random = np.random.default_rng(seed)
    points, held_out = random.uniform(size=(N_POINTS, 2)), random.uniform(size=(N_TEST, 2))
    how: dict[str, Any] = {"tol": TOLERANCE, "max_iter": MOST_PASSES, "moves": moves, "random_state": seed}
    about: Repetition = {"n_components": n_components, "moves": moves, "seed": seed, "threads": THREADS}
    density_is_one = 0.0  # so its logarithm, and its NLL, is this
    return {**about, **judged(mixfit.GaussianMixture(n_components, **how), points, held_out, density_is_one)}


def _row(n_components: int, rows: Repetitions) -> tuple[str, ...]:
    excesses = [row["excess"] for row in rows]
    per_point = (6 * n_components - 1) / 2
    itself = min(excesses) - per_point / N_POINTS
    numbers = (min(excesses), itself, itself + per_point / BOARD, max(excesses))
    return (f"{n_components}", *(f"{number:.4f}" for number in numbers), f"{mean(rows, 'seconds'):.1f}")
