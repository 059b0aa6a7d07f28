"""What has no density: gaps, infinities, nothing at all, and what is no number. It is refused before any work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.robustness.nasty.case import Array, Case, Refused
from tests.robustness.nasty.samples import CLOUDS

X = CLOUDS.points


def with_cell(value: float) -> Array:
    """The clouds with one cell replaced."""
    points = X.copy()
    points[5, 1] = value
    return points


def refused(
    name: str, why: str, make: Callable[[], Any], problem: str, remedy: str, weights: Array | None = None
) -> Case:
    """Two components of what cannot be fitted."""
    return Case(name, why, make, 2, Refused(problem, remedy), ("full",), weights)


LEAVE = r"leave|fill|delete|drop|imput|remove|expected|convert"

CASES = [
    refused("one number is missing", "NaN in one cell", lambda: with_cell(np.nan), "NaN", LEAVE),
    refused("a column is missing", "NaN in all cells of a column", lambda: X * [1.0, np.nan], "NaN", LEAVE),
    refused("an infinite number", "one cell is infinite", lambda: with_cell(np.inf), "infinit", LEAVE),
    refused("a number minus infinity", "one cell is minus infinity", lambda: with_cell(-np.inf), "infinit", LEAVE),
    refused(
        "a number beyond float64",
        "Python's integers know no end",
        lambda: [[1, 2], [3, 10**400]],
        "large|infinit|beyond",
        LEAVE,
    ),
    refused("no rows", "a table of a header alone", lambda: X[:0], "0 sample|no rows", "give|minimum|required|name"),
    refused("no columns", "rows without any number", lambda: X[:, :0], "0 feature|empty", "give|minimum|required|name"),
    refused(
        "words",
        "text where numbers belong",
        lambda: np.array([["a", "b"], ["c", "d"]]),
        "text|where a number belongs",
        "convert|leave",
    ),
    refused(
        "numbers as words",
        "text that looks like numbers",
        lambda: np.array([["1", "x"], ["3", "4"]]),
        "text|'x'",
        "convert|leave",
    ),
    refused(
        "complex numbers",
        "points in the plane as complex numbers",
        lambda: X + 1j,
        "[Cc]omplex",
        "real numbers|convert|needs",
    ),
    refused("three axes", "a stack of tables", lambda: X.reshape(10, 30, 2), "dim 3|shape", "reshape|expected"),
]
