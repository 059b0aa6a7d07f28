"""Which columns does a Parquet file hold?

Pages are read through a small buffer, and none of them ahead of time, so that memory grows neither with a row group
nor with the file; and only those of the wanted columns. A page's checksum is compared where the file has one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mixfit.data.column_file import Cells, ColumnFile, Piece, all_of, check_number
from mixfit.data.damage import damage_reported

BUFFER_BYTES = 2**18
PIECE = 2**16
"""Rows below which several row groups are read together."""

UNNAMED_INDEX = re.compile(r"__index_level_[0-9]+__")


def open_parquet(path: Path, name: str = "") -> ColumnFile:
    """The columns of a Parquet file, of whatever type they are; InputError if it cannot be read.

    Errors call it by its name where it is one of several files.
    """
    with damage_reported("a Parquet file", name), path.open("rb") as file:
        opened = _opened(file)
        schema, metadata = opened.schema_arrow, opened.metadata
        check_number(len(schema.names))
    pieces = [
        Piece(path, n_rows, partial(_cells, path, name, metadata, groups)) for groups, n_rows in _groups(metadata)
    ]
    return ColumnFile(schema.names, all_of(pieces), index=_index(schema), pieces=pieces)


def _groups(metadata: Any) -> Iterator[tuple[list[int], int]]:
    """Row groups that are read together, and how many rows they hold: one, or several small ones."""
    groups: list[int] = []
    n_rows = 0
    for group in range(metadata.num_row_groups):
        groups, n_rows = [*groups, group], n_rows + metadata.row_group(group).num_rows
        if n_rows >= PIECE or (n_rows and group == metadata.num_row_groups - 1):
            yield groups, n_rows
            groups, n_rows = [], 0


def _index(schema: Any) -> list[int]:
    """Where the columns stand that pandas made of its index, by what it noted in the file."""
    try:
        noted = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    except (ValueError, RecursionError):
        noted = {}
    found = noted.get("index_columns") if isinstance(noted, dict) else None
    named = [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
    return [j for j, name in enumerate(schema.names) if name in named or UNNAMED_INDEX.fullmatch(name)]


def _opened(file: Any, metadata: Any = None) -> Any:
    from pyarrow import parquet

    checked = {"page_checksum_verification": True}
    return parquet.ParquetFile(file, metadata=metadata, buffer_size=BUFFER_BYTES, pre_buffer=False, **checked)


def _cells(
    path: Path, name: str, metadata: Any, groups: Sequence[int], positions: Sequence[int], rows: int
) -> Iterator[Cells]:
    """Of several groups, one is read after the other, so that damage has a place."""
    with damage_reported("a Parquet file", name), path.open("rb") as file:
        opened = _opened(file, metadata)
        names = opened.schema_arrow.names
        wanted: Sequence[Any] = [names[j] for j in positions] if len(set(names)) == len(names) else positions
        columns = wanted if wanted is not positions else None
        waiting, n_waiting = list[Any](), 0
        for group in groups:
            with damage_reported("a Parquet file", f"{name and f'{name}, '}row group {group} (counted from 0)"):
                # one thread is as quick for plain numbers, and takes less memory
                for batch in opened.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False):
                    batch.validate(full=True)
                    n_missing = rows - n_waiting
                    waiting, n_waiting = [*waiting, batch[:n_missing]], n_waiting + len(batch)
                    if n_waiting >= rows:
                        yield _joined(waiting, wanted)
                        waiting, n_waiting = [batch[n_missing:]], n_waiting - rows
        if n_waiting:
            yield _joined(waiting, wanted)


def _joined(batches: Sequence[Any], wanted: Sequence[str | int]) -> Cells:
    import pyarrow as pa

    return [pa.chunked_array([batch.column(key) for batch in batches]) for key in wanted]
