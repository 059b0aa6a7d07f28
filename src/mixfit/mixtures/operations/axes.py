"""Axes as a user names them: whole numbers, counted from the end where negative."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index


def positions(axes: Iterable[int], dim: int) -> list[int]:
    """The axes as numbers from 0 to D - 1, in the given order.

    Raises:
        ValueError: none are given, one is out of range, or one is given twice.
        TypeError: one is not a whole number.
    """
    found = [index(axis) for axis in axes]
    if not found:
        raise ValueError(f"no axes are given; name some of 0 to {dim - 1}")
    outside = [axis for axis in found if not -dim <= axis < dim]
    if outside:
        raise ValueError(f"axis {outside[0]} is out of range: this density has the axes 0 to {dim - 1}")
    counted = [axis % dim for axis in found]
    twice = [axis for axis in counted if counted.count(axis) > 1]
    if twice:
        raise ValueError(f"axis {twice[0]} is given twice in {found}; name each axis once")
    return counted
