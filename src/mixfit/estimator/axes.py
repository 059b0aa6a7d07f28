"""Axes as users of tables know them: by the name of a column, or by its number.

Names are those of the points that were fitted. A mistyped one is told the nearest that there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from operator import index
from typing import Any

from mixfit.errors import InputError
from mixfit.estimator.numbers import real_number
from mixfit.mixtures.operations.axes import positions


def axes_of(axes: Any, dim: int, names: Sequence[str]) -> list[int]:
    """One axis or several, by number or by name, as numbers from 0 to D - 1 in the order given.

    Raises:
        ValueError: no axes, an unknown one, or one that is given twice.
        TypeError: one is neither a whole number nor a name.
    """
    several = axes if isinstance(axes, Iterable) and not isinstance(axes, str) else [axes]
    return positions([_number_of(axis, dim, names) for axis in several], dim)


def values_of(values: Any, dim: int, names: Sequence[str]) -> dict[int, float]:
    """What is known of some axes: the value of each, by its number.

    Raises:
        ValueError: as for `axes_of`, or a value is no real number.
        TypeError: as for `axes_of`, or there is no mapping.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"what is known is a mapping, as {{0: 1.5}} or {{'width': 1.5}}; found {type(values).__name__}")
    known = [real_number(f"the value of axis {axis!r}", value) for axis, value in values.items()]
    return dict(zip(axes_of(values, dim, names), known, strict=True))


def _number_of(axis: Any, dim: int, names: Sequence[str]) -> int:
    if not isinstance(axis, str):
        try:
            return index(axis)
        except TypeError as error:
            raise TypeError(f"axis {axis!r} is neither a whole number nor the name of a column") from error
    if axis in names:
        return names.index(axis)
    close = get_close_matches(axis, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"give a number from 0 to {dim - 1}"
    raise InputError(f"there is no axis {axis!r}; {hint}")
