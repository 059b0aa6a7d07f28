"""How numbers are kept: bytes, flags, integers beyond float64, halves of numbers, objects, the wrong end first.

The reference takes the values as they are; a type must not change what a number means, in a fit or in an answer.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tests.robustness.nasty.case import Case, Fits, FitsOrRefused, Refused
from tests.robustness.nasty.references import of_tame, one_gaussian, separated
from tests.robustness.nasty.samples import CLOUDS, clouds

X, GROUPS = CLOUDS.points, CLOUDS.groups
BYTES = np.clip(5 * (X - X.min(0)), 0, 255).round()
LINE = clouds([150, 100], dim=1, seed=30)
KNOWN = Fits(separated(GROUPS), GROUPS)
NANOSECONDS = (100 * LINE.points).round().astype(np.int64)


def kept_as(name: str, why: str, dtype: DTypeLike, factor: float = 1.0, origin: float = 0.0) -> Case:
    """The clouds as numbers of this type."""

    def make() -> NDArray[Any]:
        moved = factor * X + origin
        return (moved.round() if np.dtype(dtype).kind in "iu" else moved).astype(dtype)

    return Case(name, why, make, 2, KNOWN)


def flags() -> NDArray[np.bool_]:
    """Four flags that are not independent."""
    random = np.random.default_rng(31)
    chance = random.uniform(size=(400, 1))
    return np.asarray(random.uniform(size=(400, 4)) < chance)


CASES = [
    Case("uint8", "squares and differences overflow", lambda: BYTES.astype(np.uint8), 2, KNOWN),
    Case("int8", "negative bytes, whose squares overflow", lambda: (BYTES - 128).astype(np.int8), 2, KNOWN),
    Case("uint16", "squares overflow", lambda: (BYTES * 256).astype(np.uint16), 2, KNOWN),
    Case("bool", "true and false, of which there is no difference", flags, 1, Fits(one_gaussian)),
    kept_as("int16", "sixteen bits", np.int16, 1000.0),
    kept_as("int32 near its end", "sums overflow", np.int32, 5e6, 2.0e9),
    kept_as("int64 near 2**53", "the last integers that float64 knows", np.int64, 1e3, 2.0**53 - 1e5),
    kept_as("int64 near 2**62", "integers of which float64 knows every 512th", np.int64, 1e8, 2.0**62),
    kept_as("uint64 beyond int64", "there is no signed integer of that size", np.uint64, 1e8, 2.0**63 + 2.0**62),
    Case(
        "nanoseconds since 1970",
        "their differences are smaller than float64's steps of 256 there",
        lambda: NANOSECONDS + 1_700_000_000_000_000_000,
        2,
        FitsOrRefused(
            Fits(of_tame(NANOSECONDS.astype(np.float64), separated(LINE.groups), 0.0), LINE.groups),
            "float64 cannot hold these integers, and to round them would merge points",
            Refused("float64|digit|precis|integer", "subtract|shift|unit|differ"),
        ),
    ),
    kept_as("float16", "eleven bits", np.float16),
    kept_as("float16 near its end", "squares are infinite", np.float16, 2000.0, 30_000.0),
    kept_as("float32", "24 bits", np.float32),
    kept_as("float32 shifted by 1e4", "squares keep nothing of the variance", np.float32, 1.0, 1e4),
    kept_as("float32 near its end", "squares are infinite", np.float32, 1e37),
    kept_as("float32 near zero", "squares are zero, in float32", np.float32, 1e-37),
    kept_as("long double", "more digits than float64 has", np.longdouble, 1.0, 5.0),
    kept_as("the other end first", "bytes in the order of another machine", ">f8", 1.0, 1e3),
    kept_as("big-endian integers", "bytes in the order of another machine", ">i4", 1e4),
    Case("columns first", "an array in the order of Fortran", lambda: np.asfortranarray(X), 2, KNOWN),
    Case(
        "every other row, backwards",
        "a view with negative strides",
        lambda: np.repeat(X, 2, axis=0)[::-2][::-1],
        2,
        KNOWN,
    ),
    Case("lists of integers", "no array at all", lambda: (100 * X).round().astype(int).tolist(), 2, KNOWN),
    Case("objects", "Python's own numbers in an array", lambda: X.astype(object), 2, KNOWN),
    Case(
        "decimals and fractions",
        "exact numbers in an array of objects",
        lambda: np.array([[Decimal(repr(x)), Fraction(y)] for x, y in X.tolist()], dtype=object),
        2,
        KNOWN,
    ),
]
