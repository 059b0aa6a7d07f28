"""An array in NumPy's format whose header is known and whose elements still lie in the file.

The format (NumPy enhancement proposal 1) is a header with shape, order and dtype, and then the bare elements. So rows
can be read one after the other from anything that can be read at all, a file or a member of an archive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

MOST_BYTES = 2**25
"""Of rows that are read at a time, however wide they are."""

Opening = Callable[[ExitStack], IO[bytes]]
"""Opens what holds the array, until the stack is left."""


@dataclass(frozen=True)
class StoredArray:
    """Shape, order and dtype of an array, and where its elements begin.

    Attributes:
        shape: as NumPy gives it.
        in_column_order: whether elements of one column lie side by side, as in Fortran.
        dtype: of the elements; never objects, which would be pickled.
        start: bytes before the first element.
        open: of a new stream.
        packed: whether going back in a stream means to unpack it anew.
    """

    shape: tuple[int, ...]
    in_column_order: bool
    dtype: np.dtype[Any]
    start: int
    open: Opening
    packed: bool

    @property
    def n_columns(self) -> int:
        """D of a matrix (N, D), and 1 of a vector."""
        return self.shape[1] if len(self.shape) == 2 else 1

    @property
    def row_bytes(self) -> int:
        """Of the D elements of one row; 0 where they are empty texts or there is none."""
        return self.n_columns * self.dtype.itemsize

    def columns(
        self, positions: Sequence[int], rows: int, opened: ExitStack, span: range | None = None
    ) -> Iterator[Sequence[npt.NDArray[Any]]]:
        """The elements of some columns, at most `rows` of each at a time; ValueError where the file ends early.

        Only the rows of `span` are read where one is given.
        """
        read = self._side_by_side if self.in_column_order else self._row_by_row
        rows = max(1, min(rows, MOST_BYTES // max(1, self.row_bytes)))
        span = range(self.shape[0]) if span is None else span
        sizes = (min(rows, span.stop - first) for first in range(span.start, span.stop, rows))
        return read(positions, span.start, sizes, opened)

    def _row_by_row(
        self, positions: Sequence[int], first_row: int, sizes: Iterator[int], opened: ExitStack
    ) -> Iterator[Sequence[npt.NDArray[Any]]]:
        stream = self.open(opened)
        stream.seek(self.start + first_row * self.row_bytes)
        for n_rows in sizes:
            block = self._read(stream, n_rows * self.n_columns).reshape(n_rows, self.n_columns)
            yield [block[:, j] for j in positions]

    def _side_by_side(
        self, positions: Sequence[int], first_row: int, sizes: Iterator[int], opened: ExitStack
    ) -> Iterator[Sequence[npt.NDArray[Any]]]:
        one = self.open(opened)
        streams = [self.open(opened) if self.packed else one for _ in positions]
        for n_rows in sizes:
            block = []
            for j, stream in zip(positions, streams, strict=True):
                stream.seek(self.start + (j * self.shape[0] + first_row) * self.dtype.itemsize)
                block.append(self._read(stream, n_rows))
            yield block
            first_row += n_rows

    def _read(self, stream: IO[bytes], n_elements: int) -> npt.NDArray[Any]:
        return np.frombuffer(stream.read(n_elements * self.dtype.itemsize), self.dtype, n_elements)


def in_file(path: Path) -> StoredArray:
    """The array of an NPY file; ValueError, or what else NumPy raises, if there is none."""

    def opened(stack: ExitStack) -> IO[bytes]:
        return stack.enter_context(path.open("rb"))

    return _stored(opened, path.stat().st_size, packed=False)


def in_archive(path: Path) -> Mapping[str, StoredArray]:
    """The arrays of an NPZ archive by their names; ValueError, or what else NumPy and zipfile raise, if it is none."""
    archive = ZipFile(path)  # stays open for as long as one of its arrays is there to be read
    members = archive.infolist()
    foreign = [member.filename for member in members if not member.filename.endswith(".npy")]
    if foreign:
        raise ValueError(f"{foreign[0]!r} in the archive is no NPY file")

    def opening(name: str) -> Opening:
        def opened(stack: ExitStack) -> IO[bytes]:
            return stack.enter_context(archive.open(name))

        return opened

    return {
        member.filename.removesuffix(".npy"): _stored(opening(member.filename), member.file_size, packed=True)
        for member in members
    }


def _stored(opened: Opening, size: int, packed: bool) -> StoredArray:
    with ExitStack() as stack:
        stream = opened(stack)
        shape, in_column_order, dtype = _header(stream)
        start = stream.tell()
    if dtype.hasobject:
        raise ValueError(f"an array of dtype {dtype} holds pickled Python objects")
    if start + prod(shape) * dtype.itemsize > size:
        raise ValueError(f"an array of shape {shape} and dtype {dtype} does not fit into {size} bytes")
    return StoredArray(shape, in_column_order, dtype, start, opened, packed)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(stream)
    if version == (1, 0):
        return npy.read_array_header_1_0(stream)
    return npy.read_array_header_2_0(stream)
