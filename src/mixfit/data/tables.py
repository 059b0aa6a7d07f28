"""Which points does a file hold?

Whatever the format, the coordinates become float64 first and are checked after, so that the same numbers in CSV, TSV,
Parquet, NPY and NPZ give the same points to the last bit. A table is read chunk by chunk, and a whole table is all
chunks put together, so there is one way through a file, however large it is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mixfit.data.choice import positions, shown
from mixfit.data.column_file import ColumnFile, Reading
from mixfit.data.columns import Column, numbers
from mixfit.data.finite import FiniteCheck
from mixfit.data.labels import LabelCodes
from mixfit.data.memory import within_memory
from mixfit.data.readers import is_folder, open_columns
from mixfit.errors import InputError

CHUNK_CELLS = 2**20
"""Cells of a chunk: 8 MiB of float64, enough that a chunk costs nothing to begin and small beside any memory."""

ANYWHERE = (".parquet", ".npy")
"""Suffixes of files that can be read from any row on, and say how many rows they have."""

TILE = 2**12
"""Rows that are put together at a time."""


@dataclass(frozen=True, eq=False)
class Table:
    """Points (N, D) in float64, the D names of their columns and, where asked for, one label for each point.

    `labels` (N,) counts the values from 0 in the order of their first appearance; `label_names` (L,) are the values.
    `left_out` are the names of columns that nobody asked for because they are an index of the rows.
    """

    points: npt.NDArray[np.float64]
    columns: tuple[str, ...]
    labels: npt.NDArray[np.int64] | None
    label_names: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def read_table(
    path: str | Path,
    columns: Sequence[str | int] | None = None,
    label: str | int | None = None,
    header: bool | None = None,
) -> Table:
    """The points of a CSV, TSV, TXT, Parquet, NPY or NPZ file, which its suffix tells apart.

    A column is chosen by name or by number from 0 (also as text, when no column bears that name); None takes all but
    the label and an index of the rows, such as pandas and R write. `header` says whether a text file begins with a
    line of names, None looks (see `delimited_text`).
    Raises InputError if the file, the choice or a cell is bad.
    """
    with named(path):
        chunks = list(within_memory(_chunks(Path(path), columns, label, header)))
    labels = [chunk.labels for chunk in chunks if chunk.labels is not None]
    return Table(
        np.concatenate([chunk.points for chunk in chunks]),
        chunks[0].columns,
        np.concatenate(labels) if labels else None,
        chunks[-1].label_names,
        chunks[0].left_out,
    )


def read_chunks(
    path: str | Path,
    columns: Sequence[str | int] | None = None,
    label: str | int | None = None,
    header: bool | None = None,
    rows: int | None = None,
    with_labels: bool = True,
) -> Iterator[Table]:
    """The same points, at most `rows` at a time, from the first row to the last: a file larger than memory will do.

    Rows count over the whole file in every error, and so do labels; `label_names` are those that have appeared so
    far. None for `rows` takes about as many as fit 8 MiB. Without labels their column is left out all the same, and is
    not read. Nothing more is yielded once a cell was found bad, but the rest of the file is read, to count them.
    """
    with named(path):
        yield from _chunks(Path(path), columns, label, header, rows, with_labels)


def column_names(path: str | Path, header: bool | None = None) -> tuple[str, ...]:
    """The names of all columns of a file, in its order; InputError if it cannot be read."""
    with named(path):
        return tuple(open_columns(Path(path), header).names)


def size_of(path: str | Path, columns: Sequence[str | int] | None, label: str | int | None) -> int | None:
    """The bytes that the points of a file would take; None where only reading all of it would tell."""
    with named(path):
        if not (is_folder(Path(path)) or Path(path).suffix.lower() in ANYWHERE):
            return None
        file = open_columns(Path(path), None)
        if file.pieces is None:
            return None
        return 8 * len(positions(file, columns, label)[0]) * sum(piece.n_rows for piece in file.pieces)


@contextmanager
def named(path: str | Path) -> Iterator[None]:
    """Puts the name of the file before every error about it."""
    try:
        yield
    except InputError as problem:
        raise InputError(f"data.path={path}: {problem}") from problem


def _chunks(
    path: Path,
    columns: Sequence[str | int] | None,
    label: str | int | None,
    header: bool | None,
    rows: int | None = None,
    with_labels: bool = True,
) -> Iterator[Table]:
    file = open_columns(path, header)
    chosen, label_position = positions(file, columns, label)
    rows = rows or max(1, CHUNK_CELLS // len(chosen))
    left_out = tuple(file.names[j] for j in file.index if columns is None and j != label_position)
    yield from _checked(file, chosen, label_position if with_labels else None, rows, left_out)


def _checked(
    file: ColumnFile, chosen: Sequence[int], label_position: int | None, rows: int, left_out: tuple[str, ...]
) -> Iterator[Table]:
    finite, codes = FiniteCheck(), LabelCodes()
    names = tuple(file.names[j] for j in chosen)
    first_row = 0
    for columns in columns_of(file, file.cells, [*chosen, *([] if label_position is None else [label_position])], rows):
        labels = None if label_position is None else codes.of(columns[-1])
        coordinates = columns[: len(chosen)]
        points = points_of(coordinates)
        first_row += len(points)
        if finite.passes(points, coordinates) and codes.complete:
            yield Table(points, names, labels, codes.names, left_out)
    check_rows(file, first_row)
    codes.check()
    finite.check()


def columns_of(
    file: ColumnFile, cells_of: Reading, wanted: Sequence[int], rows: int, first_row: int = 0
) -> Iterator[list[Column]]:
    """The wanted columns of a file, or of a piece of it that begins with a later row, some rows at a time."""
    for cells in cells_of(wanted, rows):
        yield [
            Column(file.names[j], column, file.line, file.within, first_row)
            for j, column in zip(wanted, cells, strict=True)
        ]
        first_row += len(cells[0])


def points_of(columns: Sequence[Column]) -> npt.NDArray[np.float64]:
    """The numbers in some columns as points (n, D)."""
    values = [numbers(column) for column in columns]
    points = np.empty((len(values[0]), len(values)))
    for first in range(0, len(points), TILE):  # a cell's neighbours in its row are written while they are in the cache
        for j, column in enumerate(values):
            points[first : first + TILE, j] = column[first : first + TILE]
    return points


def check_rows(file: ColumnFile, n_rows: int) -> None:
    """Raises `InputError` for a file without rows."""
    if n_rows == 0:
        header = "; if its only line is a point, set data.header=false" if file.line else ""
        raise InputError(f"has columns ({shown(file.names)}) but no rows: name a file with points in data.path{header}")
