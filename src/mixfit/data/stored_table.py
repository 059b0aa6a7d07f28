"""The points of a file, or of a folder of files, that stay on disk: read again for every pass, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mixfit.data.choice import positions
from mixfit.data.column_file import Piece
from mixfit.data.finite import FiniteCheck
from mixfit.data.labels import LabelCodes
from mixfit.data.readers import open_columns
from mixfit.data.tables import check_rows, columns_of, named, points_of
from mixfit.data.unchanged import Unchanged
from mixfit.errors import InputError

STRETCH, MOST_ROWS = 2**18, 2**17
"""Numbers, and rows, that are read at a time: what waits to be used takes little memory and stays in a core's cache."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """Rows that follow each other: the number of the first one, points (n, D) in float64, and labels (n,) if any."""

    first_row: int
    points: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64] | None


class StoredTable:
    """What `read_table` would read, without keeping it.

    Args:
        path: of a file that can be read from any place, Parquet or NPY, or of a folder of Parquet files.
        columns: which are the points.
        label: the column of the true groups.

    Raises:
        InputError: the file or the choice is bad, or the file can only be read from its beginning.
    """

    def __init__(self, path: Path, columns: Sequence[str | int] | None, label: str | int | None) -> None:
        self.path = path
        with named(path):
            self._file = open_columns(path, None)
            if self._file.pieces is None:
                raise InputError(
                    "can only be read from its beginning to its end, and data.stream=true needs a file that can be "
                    "read from any place: convert it to Parquet or NPY, or set data.stream=false to fit it in memory"
                )
            self.pieces: Sequence[Piece] = self._file.pieces
            self._unchanged = Unchanged(piece.path for piece in self.pieces)
            self._chosen, self._label = positions(self._file, columns, label)
            self._starts = [0, *accumulate(piece.n_rows for piece in self.pieces)]
            check_rows(self._file, len(self))
        self.columns = tuple(self._file.names[j] for j in self._chosen)
        self.left_out = tuple(
            self._file.names[j] for j in self._file.index if columns is None and j not in (self._label, *self._chosen)
        )
        self._codes = LabelCodes()

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def n_labels(self) -> int:
        """How many different labels were seen so far."""
        return len(self._codes.names)

    def read(self, numbers: Iterable[int]) -> Iterator[Stretch]:
        """The rows of the pieces with these numbers, in this order, as far as all are finite and have a label.

        Raises `InputError` at the end if some are not, wherever the file is damaged, and when it is no longer the file
        that it was.
        """
        from pyarrow import default_memory_pool

        finite = FiniteCheck()
        with named(self.path):
            for number in numbers:
                with self._steady(self.pieces[number].path):
                    yield from self._stretches(number, finite)
            default_memory_pool().release_unused()  # each pass has a thread of its own, with a hoard of its own
            self._codes.check()
            finite.check()

    def _stretches(self, number: int, finite: FiniteCheck) -> Iterator[Stretch]:
        piece, first_row = self.pieces[number], self._starts[number]
        wanted = [*self._chosen, *([] if self._label is None else [self._label])]
        rows = min(MOST_ROWS, max(1, STRETCH // len(self._chosen)))
        for columns in columns_of(self._file, piece.cells, wanted, rows, first_row):
            labels = None if self._label is None else self._codes.of(columns[-1])
            coordinates = columns[: len(self._chosen)]
            points = points_of(coordinates)
            if finite.passes(points, coordinates) and self._codes.complete:
                yield Stretch(first_row, points, labels)
            first_row += len(points)
        if first_row != self._starts[number + 1]:
            n_rows = first_row - self._starts[number]
            raise InputError(f"the file {piece.path.name!r} says that it has {piece.n_rows} rows where {n_rows} are")

    @contextmanager
    def _steady(self, path: Path) -> Iterator[None]:
        """Around reading a file; if that fails because somebody writes it, the error says so."""
        self._unchanged.check(path)
        try:
            yield
        except InputError:
            self._unchanged.check(path)
            raise
        self._unchanged.check(path)
