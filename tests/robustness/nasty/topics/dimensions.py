"""Many dimensions: more than points, nearly as many, or most of them without anything in them."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from tests.robustness.nasty.case import Array, Case, Fits, FitsOrRefused
from tests.robustness.nasty.references import between, floored, one_gaussian, separated, some_mixture
from tests.robustness.nasty.samples import clouds

ALMOST_EMPTY = "a component has fewer points than dimensions"
WITHOUT_MATRIX = ("spherical", "diag")
MATRICES = ("tied", "full")

WIDE = clouds([60, 40], dim=250, seed=20)
FLAT = clouds([70, 50], dim=150, seed=26)
HUNDRED = clouds([400, 350, 250], dim=100, seed=21)
LOST = np.arange(500) % 2
TWENTY = clouds([60, 50], dim=20, seed=22)


def conditioned(number: float, dim: int = 8) -> Array:
    """A cloud whose covariance has eigenvalues from one to 1/number, along no axis in particular."""
    random = np.random.default_rng(23)
    axes, _ = np.linalg.qr(random.normal(size=(dim, dim)))
    return random.normal(size=(400, dim)) * np.geomspace(1, number**-0.5, dim) @ axes


def flat(noise: float) -> Array:
    """Three dimensions inside thirty."""
    random = np.random.default_rng(24)
    return random.normal(size=(300, 3)) @ random.normal(size=(3, 30)) + noise * random.normal(size=(300, 30))


def lost() -> Array:
    """Two clouds on one axis, beside 59 axes of noise."""
    random = np.random.default_rng(25)
    points = random.normal(size=(500, 60))
    points[LOST == 1, 0] += 14
    return points


CASES = [
    Case("100 points in 250 dimensions", "no covariance has an inverse", lambda: WIDE.points, 1, Fits(one_gaussian)),
    Case(
        "100 points in 250 dimensions, two components",
        "two clouds, each of fewer points than dimensions",
        lambda: WIDE.points,
        2,
        Fits(separated(WIDE.groups), WIDE.groups),
        WITHOUT_MATRIX,
    ),
    Case(
        "120 points in 150 dimensions, two matrices",
        "two clouds, each of fewer points than dimensions, and matrices of them",
        lambda: FLAT.points,
        2,
        FitsOrRefused(Fits(floored(FLAT.groups), FLAT.groups), ALMOST_EMPTY),
        MATRICES,
    ),
    Case(
        "a hundred dimensions",
        "densities of e to the 200, from sums of a hundred squares",
        lambda: HUNDRED.points,
        3,
        Fits(separated(HUNDRED.groups), HUNDRED.groups),
    ),
    Case(
        "150 points in a hundred dimensions",
        "every direction is filled, some of them hardly",
        lambda: HUNDRED.points[:150],
        1,
        Fits(one_gaussian),
    ),
    Case(
        "twenty dimensions, three times as many points",
        "every covariance is estimated badly, and none is singular",
        lambda: TWENTY.points,
        2,
        Fits(separated(TWENTY.groups), TWENTY.groups),
    ),
    Case("a condition number of 1e4", "eigenvalues above the floor", lambda: conditioned(1e4), 1, Fits(one_gaussian)),
    Case(
        "a condition number of 1e9",
        "eigenvalues on both sides of the floor",
        lambda: conditioned(1e9),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "a condition number of 1e16",
        "eigenvalues beyond the digits of a square",
        lambda: conditioned(1e16),
        1,
        Fits(one_gaussian),
    ),
    Case("three dimensions inside thirty", "27 directions are empty", lambda: flat(0.0), 1, Fits(one_gaussian)),
    Case(
        "three dimensions inside thirty, and noise",
        "27 directions hold a variance of 1e-8",
        lambda: flat(1e-4),
        1,
        Fits(one_gaussian),
    ),
    Case(
        "one axis of sixty",
        "59 axes are noise",
        lost,
        2,
        Fits(between(separated(LOST), one_gaussian)),
        ("diag", "tied", "full"),
    ),
    Case(
        "written digits", "64 pixels, some of which are always white", lambda: load_digits().data, 1, Fits(one_gaussian)
    ),
    Case(
        "written digits, ten components",
        "pixels that are white in one digit and grey in another",
        lambda: load_digits().data[:600],
        10,
        FitsOrRefused(Fits(some_mixture), ALMOST_EMPTY),
    ),
]
