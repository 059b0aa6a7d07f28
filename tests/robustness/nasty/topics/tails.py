"""Outliers, codes for missing numbers, and distributions whose tails no Gaussian has.

A point a million deviations away makes the variance of the data its own: what is left of all others lies below the
floor. Of heavy tails the true density is known, and no mixture of a few Gaussians is much better than it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from tests.robustness.nasty.case import Array, Case, Fits, FitsOrRefused, Labels, Reference
from tests.robustness.nasty.references import between, floored, one_gaussian, some_mixture, truth
from tests.robustness.nasty.samples import CLOUDS

ALONE = "a component of a single point has no variance of its own"
SPIKES = 0.15
"""Nats per point by which components on a few close points may be better than the true density."""

BULK = np.random.default_rng(9).normal(size=(300, 2))
MISSING = np.arange(300) % 15 == 0
DRAWS = np.random.default_rng(10)
CAUCHY = DRAWS.standard_cauchy((500, 1))
STUDENT = DRAWS.standard_t(2, (600, 3))
LOG_NORMAL = DRAWS.lognormal(0, 1.5, (500, 1))
PARETO = 1 + DRAWS.pareto(1.5, (500, 1))
EXPONENTIAL = DRAWS.exponential(size=(500, 2))
UNIFORM = DRAWS.uniform(size=(500, 2))


def with_outliers(*outliers: tuple[float, float]) -> Array:
    """A cloud around zero of deviation one, and points far from it."""
    return np.concatenate([BULK, np.array(outliers)])


def groups(*sizes: int) -> Labels:
    """Labels of so many points each."""
    return np.repeat(np.arange(len(sizes)), sizes)


def coded(code: float) -> Array:
    """A cloud, with a number for "missing" in every fifteenth row of a column."""
    return np.column_stack([BULK[:, 0], np.where(MISSING, code, BULK[:, 1])])


def heavy(name: str, why: str, points: Array, distribution: Any, n_components: int) -> Case:
    """Independent axes of a known distribution: between its true density and a single Gaussian."""

    def log_density(rows: Array) -> Array:
        return np.asarray(distribution.logpdf(rows).sum(1))

    best: Reference = truth(log_density, worse=0.0, better=SPIKES)
    return Case(name, why, lambda: points, n_components, Fits(between(best, one_gaussian)))


CASES = [
    Case(
        "an outlier at a million deviations",
        "the variance is that of a single point",
        lambda: with_outliers((1e6, -1e6)),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "an outlier at a million deviations, two components",
        "beside the outlier all others lie below the floor",
        lambda: with_outliers((1e6, -1e6)),
        2,
        FitsOrRefused(Fits(between(floored(groups(300, 1)), one_gaussian)), ALONE),
    ),
    Case(
        "two outliers a million deviations apart",
        "on either side one",
        lambda: with_outliers((1e6, 0), (-1e6, 0)),
        3,
        FitsOrRefused(Fits(between(some_mixture, one_gaussian)), ALONE),
    ),
    Case(
        "an outlier at a thousand deviations",
        "the third component is a single point, or there is none",
        lambda: np.concatenate([CLOUDS.points, [[500.0, 500.0]]]),
        3,
        FitsOrRefused(Fits(between(floored(groups(200, 100, 1)), floored(groups(200, 101)))), ALONE),
    ),
    Case(
        "an outlier at thirty deviations",
        "one row of 301 is wrong",
        lambda: with_outliers((30.0, 0.0)),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "one absurd number",
        "1e30 among numbers around zero",
        lambda: with_outliers((1e30, 0.0)),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "one absurd number, two components",
        "1e30 among numbers around zero: the others are all alike beside it",
        lambda: with_outliers((1e30, 0.0)),
        2,
        FitsOrRefused(Fits(between(floored(groups(300, 1)), one_gaussian)), ALONE),
    ),
    Case(
        "-9999 for missing",
        "twenty rows of 300 have a code in one column, where the others lie below the floor",
        lambda: coded(-9999.0),
        2,
        Fits(floored(MISSING.astype(np.int64)), MISSING.astype(np.int64)),
    ),
    Case(
        "-99 for missing",
        "twenty rows of 300 have a code in one column",
        lambda: coded(-99.0),
        2,
        Fits(floored(MISSING.astype(np.int64)), MISSING.astype(np.int64)),
    ),
    heavy("Cauchy", "there is no variance", CAUCHY, stats.cauchy(), 3),
    heavy(
        "Student with two degrees of freedom", "the variance is infinite, in three dimensions", STUDENT, stats.t(2), 3
    ),
    heavy("log-normal", "skewed, with a long tail", LOG_NORMAL, stats.lognorm(1.5), 3),
    heavy("Pareto", "a hard edge and a tail without variance", PARETO, stats.pareto(1.5), 4),
    heavy("exponential", "a corner where the density is highest", EXPONENTIAL, stats.expon(), 3),
    heavy("uniform", "four hard edges and no groups", UNIFORM, stats.uniform(), 4),
]
