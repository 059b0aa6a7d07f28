"""Which columns does an NPY or NPZ file hold?

An array is read as it lies in the file: a matrix in row order some rows at a time, one in column order some cells of
each column at a time. Memory stays bounded in an archive too, which is unpacked as it is read; only a matrix in
column order is unpacked there once for each column.

Pickled objects are never loaded: unpickling runs whatever code the file carries.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mixfit.data.column_file import Cells, ColumnFile, Piece, Reading, check_number
from mixfit.data.damage import damage_reported
from mixfit.data.stored_array import StoredArray, in_archive, in_file
from mixfit.errors import InputError

POINTS_NAMES = ("points", "data", "X")
ARRAY_BYTES, ARCHIVE_BYTES = b"\x93NUMPY", b"PK"
PIECE = 2**20
"""Numbers that are read together where rows come in a random order."""

PLAIN_KINDS = "biufU"  # booleans, integers, floats, text


def open_arrays(path: Path) -> ColumnFile:
    """The columns of an NPY array (N, D) or (N,), or of an NPZ archive; InputError if it holds something else.

    An archive of 1-D arrays of one length has one column for each, by the array's name. Of any other archive the
    only array is taken, or the first that is there of `points`, `data` and `X`.
    """
    arrays = _arrays(path)
    shapes = [array.shape for array in arrays.values()]
    if path.suffix.lower() == ".npz" and len(set(shapes)) == 1 and len(shapes[0]) == 1:
        return _columns_of_vectors(arrays)
    name = _points_name(arrays)
    if len(arrays[name].shape) not in (1, 2):
        raise InputError(
            f"array {name!r} has shape {arrays[name].shape}, and points are a matrix of N rows by D columns (or a "
            "vector, for D=1): reshape it, or name another file in data.path"
        )
    check_number(arrays[name].n_columns)
    return _columns_of_matrix(path, arrays[name])


def _arrays(path: Path) -> Mapping[str, StoredArray]:
    with damage_reported("a NumPy file, from which pickled Python objects are never loaded"), path.open("rb") as file:
        begin = file.read(len(ARRAY_BYTES))
        if begin == ARRAY_BYTES:
            return {path.stem: in_file(path)}
        if begin.startswith(ARCHIVE_BYTES):
            return in_archive(path)
    raise InputError("does not begin as NPY and NPZ files do: correct the suffix, or name another in data.path")


def _points_name(arrays: Mapping[str, StoredArray]) -> str:
    if len(arrays) == 1:
        return next(iter(arrays))
    for name in POINTS_NAMES:
        if name in arrays:
            return name
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    raise InputError(
        f"it is not clear which array holds the points: there are {shapes or 'none'}. Name one of them "
        f"{', '.join(POINTS_NAMES)}, or keep 1-D arrays of one length in a file of their own and name it in data.path"
    )


def _columns_of_vectors(arrays: Mapping[str, StoredArray]) -> ColumnFile:
    names = list(arrays)

    def cells(positions: Sequence[int], rows: int) -> Iterator[Cells]:
        with ExitStack() as opened:
            columns = [_values(names[j], arrays[names[j]], [0], rows, opened) for j in positions]
            for parts in zip(*columns, strict=True):
                yield [_cells(values) for (values,) in parts]

    return ColumnFile(names, cells)


def _columns_of_matrix(path: Path, array: StoredArray) -> ColumnFile:
    names = [str(j) for j in range(array.n_columns)]

    def reading(span: range) -> Reading:
        def cells(positions: Sequence[int], rows: int) -> Iterator[Cells]:
            with ExitStack() as opened:
                for values in _values(names[positions[0]], array, positions, rows, opened, span):
                    yield [_cells(column) for column in values]

        return cells

    # Going to a row of an archive means to unpack all before it; rows without a byte can be more than any list holds.
    if array.packed or not array.row_bytes:
        return ColumnFile(names, reading(range(array.shape[0])))
    rows = max(1, PIECE // max(1, array.n_columns))
    spans = [range(first, min(first + rows, array.shape[0])) for first in range(0, array.shape[0], rows)]
    pieces = [Piece(path, len(span), reading(span)) for span in spans]
    return ColumnFile(names, reading(range(array.shape[0])), pieces=pieces)


def _values(
    name: str, array: StoredArray, positions: Sequence[int], rows: int, opened: ExitStack, span: range | None = None
) -> Iterator[Sequence[npt.NDArray[Any]]]:
    if array.dtype.kind not in PLAIN_KINDS:
        raise InputError(
            f"the array of column {name!r} has dtype {array.dtype}, and points are real numbers: "
            "store it as a plain array of numbers, or name another file in data.path"
        )
    where = f"in rows {span.start + 1:,} to {span.stop:,}" if span else ""
    with damage_reported("an array of numbers or text", where):
        yield from array.columns(positions, rows, opened, span)


def _cells(values: npt.NDArray[Any]) -> Any:
    import pyarrow as pa

    with damage_reported("an array of numbers or text"):
        return pa.chunked_array([pa.array(_native(values))])


def _native(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Floats of any width as float64 (a longdouble beyond it becomes infinite), the rest in native byte order."""
    with np.errstate(all="ignore"):
        kind = np.dtype(np.float64) if values.dtype.kind == "f" else values.dtype.newbyteorder("=")
        return np.ascontiguousarray(values, dtype=kind)
