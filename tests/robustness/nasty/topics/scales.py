"""Units and origins: a fit in other units is the same fit, and its NLL moves by the logarithm of the units."""

from __future__ import annotations

import numpy as np

from tests.robustness.nasty.case import Array, Case, Fits
from tests.robustness.nasty.references import of_tame, overlapping, separated
from tests.robustness.nasty.samples import CLOUDS, clouds

LINE = clouds([100, 80, 60], dim=1, seed=1)
SPACE = clouds([150, 100, 80], dim=4, seed=2)
NEIGHBOURS = clouds([300, 200], apart=2.5, seed=3)
"""Two clouds that overlap."""

CARTESIAN = ("spherical", "diag", "tied", "full")
BY_AXIS = ("diag", "tied", "full")
"""Families that stay themselves when each axis gets a unit of its own."""


def scaled(name: str, why: str, unit: float, origin: float = 0.0) -> Case:
    """The two clouds as a·x + b."""
    expected = Fits(of_tame(CLOUDS.points, separated(CLOUDS.groups), 2 * np.log(abs(unit))), CLOUDS.groups)
    return Case(name, why, lambda: unit * CLOUDS.points + origin, 2, expected, CARTESIAN)


def by_axis(name: str, why: str, units: list[float], origin: float = 0.0) -> Case:
    """Three clouds in four dimensions, each axis in a unit of its own."""
    expected = Fits(of_tame(SPACE.points, separated(SPACE.groups), float(np.log(units).sum())), SPACE.groups)
    return Case(name, why, lambda: SPACE.points * units + origin, 3, expected, BY_AXIS)


def on_a_line(name: str, why: str, unit: float, origin: float) -> Case:
    """Three clouds in one dimension."""
    expected = Fits(of_tame(LINE.points, separated(LINE.groups), float(np.log(unit))), LINE.groups)
    return Case(name, why, lambda: unit * LINE.points + origin, 3, expected)


def neighbours(name: str, why: str, unit: float, origin: float = 0.0) -> Case:
    """Two clouds that overlap."""
    expected = Fits(of_tame(NEIGHBOURS.points, overlapping(), 2 * np.log(unit)))
    return Case(name, why, lambda: unit * NEIGHBOURS.points + origin, 2, expected)


def coordinates() -> Array:
    """Degrees of latitude and longitude of places some metres apart."""
    return CLOUDS.points * 1e-5 + [52.5200066, 13.4049540]


CASES = [
    scaled("units of 1e-12", "an absolute floor of 1e-6 is larger than every variance", 1e-12),
    scaled("units of 1e-3", "metres written in kilometres: an absolute floor of 1e-6 doubles the variance", 1e-3),
    scaled("units of 1e12", "squares have 24 digits more than the points", 1e12),
    scaled("units of -1e9", "a negative unit mirrors the points", -1e9),
    scaled("a million deviations away", "the mean's square hides the variance beyond the eleventh digit", 1.0, 1e6),
    scaled("a thousand million deviations away", "only seven digits of each number say anything", 1.0, -1e9),
    scaled("tiny and far away", "a variance of 1e-24 around 1e-6", 1e-12, 1e-6),
    scaled("huge and far away", "a variance of 1e24 around 1e18", 1e12, 1e18),
    scaled("around absolute zero", "a spread of millikelvins at 300 kelvins", 1e-3, 300.0),
    on_a_line("timestamps of one minute", "seconds since 1970 that differ by some seconds", 1.0, 1.7e9),
    on_a_line("nanometres in metres", "one dimension, a variance of 1e-18", 1e-9, 0.0),
    on_a_line("years in seconds", "one dimension, groups twelve years apart", 3.15e7, 1.7e9),
    by_axis("axes twelve orders apart", "one covariance has entries from 1e-12 to 1e12", [1e-6, 1e6, 1.0, 1.0]),
    by_axis("axes 24 orders apart", "one covariance has entries from 1e-24 to 1e24", [1e-12, 1e12, 1.0, 1.0]),
    by_axis("metres beside parsecs", "each axis has another unit, all far from one", [3e16, 1e-3, 4e-9, 2e5]),
    by_axis(
        "milligrams in tons around one",
        "small spreads on different scales, all of them at 1",
        [1e-9, 1e-6, 1e-7, 1e-8],
        1.0,
    ),
    neighbours("overlapping in units of 1e-9", "responsibilities matter, and an absolute floor is all there is", 1e-9),
    neighbours("overlapping, a million deviations away", "responsibilities hang on the last digits", 1.0, 1e6),
    neighbours("overlapping in units of 1e9", "squares near 1e18", 1e9),
    Case(
        "places of a town",
        "latitude and longitude with metres in the fifth decimal",
        coordinates,
        2,
        Fits(of_tame(CLOUDS.points, separated(CLOUDS.groups), 2 * np.log(1e-5)), CLOUDS.groups),
    ),
]
