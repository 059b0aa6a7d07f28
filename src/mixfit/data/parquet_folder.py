"""A folder of Parquet files as one table: the rows of its *.parquet files, one file after the other by name.

All files must have the columns of the first one, in its order and of its types: what a file without one of them means
for the rows that have it is a decision about the data that a reader must not take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mixfit.data.column_file import ColumnFile, Piece, all_of
from mixfit.data.damage import damage_reported
from mixfit.data.parquet_files import open_parquet
from mixfit.data.signatures import PARQUET, check_signature
from mixfit.errors import InputError


def open_folder(folder: Path) -> ColumnFile:
    """The columns that all Parquet files of a folder have; InputError if there is none, or one that differs."""
    paths = sorted(path for path in folder.glob("*.parquet") if path.is_file())
    if not paths:
        raise InputError(
            "is a folder without a *.parquet file: data.path names one file of points, or a folder of Parquet files"
        )
    schemas = [_schema(path) for path in paths]
    for path, schema in zip(paths, schemas, strict=True):
        if schema != schemas[0]:
            raise InputError(_difference(paths[0].name, schemas[0], path.name, schema))
    files = [open_parquet(path, f"file {path.name!r}") for path in paths]
    pieces = [piece for file in files for piece in file.pieces or ()]
    return ColumnFile(
        files[0].names, all_of(pieces), index=files[0].index, pieces=pieces, within=partial(_within, pieces)
    )


def _within(pieces: Sequence[Piece], row: int) -> str:
    """The file and its own row of one of all rows; all are counted from 1."""
    before: Counter[Path] = Counter()
    for piece in pieces:
        if row <= piece.n_rows:
            return f"row {before[piece.path] + row} of file {piece.path.name!r}, counted from 1"
        before[piece.path] += piece.n_rows
        row -= piece.n_rows
    raise IndexError("the folder has fewer rows")


def _schema(path: Path) -> list[tuple[str, Any]]:
    """The names and types of a file's columns."""
    from pyarrow import parquet

    with damage_reported("a Parquet file", f"file {path.name!r}"):
        if not path.stat().st_size:
            raise InputError(f"file {path.name!r} is empty, 0 bytes: write it anew, or take it out of the folder")
        check_signature(path, PARQUET)
        schema = parquet.read_schema(path)
        return list(zip(schema.names, schema.types, strict=True))


def _difference(first: str, ours: list[tuple[str, Any]], name: str, theirs: list[tuple[str, Any]]) -> str:
    remedy = "all files of a folder are one table: write it with the same columns, or take it out of the folder"
    for (our_name, our_type), (their_name, their_type) in zip(ours, theirs, strict=False):
        if our_name != their_name:
            return f"file {name!r} has the column {their_name!r} where {first!r} has {our_name!r}; {remedy}"
        if our_type != their_type:
            return f"file {name!r} has the column {our_name!r} of type {their_type}, {first!r} of {our_type}; {remedy}"
    return f"file {name!r} has {len(theirs)} columns, {first!r} has {len(ours)}; {remedy}"
