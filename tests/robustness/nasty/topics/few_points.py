"""Hardly any points: fewer than dimensions, as many as components, one, none to spare.

N points fill at most N - 1 directions. A single Gaussian of them has a closed form under the floor; components that
hold fewer points than they have dimensions measure the floor, and may be refused.
"""

from __future__ import annotations

import numpy as np

from tests.robustness.nasty.case import Array, Case, Fits, FitsOrRefused, Refused
from tests.robustness.nasty.references import floored, one_gaussian, separated, some_mixture
from tests.robustness.nasty.samples import clouds

TOO_FEW = "components of a point or two have no variance of their own"

PAIR = clouds([10, 10], dim=10, seed=7)


def normal(n_points: int, dim: int) -> Array:
    """Points around the origin."""
    return np.random.default_rng(8).normal(size=(n_points, dim))


def few(name: str, why: str, n_points: int, dim: int, n_components: int) -> Case:
    """More components than so few points can hold."""
    expected = FitsOrRefused(Fits(some_mixture), TOO_FEW)
    return Case(name, why, lambda: normal(n_points, dim), n_components, expected)


def alone(name: str, why: str, n_points: int, dim: int) -> Case:
    """A single Gaussian."""
    return Case(name, why, lambda: normal(n_points, dim), 1, Fits(one_gaussian))


CASES = [
    Case(
        "a single point",
        "nothing varies, and there is nothing to compare with",
        lambda: np.array([[3.0, -4.0]]),
        1,
        FitsOrRefused(Fits(one_gaussian), "one point has no variance"),
    ),
    Case(
        "a single point, two components",
        "more components than points",
        lambda: np.array([[3.0, -4.0]]),
        2,
        Refused(r"1 training point|n_samples|minimum of 2", "lower|give|required"),
    ),
    Case(
        "four points, five components",
        "more components than points",
        lambda: normal(4, 2),
        5,
        Refused(r"4 training points|n_samples", "lower|give|>="),
    ),
    alone("two points in the plane", "they lie on a line", 2, 2),
    alone("two points on a line", "the fewest that have a variance", 2, 1),
    alone("as many points as dimensions", "one direction is empty", 10, 10),
    alone("five points in twenty dimensions", "sixteen directions are empty", 5, 20),
    alone("one point more than dimensions", "every direction is filled, and barely", 11, 10),
    alone("thirty points in a hundred dimensions", "71 directions are empty", 30, 100),
    few("two points, two components", "every point is a component", 2, 2, 2),
    few("five points, five components", "every point is a component", 5, 2, 5),
    few("six points, five components", "one component may hold two points", 6, 2, 5),
    few("three points on a line, two components", "one component has one point", 3, 1, 2),
    few("ten points in twenty dimensions, two components", "no component fills more than a few directions", 10, 20, 2),
    Case(
        "two clouds of as many points as dimensions",
        "each component lacks a direction, and the shape of both does not",
        lambda: PAIR.points,
        2,
        Fits(separated(PAIR.groups), PAIR.groups),
        ("spherical", "diag", "tied"),
    ),
    Case(
        "two full clouds of as many points as dimensions",
        "each component lacks a direction",
        lambda: PAIR.points,
        2,
        FitsOrRefused(Fits(floored(PAIR.groups), PAIR.groups), TOO_FEW),
        ("full",),
    ),
]
