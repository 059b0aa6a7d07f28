"""Columns that say nothing, or say again what others have said.

A constant column has no scale, and what is a copy of others leaves a direction in which nothing varies: there, a family
that can turn that way sinks to the floor, and no other does.
"""

from __future__ import annotations

import numpy as np

from tests.robustness.nasty.case import Array, Case, Fits
from tests.robustness.nasty.references import floored, one_gaussian, some_mixture
from tests.robustness.nasty.samples import CLOUDS, clouds

X, GROUPS = CLOUDS.points, CLOUDS.groups
N = len(X)
SPACE = clouds([90, 60], dim=3, seed=4)


def beside(*columns: Array) -> Array:
    """The clouds with more columns."""
    return np.column_stack([X, *columns])


def noise(size: float, seed: int = 0) -> Array:
    """A column of normal numbers."""
    return size * np.random.default_rng(seed).normal(size=N)


def a_gap() -> Array:
    """A column that is zero but for one entry."""
    column = np.zeros(N)
    column[7] = 1.0
    return column


def constant(name: str, why: str, value: float) -> Case:
    """The clouds beside a column that never changes."""
    return Case(name, why, lambda: beside(np.full(N, value)), 2, Fits(floored(GROUPS), GROUPS))


def copied(name: str, why: str, *columns: Array) -> Case:
    """The clouds beside columns that depend on them."""
    return Case(name, why, lambda: beside(*columns), 2, Fits(floored(GROUPS), GROUPS))


CASES = [
    constant("a column of zeros", "it has neither a variance nor a size", 0.0),
    constant("a column of fives", "its variance is zero", 5.0),
    constant("a column of a million", "rounding makes its mean differ from its entries", 1e6 + 0.1),
    constant("a column of 1e-8", "its size is below an absolute floor", 1e-8),
    constant("a column of -0.1", "the sum of equal entries is not their number times one of them", -0.1),
    Case(
        "all columns constant but one",
        "four of five axes need a floor",
        lambda: np.column_stack([X[:, 0], np.ones(N), np.zeros(N), np.full(N, -3.0), np.full(N, 0.7)]),
        2,
        Fits(floored(GROUPS), GROUPS),
    ),
    copied("a column twice", "every covariance is singular", X[:, 0]),
    copied("a column again in other units", "singular, and no entry looks alike", 1000 * X[:, 0] + 7),
    copied("a column mirrored", "singular, with a correlation of -1", -X[:, 1]),
    copied("a sum of two columns", "singular, and no two columns are alike", X.sum(1)),
    copied("a difference of two columns", "singular, and no two columns are alike", X[:, 0] - X[:, 1]),
    copied(
        "a column with an error of 1e-9", "singular but for rounding: eigenvalues near 1e-18", X[:, 0] + noise(1e-9)
    ),
    copied("a column with an error of 1e-5", "eigenvalues far below the floor, and not zero", X[:, 0] + noise(1e-5)),
    copied("a column with an error of 0.1", "nearly singular, with eigenvalues above the floor", X[:, 0] + noise(0.1)),
    copied("a rate computed from two columns", "near a curve, and singular nowhere", X[:, 0] / (X[:, 1] + 40)),
    Case(
        "one column twenty times",
        "nineteen of twenty directions are empty",
        lambda: np.repeat(SPACE.points[:, :1], 20, axis=1),
        2,
        Fits(floored(SPACE.groups), SPACE.groups),
    ),
    Case(
        "shares that sum to one",
        "compositions lie in a plane",
        lambda: np.random.default_rng(5).dirichlet([2.0, 3.0, 4.0], 300),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "a column with one entry",
        "a column of zeros but for one row",
        lambda: beside(a_gap()),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "a flag beside a measurement",
        "a column of zeros and ones: components that split by it have no variance there",
        lambda: np.column_stack([np.random.default_rng(6).normal(size=400), np.arange(400) % 2]),
        2,
        Fits(some_mixture),
    ),
]
