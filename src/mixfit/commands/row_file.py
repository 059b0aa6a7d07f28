"""Rows into a file, chunk by chunk: any number of them in bounded memory, and the whole file or none.

The file grows beside its place and is moved there when it is complete. It is begun before any row is known, so a
place that cannot be written to is found out before any work is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa

from mixfit.commands.output import check_is_new
from mixfit.errors import InputError
from mixfit.one_move import moved_when_complete

Write = Callable[[pa.Table], None]
"""Adds rows below those that are there."""


@contextmanager
def row_file(path: Path | None, schema: pa.Schema, n_rows: int | None = None) -> Iterator[Write]:
    """What writes tables of this schema into CSV, Parquet or NPY, as the suffix says; without a path, nowhere.

    An NPY file says first how many rows it has; it is one matrix of float64. Raises `InputError` if the file cannot
    be written, or is there by the time that it is complete.
    """
    if path is None:
        yield _nowhere
        return
    form = FORMS[path.suffix.lower()]
    try:
        with moved_when_complete(path) as unfinished:
            with unfinished.open("wb") as file, form(file, schema, n_rows) as write:
                yield write
            check_is_new(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path}: {reason}, so nothing was written; choose another --output") from error


@contextmanager
def _csv(file: IO[bytes], schema: pa.Schema, _: int | None) -> Iterator[Write]:
    from pyarrow import csv

    with csv.CSVWriter(file, schema) as writer:
        yield writer.write_table


@contextmanager
def _parquet(file: IO[bytes], schema: pa.Schema, _: int | None) -> Iterator[Write]:
    from pyarrow import parquet

    repeating = [field.name for field in schema if not pa.types.is_floating(field.type)]
    with parquet.ParquetWriter(file, schema, use_dictionary=repeating) as writer:
        yield writer.write_table


@contextmanager
def _npy(file: IO[bytes], schema: pa.Schema, n_rows: int | None) -> Iterator[Write]:
    shape = (n_rows, len(schema))
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    yield lambda table: np.column_stack([column.to_numpy() for column in table.columns]).astype("<f8").tofile(file)


FORMS = {".csv": _csv, ".parquet": _parquet, ".npy": _npy}


def _nowhere(_: pa.Table) -> None:
    pass
