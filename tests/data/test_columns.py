"""The numbers of columns, beside pyarrow's own arrays of them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mixfit.data.columns import Column, array_of, numbers

PIECES: tuple[list[float], ...] = ([], [1.5, -2.0], [], [0.25, 3.0, 1e30], [7.0])


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64(), pa.int32(), pa.int64()], ids=str)
@pytest.mark.parametrize("pieces", [PIECES, PIECES[:2], PIECES[:1], ()], ids=["many", "one", "empty", "none"])
def test_an_array_holds_the_numbers_of_every_piece(kind: pa.DataType, pieces: list[list[float]]) -> None:
    whole = [[number if pa.types.is_floating(kind) else int(number % 1000) for number in piece] for piece in pieces]
    cells = pa.chunked_array([pa.array(piece, kind) for piece in whole], kind)
    np.testing.assert_array_equal(array_of(cells), cells.to_numpy())
    assert array_of(cells).dtype == cells.to_numpy().dtype


def test_a_piece_may_begin_within_its_memory() -> None:
    cells = pa.chunked_array([pa.array([1.0, 2.0, 3.0, 4.0])]).slice(1, 2)
    np.testing.assert_array_equal(array_of(cells), [2.0, 3.0])


@pytest.mark.parametrize(
    "cells",
    [
        pa.array([1.0, None, 3.0]),
        pa.array([1, None, 3]),
        pa.array(["1", " NA", "3 "]),
        pa.array([1, None, 3], pa.uint8()),
    ],
    ids=["float", "integer", "text", "byte"],
)
def test_a_missing_cell_is_no_number(cells: pa.Array) -> None:
    np.testing.assert_array_equal(numbers(Column("x", pa.chunked_array([cells]))), [1.0, np.nan, 3.0])


def test_columns_of_numbers_are_read_without_pandas(tmp_path: Path) -> None:
    path = tmp_path / "points.parquet"
    parquet.write_table(pa.table({"x": [1.0, 2.0, 3.0], "y": [4, 5, 6]}), path)
    program = f"""
import sys
from mixfit.data.tables import read_chunks

for chunk in read_chunks({str(path)!r}, ("x", "y")):
    print(chunk)
sys.exit("pandas" in sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
