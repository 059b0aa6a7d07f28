"""A file of which the columns are known and the cells are still to come.

A reader of a format answers with one of these. It has looked at the beginning of the file only; the cells follow a
limited number of rows at a time, so that a file larger than memory passes through, and of Parquet only the columns
that were asked for leave the disk.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mixfit.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

Cells = Sequence["pa.ChunkedArray"]
"""The same rows of some columns, one array for each."""

Reading = Callable[[Sequence[int], int], Iterator[Cells]]
"""Given the positions of the wanted columns and a number of rows, the cells of these columns from the first row to the
last, at most that many rows at a time; InputError where the file is damaged."""


@dataclass(frozen=True)
class Piece:
    """Rows that can be read without those before them, as a row group of a Parquet file.

    Attributes:
        path: of the file that they are in.
        n_rows: at least one.
        cells: reads them.
    """

    path: Path
    n_rows: int
    cells: Reading


@dataclass(frozen=True)
class ColumnFile:
    """What a reader has found out, and how to read on.

    Attributes:
        names: of all columns, in the order of the file.
        cells: reads all rows.
        line: the line in which a row, counted from 1, ends; None where the format has no lines.
        index: the positions of columns that name or count the rows, as pandas and R write them.
        pieces: what all rows consist of, in their order; None where rows can only be read after those before them.
        within: in words, where a row, counted from 1, is found; None where there is one file.
    """

    names: Sequence[str]
    cells: Reading
    line: Callable[[int], int | None] | None = None
    index: Sequence[int] = ()
    pieces: Sequence[Piece] | None = None
    within: Callable[[int], str] | None = None


def all_of(pieces: Sequence[Piece]) -> Reading:
    """Reads piece after piece."""

    def cells(positions: Sequence[int], rows: int) -> Iterator[Cells]:
        for piece in pieces:
            yield from piece.cells(positions, rows)

    return cells


MOST_COLUMNS = 2**20
"""Nobody fits as many: a file that has more has its rows and columns in each other's place, or means no good."""


def check_number(n_columns: int) -> None:
    """Raises `InputError` for more columns than any points have."""
    if n_columns > MOST_COLUMNS:
        raise InputError(
            f"has {n_columns:,} columns, and at most {MOST_COLUMNS:,} are read: a point is a row, so the table may "
            "have to be transposed; or name another file in data.path"
        )
