"""Components of very different sizes: two points beside five hundred, weights of 1e-5, one inside another, too many.

How often a point counts is a dimension of its own: only ratios of weights matter, whatever their size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from tests.robustness.nasty.case import Array, Case, Fits, FitsOrRefused
from tests.robustness.nasty.references import (
    at_best,
    between,
    floored,
    one_gaussian,
    overlapping,
    separated,
    some_mixture,
    truth,
)
from tests.robustness.nasty.samples import CLOUDS, Sample, clouds

TOO_MANY = "ten points for each component: one that holds fewer than its family needs measures the floor"
WITHOUT_MATRIX = ("spherical", "diag", "tied")

MANY = clouds([10] * 50, seed=11)
TWO_BESIDE = clouds([500, 2], seed=12)
TEN_BESIDE = clouds([20_000, 10], seed=13)
DISTANT = clouds([200, 100], apart=3000.0, seed=19)
RARE = np.where(DISTANT.groups, 2e-5, 1.0)
WIDTH = 0.05
"""Of the ring, a standard deviation."""
CLOUD = np.random.default_rng(14).normal(size=(500, 2))


def nested(deviation: float, dim: int = 2) -> Array:
    """Two clouds around one centre, the outer one so many times as wide."""
    random = np.random.default_rng(16)
    return np.concatenate([random.normal(size=(400, dim)), deviation * random.normal(size=(400, dim))])


def nested_log_density(points: Array, deviation: float) -> Array:
    """Of those clouds."""
    inner, outer = (stats.norm(0, scale).logpdf(points).sum(1) for scale in (1.0, deviation))
    return np.asarray(np.logaddexp(inner, outer) - np.log(2))


def crossed() -> Array:
    """Two needles that cross in one centre."""
    random = np.random.default_rng(17)
    needles = random.normal(size=(2, 300, 2)) * [5.0, 0.2]
    return np.concatenate([needles[0], needles[1][:, ::-1]])


def ring() -> Array:
    """Points around a circle."""
    random = np.random.default_rng(18)
    angles = random.uniform(0, 2 * np.pi, 600)
    return np.column_stack([np.cos(angles), np.sin(angles)]) + WIDTH * random.normal(size=(600, 2))


def ring_log_density(points: Array) -> Array:
    """Of the circle: a normal density, averaged over the angle, is a Bessel function of the radius."""
    radius, variance = np.hypot(*points.T), WIDTH**2
    around = np.log(special.ive(0, radius / variance))
    return np.asarray(around - (radius - 1) ** 2 / (2 * variance) - np.log(2 * np.pi * variance))


def concentric(name: str, why: str, deviation: float, dim: int = 2) -> Case:
    """Two clouds around one centre."""
    expected = Fits(truth(lambda points: nested_log_density(points, deviation), worse=0.001, better=0.03))
    return Case(name, why, lambda: nested(deviation, dim), 2, expected, ("spherical", "diag", "full"))


def weighted(name: str, why: str, weights: NDArray[Any], sample: Sample = CLOUDS) -> Case:
    """The two clouds, whose points count more than once or less."""
    expected = Fits(separated(sample.groups), sample.groups)
    return Case(name, why, lambda: sample.points, 2, expected, weights=weights.astype(np.float64))


CASES = [
    Case(
        "a component of two points",
        "two of 502 points lie apart",
        lambda: TWO_BESIDE.points,
        2,
        Fits(separated(TWO_BESIDE.groups), TWO_BESIDE.groups),
        WITHOUT_MATRIX,
    ),
    Case(
        "a full component of two points",
        "two of 502 points lie apart, and two points in the plane have no area",
        lambda: TWO_BESIDE.points,
        2,
        FitsOrRefused(
            Fits(between(floored(TWO_BESIDE.groups), one_gaussian)), "two points in the plane have no covariance"
        ),
        ("full",),
    ),
    Case(
        "a component of ten in twenty thousand",
        "a weight of 5e-4, thinner than one point in most samples of a start",
        lambda: TEN_BESIDE.points,
        2,
        Fits(separated(TEN_BESIDE.groups), TEN_BESIDE.groups),
    ),
    weighted("a component of weight 1e-5", "one in a hundred thousand, thousands of deviations away", RARE, DISTANT),
    weighted(
        "weights of 1e-5", "every other point counts for a hundred-thousandth", 10.0 ** (-5 * (np.arange(300) % 2))
    ),
    weighted("weights of 1e-200", "every weight is tiny, and all of them alike", np.full(300, 1e-200)),
    weighted("weights of 1e200", "every weight is huge, and their sum squared infinite", np.full(300, 1e200)),
    weighted("weights of zero", "every third point does not count", (np.arange(300) % 3 > 0).astype(np.float64)),
    weighted("weights from 1e-8 to one", "points count very differently", 10.0 ** -(np.arange(300) % 9)),
    concentric("nested, variances a million apart", "one component inside of the other", 1e3),
    concentric("nested, variances a hundred apart", "one component inside of the other, and they overlap", 10.0),
    concentric("nested in five dimensions", "the outer component is empty where the inner one is", 1e3, dim=5),
    Case(
        "needles that cross",
        "two components with one centre",
        crossed,
        2,
        Fits(overlapping()),
        ("diag", "full"),
    ),
    Case(
        "a ring",
        "eight components around a place where no point is",
        ring,
        8,
        Fits(truth(ring_log_density, worse=0.9, better=0.1)),
    ),
    Case(
        "thirty components, three hundred points",
        "no groups at all, and ten points for each component",
        lambda: CLOUD[:300],
        30,
        FitsOrRefused(Fits(some_mixture), TOO_MANY),
    ),
    Case(
        "fifty components of ten points",
        "fifty groups that are really there",
        lambda: MANY.points,
        50,
        FitsOrRefused(Fits(at_best(separated(MANY.groups), worse=0.5)), TOO_MANY),
    ),
    Case(
        "five components for one cloud",
        "four too many",
        lambda: CLOUD,
        5,
        Fits(some_mixture),
    ),
    Case(
        "ten points, three components",
        "three or four points for each",
        lambda: CLOUD[:10],
        3,
        FitsOrRefused(Fits(some_mixture), TOO_MANY),
    ),
]
