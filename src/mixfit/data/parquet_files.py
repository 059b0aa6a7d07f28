"""Which columns does a Parquet file hold?

Pages are read through a small buffer, and none of them ahead of time, so that memory grows neither with a row group
nor with the file; and only those of the wanted columns. A page's checksum is compared where the file has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mixfit.data.column_file import Cells, ColumnFile
from mixfit.data.damage import damage_reported

BUFFER_BYTES = 2**20


def open_parquet(path: Path) -> ColumnFile:
    """The columns of a Parquet file, of whatever type they are; InputError if it cannot be read."""

    def cells(positions: Sequence[int], rows: int) -> Iterator[Cells]:
        return _cells(path, positions, rows)

    with damage_reported("a Parquet file"), path.open("rb") as file:
        return ColumnFile(_opened(file).schema_arrow.names, cells)


def _opened(file: Any) -> Any:
    from pyarrow import parquet

    return parquet.ParquetFile(file, buffer_size=BUFFER_BYTES, pre_buffer=False, page_checksum_verification=True)


def _cells(path: Path, positions: Sequence[int], rows: int) -> Iterator[Cells]:
    import pyarrow as pa

    with damage_reported("a Parquet file"), path.open("rb") as file:
        opened = _opened(file)
        names = opened.schema_arrow.names
        wanted = [names[j] for j in positions]
        unique = len(set(names)) == len(names)
        for batch in opened.iter_batches(rows, columns=wanted if unique else None):
            batch.validate(full=True)
            yield [pa.chunked_array([batch.column(key)]) for key in (wanted if unique else positions)]
