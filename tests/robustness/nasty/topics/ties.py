"""Points that stand on one another: integers, rounded numbers, answers on a scale, copies.

A component that holds one place only has no variance. Where places are few, the floor decides how good a fit can be:
the closed form is a component for each place.
"""

from __future__ import annotations

import numpy as np

from tests.robustness.nasty.case import Array, Case, Fits, FitsOrRefused
from tests.robustness.nasty.references import floored, one_gaussian, overlapping, separated, some_mixture
from tests.robustness.nasty.samples import CLOUDS, clouds

TOO_FEW_PLACES = "fewer places than components need: whatever is fitted measures the floor"

TEN = np.random.default_rng(0).uniform(-5, 5, (10, 2)).round(2)
LARGE = clouds([200, 150], seed=5)
FEW = clouds([12, 9], seed=6)
ROUNDED = np.random.default_rng(1).normal(size=(2000, 2)).round(1)


def again(points: Array, times: int) -> Array:
    """Every row so many times."""
    return np.repeat(points, times, axis=0)


def zeros_and_more() -> Array:
    """Rain by the day: seven days of ten without any, the others around five."""
    random = np.random.default_rng(2)
    return np.concatenate([np.zeros(350), random.normal(5, 0.5, 150)])[:, None]


def half_at_one_place() -> Array:
    """A cloud, and as many points at one place outside of it."""
    return np.concatenate([np.tile([9.0, -9.0], (200, 1)), np.random.default_rng(3).normal(size=(200, 2))])


def answers(size: tuple[int, int], low: int, high: int) -> Array:
    """Whole numbers, all as likely."""
    return np.random.default_rng(4).integers(low, high + 1, size).astype(np.float64)


def counts(mean: float, n_points: int, dim: int) -> Array:
    """Counts of rare events."""
    return np.random.default_rng(5).poisson(mean, (n_points, dim)).astype(np.float64)


CASES = [
    Case(
        "ten places, ten components",
        "each of ten places a hundred times: every component is one place",
        lambda: again(TEN, 100),
        10,
        Fits(floored(np.repeat(np.arange(10), 100)), np.repeat(np.arange(10), 100)),
    ),
    Case(
        "ten places, three components",
        "each of ten places a hundred times",
        lambda: again(TEN, 100),
        3,
        FitsOrRefused(Fits(some_mixture), TOO_FEW_PLACES),
    ),
    Case(
        "ten places, twelve components",
        "two components have no place of their own",
        lambda: again(TEN, 100),
        12,
        FitsOrRefused(Fits(some_mixture), TOO_FEW_PLACES),
    ),
    Case(
        "two places, two components",
        "each component is one place",
        lambda: again(TEN[:2], 50),
        2,
        Fits(floored(np.repeat([0, 1], 50)), np.repeat([0, 1], 50)),
    ),
    Case(
        "two places, one component",
        "across the line through both nothing varies",
        lambda: again(TEN[:2], 50),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "two places, three components",
        "one component has no place of its own",
        lambda: again(TEN[:2], 50),
        3,
        FitsOrRefused(Fits(some_mixture), TOO_FEW_PLACES),
    ),
    Case(
        "one place, one component",
        "all points are identical",
        lambda: again(TEN[:1], 80),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "one place, three components",
        "all points are identical, and components cannot differ",
        lambda: again(TEN[:1], 80),
        3,
        FitsOrRefused(Fits(some_mixture), TOO_FEW_PLACES),
    ),
    Case(
        "nothing but zeros", "there is no size to measure anything by", lambda: np.zeros((60, 3)), 1, Fits(one_gaussian)
    ),
    Case(
        "one place of many digits",
        "the mean of equal points is not equal to them",
        lambda: np.full((99, 2), 0.1),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "every row twice",
        "copies of points are no more places",
        lambda: again(CLOUDS.points, 2),
        2,
        Fits(separated(np.repeat(CLOUDS.groups, 2)), np.repeat(CLOUDS.groups, 2)),
    ),
    Case(
        "every row a hundred times",
        "21 places, in 2100 rows",
        lambda: again(FEW.points, 100),
        2,
        Fits(separated(np.repeat(FEW.groups, 100)), np.repeat(FEW.groups, 100)),
    ),
    Case(
        "rounded to integers",
        "units as coarse as a deviation",
        lambda: (4 * LARGE.points).round(),
        2,
        Fits(separated(LARGE.groups), LARGE.groups),
    ),
    Case(
        "rounded to a tenth",
        "2000 points on some hundred places",
        lambda: ROUNDED,
        1,
        Fits(one_gaussian),
    ),
    Case("counts around two", "eight different numbers", lambda: counts(2.0, 500, 1), 1, Fits(one_gaussian)),
    Case(
        "counts around two, three components",
        "eight different numbers, where every component may hold one",
        lambda: counts(2.0, 500, 1),
        3,
        FitsOrRefused(Fits(some_mixture), TOO_FEW_PLACES),
    ),
    Case(
        "counts around a hundred",
        "integers that hardly tie",
        lambda: np.concatenate([counts(100.0, 300, 1), counts(400.0, 200, 1)]),
        2,
        Fits(overlapping()),
    ),
    Case(
        "three dice",
        "216 places of equal share",
        lambda: answers((600, 3), 1, 6),
        2,
        FitsOrRefused(Fits(some_mixture), TOO_FEW_PLACES),
    ),
    Case(
        "a questionnaire of yes and no",
        "ten columns of zeros and ones",
        lambda: answers((300, 10), 0, 1),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "a questionnaire of yes and no, two components",
        "ten columns of zeros and ones: components that agree on one have no variance there",
        lambda: answers((300, 10), 0, 1),
        2,
        FitsOrRefused(Fits(some_mixture), TOO_FEW_PLACES),
    ),
    Case(
        "answers from one to five",
        "five columns of five numbers each",
        lambda: answers((500, 5), 1, 5),
        3,
        FitsOrRefused(Fits(some_mixture), TOO_FEW_PLACES),
    ),
    Case(
        "rain, on some days",
        "seven of ten numbers are exactly zero",
        zeros_and_more,
        2,
        Fits(floored(np.repeat([0, 1], [350, 150])), np.repeat([0, 1], [350, 150])),
    ),
    Case(
        "half of the points at one place",
        "a component without any variance beside one with",
        half_at_one_place,
        2,
        Fits(floored(np.repeat([0, 1], 200)), np.repeat([0, 1], 200)),
    ),
    Case(
        "one of three in each row",
        "an indicator of categories: three places, in a plane",
        lambda: np.eye(3)[np.arange(240) % 3],
        3,
        Fits(floored(np.arange(240) % 3), np.arange(240) % 3),
    ),
]
