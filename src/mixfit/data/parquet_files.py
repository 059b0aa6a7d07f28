"""Which columns does a Parquet file hold?

Pages are read through a small buffer, and none of them ahead of time, so that memory grows neither with a row group
nor with the file; and only those of the wanted columns. A page's checksum is compared where the file has one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mixfit.data.column_file import Cells, ColumnFile, check_number
from mixfit.data.damage import damage_reported

BUFFER_BYTES = 2**20
UNNAMED_INDEX = re.compile(r"__index_level_[0-9]+__")


def open_parquet(path: Path) -> ColumnFile:
    """The columns of a Parquet file, of whatever type they are; InputError if it cannot be read."""

    def cells(positions: Sequence[int], rows: int) -> Iterator[Cells]:
        return _cells(path, positions, rows)

    with damage_reported("a Parquet file"), path.open("rb") as file:
        schema = _opened(file).schema_arrow
        check_number(len(schema.names))
        return ColumnFile(schema.names, cells, index=_index(schema))


def _index(schema: Any) -> list[int]:
    """Where the columns stand that pandas made of its index, by what it noted in the file."""
    try:
        noted = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    except (ValueError, RecursionError):
        noted = {}
    found = noted.get("index_columns") if isinstance(noted, dict) else None
    named = [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
    return [j for j, name in enumerate(schema.names) if name in named or UNNAMED_INDEX.fullmatch(name)]


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
