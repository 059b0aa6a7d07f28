"""Is it made of numbers? What NumPy and scikit-learn would turn into numbers in silence, or give up on without a word
that helps, is refused here: text that looks like a number, dates, complex numbers, cells that are masked.

Data frames are looked at through narwhals, which knows pandas, polars and Arrow alike; anything else that speaks
Arrow's stream protocol (a record batch, a reader) is made a table first, so that the names of its columns are seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mixfit.errors import InputError

NUMERIC = "biuf"
"""NumPy's kinds of real numbers: booleans, integers, floats."""

LARGEST = int(np.finfo(np.float64).max)

UNKNOWN = "?"
"""What is no array: scikit-learn's own check says why not."""

NO_NUMBERS = (str, bytes, complex, date, time, timedelta, np.datetime64, np.timedelta64)
"""Cells that are no real numbers, although some of them could be converted into one."""


def of_numbers(x: Any) -> Any:
    """X itself, or an Arrow table of it, for scikit-learn to check further.

    Raises:
        ValueError: for text, dates or complex numbers, and for masked cells.
        TypeError: for a lazy frame.
    """
    if isinstance(x, (np.ndarray, list, tuple)):
        _check_array(x)
        return x
    return _checked_frame(x)


def real_numbers(name: str, given: Any) -> NDArray[np.float64]:
    """What was given for an argument, as an array of float64; raises `InputError`, which names it, for other things."""
    try:
        array = given.numpy(force=True) if isinstance(given, Tensor) else np.asarray(given)
        if array.dtype.kind == "O":
            _check_cells(array.flat, name)
        elif array.dtype.kind not in NUMERIC:
            raise InputError(f"{name} holds {array.dtype}, and needs real numbers")
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, InputError) else InputError(f"{name}: {error}") from error


def real_number(name: str, given: Any) -> float:
    """One number that was given for an argument; raises `InputError`, which names it, for anything else."""
    array = real_numbers(name, given)
    if array.ndim != 0:
        raise InputError(f"{name} has the shape {array.shape}, and needs one number")
    return float(array)


def _check_array(x: Any) -> None:
    if np.ma.is_masked(x):
        raise InputError("Input X has masked entries, and a point has a number on every axis; leave these rows out")
    kind = x.dtype.kind if isinstance(x, np.ndarray) else _kind_of_list(x)
    if kind in "USV":
        raise InputError("Input X holds text, and a point is made of numbers; convert it first")
    if kind in "mM":
        raise InputError("Input X holds dates or times, and a point is made of numbers; convert them first")
    if kind == "c":
        raise InputError("Complex data not supported: a density of real points needs real numbers")
    if kind == "O":
        _check_cells(np.asarray(x, dtype=object).flat, "Input X")


def _kind_of_list(x: Any) -> str:
    try:
        return np.asarray(x).dtype.kind
    except ValueError:  # rows of unequal length: the check that follows says so
        return UNKNOWN


def _checked_frame(x: Any) -> Any:
    import narwhals.stable.v2 as nw

    frame = nw.from_native(x, pass_through=True, allow_series=True)
    if isinstance(frame, nw.LazyFrame):
        raise TypeError("Input X is a lazy frame, whose rows are not there yet: call collect() on it first")
    if not isinstance(frame, (nw.DataFrame, nw.Series)) and hasattr(x, "__arrow_c_stream__"):
        frame = nw.from_arrow(x, backend="pyarrow")
    if not isinstance(frame, nw.DataFrame):
        return x
    for name, kind in frame.schema.items():
        if kind in (nw.Object, nw.Unknown):
            _check_cells(frame.get_column(name), f"column {name!r} of X")
        elif not (kind.is_numeric() or kind == nw.Boolean):
            raise InputError(
                f"column {name!r} of X holds {kind}, and a point is made of numbers; convert it or leave it out"
            )
    return frame.to_native()


def _check_cells(cells: Iterable[Any], where: str) -> None:
    """Refuses cells that are no real numbers; for what is no scalar at all NumPy has its own words."""
    for row, cell in enumerate(cells):
        if isinstance(cell, NO_NUMBERS):
            raise InputError(f"{where} holds {cell!r} (entry {row}), which is no real number; convert it first")
        if isinstance(cell, int) and abs(cell) > LARGEST:
            raise InputError(f"{where} holds a whole number beyond float64's 1.8e308 (entry {row}); leave it out")
