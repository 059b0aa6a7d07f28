"""Does `n_components="auto"` find how many components there are, and `covariance_type="auto"` the family?

Random mixtures know their true K. What the geyser's true K is nobody knows, but mclust chooses among the same four
families by the same criterion, so there is a choice to agree with.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import mixfit
from mixfit.data.gaussians import Gaussians
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met
from scripts.optima.cells import points_of
from scripts.optima.excess import mean
from scripts.optima.fitting import Array, alike, fit
from scripts.questions.rows import distinct, where

TARGET = 0.9
"""Share of random mixtures whose K is found."""

SEEDS = range(20)
DIMENSIONS, COMPONENTS = (2, 5, 10), range(2, 9)
"""Mixture by mixture the next of both, so that no two of 21 are alike."""

SEPARATION, N_POINTS = 2.0, 2_000
MOST = {"random": 10, "old_faithful": 9}
"""Components that are tried; mclust tries nine."""

MCLUST = (3, "tied")
"""What mclust 6.0.0 chooses for both columns of Old Faithful by BIC."""

THREADS = 2


def measure() -> Repetitions:
    """One choice for each random mixture, and one for the geyser."""
    with alike(THREADS):
        return [*map(_random, SEEDS), _geyser()]


def table(repetitions: Repetitions) -> Table:
    """How often the choice is right, dimension by dimension."""
    random = where(repetitions, data="random")
    (geyser,) = where(repetitions, data="old_faithful")
    groups = [(f"D={dim}", where(random, dim=dim)) for dim in distinct(random, "dim")]
    rows = [(f"random mixtures, {title}", *_cells(group), "-", "-") for title, group in groups]
    right, found = sum(map(_is_right, random)), (geyser["found"], geyser["family"])
    wanted = round(TARGET * len(random))
    notes = [
        f"Random mixtures: `data=gaussians`, N={N_POINTS:,}, K from {COMPONENTS[0]} to {COMPONENTS[-1]}, separation "
        f'c={SEPARATION:g}, fitted by `GaussianMixture("auto", max_components={MOST["random"]}, criterion="bic")`. '
        f'The geyser: max_components={MOST["old_faithful"]} and covariance_type="auto".',
        *_wrong(random),
        f"Threads: {THREADS}.",
    ]
    total = ("random mixtures, all", *_cells(random), f"≥ {wanted} of {len(random)}", met(right >= wanted))
    of_geyser = ("Old Faithful", _choice(*found), f"{geyser['seconds']:.1f}", _choice(*MCLUST), met(found == MCLUST))
    return Table(("data", "K found", "mean seconds", "target", "met"), [*rows, total, of_geyser], notes)


def _random(seed: int) -> Repetition:
    dim, true = DIMENSIONS[seed % len(DIMENSIONS)], COMPONENTS[seed % len(COMPONENTS)]
    points = Gaussians(dim, true, N_POINTS, 0, 0, SEPARATION).load(seed).train.points
    return {"data": "random", "seed": seed, "dim": dim, "true": true, **_chosen(np.asarray(points), "random", seed)}


def _geyser() -> Repetition:
    points = points_of("old_faithful")
    found = _chosen(points, "old_faithful", 0, covariance_type="auto")
    return {"data": "old_faithful", "seed": 0, "dim": points.shape[1], "true": MCLUST[0], **found}


def _chosen(points: Array, data: str, seed: int, **more: Any) -> Repetition:
    how: dict[str, Any] = {"n_components": "auto", "max_components": MOST[data], "criterion": "bic", **more}
    mixture, seconds = fit(mixfit.GaussianMixture(**how, random_state=seed), points)
    found = {"found": int(mixture.n_components_), "family": str(mixture.covariance_type_)}
    return {**found, "seconds": seconds, "threads": THREADS}


def _is_right(row: Repetition) -> bool:
    return bool(row["found"] == row["true"])


def _cells(rows: Repetitions) -> tuple[str, str]:
    return f"{sum(map(_is_right, rows))} of {len(rows)}", f"{mean(rows, 'seconds'):.1f}"


def _choice(n_components: int, family: str) -> str:
    return f"{n_components}, {family}"


def _wrong(rows: Repetitions) -> list[str]:
    wrong = [row for row in rows if not _is_right(row)]
    named = "; ".join(f"D={row['dim']}, K={row['true']}: {row['found']} (seed {row['seed']})" for row in wrong)
    return [f"Found another K: {named}."] if wrong else []
