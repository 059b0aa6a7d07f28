"""A file is what it holds, whatever it is called."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from mixfit.data.tables import read_table
from mixfit.errors import InputError

TEXT = b"a,b\n1,2\n3,5\n"
TABLE = pa.table({"a": [1.0, 3.0], "b": [2.0, 5.0]})


def packed(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def zipped(buffer: io.BytesIO) -> None:
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("points.csv", TEXT)


def arrow(buffer: io.BytesIO) -> None:
    with pa.ipc.new_file(buffer, TABLE.schema) as writer:
        writer.write_table(TABLE)


def database() -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table points (a, b)")
        return connection.serialize()


FOREIGN = {
    "packed by gzip": gzip.compress(TEXT),
    "packed by bzip2": bz2.compress(TEXT),
    "packed by xz": lzma.compress(TEXT),
    "a zip archive": packed(zipped),
    "a Parquet file": packed(lambda buffer: parquet.write_table(TABLE, buffer)),
    "an ORC file": packed(lambda buffer: orc.write_table(TABLE, buffer)),
    "an Arrow file": packed(arrow),
    "a NumPy array": packed(lambda buffer: np.save(buffer, np.eye(2))),
    "an SQLite database": database(),
    "a PDF": b"%PDF-1.7\n1 0 obj\n",
    "a web page": b"<!DOCTYPE html>\n<title>404</title>\n",
    "JSON": b'[{"a": 1, "b": 2}]\n',
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("name", ["points.csv", "points.tsv", "points.parquet", "points.npy"])
def test_a_file_of_another_kind_is_called_by_its_kind(kind: str, name: str, tmp_path: Path) -> None:
    if (kind, name) in (("a Parquet file", "points.parquet"), ("a NumPy array", "points.npy")):
        pytest.skip("this is what the name says")
    (tmp_path / name).write_bytes(FOREIGN[kind])
    with pytest.raises(InputError, match=r"data\.path=.*points") as refused:
        read_table(tmp_path / name)
    is_archive_of_arrays = kind == "a zip archive" and name == "points.npy"
    assert is_archive_of_arrays or f"is {kind}, whatever it is called" in str(refused.value)


@pytest.mark.parametrize("header", ["PAR1,PAR2", "ORC,TROLL", "ARROW1,ARROW2", "orc,b", "Json,b"])
def test_names_of_columns_that_begin_like_a_signature_are_names(header: str, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(f"{header}\n1,2\n3,5\n")
    assert read_table(tmp_path / "points.csv").columns == tuple(header.split(","))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_of_wide_characters_is_named(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_bytes(TEXT.decode().encode(encoding))
    with pytest.raises(InputError, match="is UTF-16 or UTF-32 text: save it as UTF-8"):
        read_table(tmp_path / "points.csv")


def test_an_index_that_pandas_wrote_is_no_column_unless_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(",a,b\n0,1.5,2\n1,3,5\n2,4,4\n")
    parquet.write_table(
        TABLE.append_column("__index_level_0__", pa.array([7, 9])).replace_schema_metadata(
            {"pandas": '{"index_columns": ["__index_level_0__"]}'}
        ),
        tmp_path / "points.parquet",
    )
    for name, index in (("points.csv", "0"), ("points.parquet", "__index_level_0__")):
        table = read_table(tmp_path / name)
        assert table.columns == ("a", "b")
        assert table.left_out == (index,)
    assert read_table(tmp_path / "points.csv", columns=[0, "b"]).points.tolist() == [[0, 2], [1, 5], [2, 4]]


def test_a_first_column_without_a_name_that_is_no_index_is_fitted(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(",a\n1.5,2\n3,5\n")
    assert read_table(tmp_path / "points.csv").points.tolist() == [[1.5, 2], [3, 5]]


@pytest.mark.parametrize("cell", ["1,234.5", "1 234", "1'234.5", "1.234,5", "3,5"])
def test_numbers_as_people_write_them_are_refused_as_such(cell: str, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(f'a;b\n1;2\n"{cell}";5\n')
    with pytest.raises(InputError, match="Decimals need a point, not a comma, and thousands nothing between them"):
        read_table(tmp_path / "points.csv")
