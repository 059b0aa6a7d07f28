"""A file of which the columns are known and the cells are still to come.

A reader of a format answers with one of these. It has looked at the beginning of the file only; the cells follow a
limited number of rows at a time, so that a file larger than memory passes through, and of Parquet only the columns
that were asked for leave the disk.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

Cells = Sequence["pa.ChunkedArray"]
"""The same rows of some columns, one array for each."""


@dataclass(frozen=True)
class ColumnFile:
    """What a reader has found out, and how to read on.

    Attributes:
        names: of all columns, in the order of the file.
        cells: given the positions of the wanted columns and a number of rows, the cells of these columns from the
            first row to the last, at most that many rows at a time; InputError where the file is damaged.
        line: the line in which a row, counted from 1, ends; None where the format has no lines.
    """

    names: Sequence[str]
    cells: Callable[[Sequence[int], int], Iterator[Cells]]
    line: Callable[[int], int | None] | None = None
