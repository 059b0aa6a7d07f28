"""Numbers near the ends of float64, whose squares, sums or differences are beyond it.

Their densities are in range: log p moves by some 700 nats per axis. Covariances are not always, and need not be.
"""

from __future__ import annotations

import numpy as np

from tests.robustness.nasty.case import Array, Case, Fits
from tests.robustness.nasty.references import of_tame, separated
from tests.robustness.nasty.samples import CLOUDS, clouds

LINE = clouds([120, 80], dim=1, seed=1)
BY_AXIS = ("diag", "tied", "full")


def scaled(name: str, why: str, unit: float) -> Case:
    """The two clouds in a unit near the end of the numbers."""
    expected = Fits(of_tame(CLOUDS.points, separated(CLOUDS.groups), 2 * np.log(unit)), CLOUDS.groups)
    return Case(name, why, lambda: unit * CLOUDS.points, 2, expected)


def widest() -> Array:
    """On a line, from the smallest float64 to the largest."""
    points = LINE.points - (LINE.points.max() + LINE.points.min()) / 2
    return points / points.max() * np.finfo(np.float64).max


CASES = [
    scaled("values near 1e300", "squares are infinite", 1e299),
    scaled("values near 1e-300", "squares are zero", 1e-300),
    scaled("values near 1e160", "squares are infinite, and only just", 1e160),
    scaled("values near 1e-160", "squares are denormal numbers", 1e-161),
    scaled("values near 1e-308", "the points themselves are denormal numbers", 1e-309),
    Case(
        "one axis near 1e300, one near 1e-300",
        "no common unit can hold both",
        lambda: CLOUDS.points * [1e299, 1e-300],
        2,
        Fits(of_tame(CLOUDS.points, separated(CLOUDS.groups), float(np.log(1e299) + np.log(1e-300))), CLOUDS.groups),
        BY_AXIS,
    ),
    Case(
        "from the smallest number to the largest",
        "the difference of two points is infinite",
        widest,
        2,
        Fits(separated(LINE.groups), LINE.groups),
    ),
    Case(
        "a single Gaussian near 1e300",
        "the sum of the points is infinite",
        lambda: 1e299 * CLOUDS.points + 5e300,
        1,
        Fits(of_tame(CLOUDS.points, separated(np.zeros(300, np.int64)), 2 * np.log(1e299))),
    ),
]
