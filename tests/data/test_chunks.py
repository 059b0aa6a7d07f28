"""Is a file read chunk by chunk the file that was written, and do its errors count over the whole of it?"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyarrow import parquet

from mixfit.data.tables import Table, column_names, read_chunks, read_table
from mixfit.errors import InputError

RANDOM = np.random.default_rng(8)
POINTS = RANDOM.normal(size=(50, 3)) * 10.0 ** RANDOM.integers(-300, 300, (50, 3))
KINDS = [f"kind{(row * row) % 7}" for row in range(50)]


def text(path: Path, points: npt.NDArray[Any], delimiter: str = ",") -> Path:
    content = "\n".join([delimiter.join("abc"), *(delimiter.join(map(repr, row)) for row in points.tolist())])
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
    return path


def parquet_of(path: Path, points: npt.NDArray[Any]) -> Path:
    parquet.write_table(pa.table(dict(zip("abc", points.T, strict=True))), path, row_group_size=13)
    return path


def array(path: Path, points: npt.NDArray[Any]) -> Path:
    np.save(path, points)
    return path


def archive(path: Path, compress: bool = False, **arrays: npt.NDArray[Any]) -> Path:
    (np.savez_compressed if compress else np.savez)(path, **arrays)  # type: ignore[arg-type]
    return path


FORMATS: dict[str, Callable[[Path], Path]] = {
    "csv": lambda folder: text(folder / "p.csv", POINTS),
    "tsv": lambda folder: text(folder / "p.tsv", POINTS, "\t"),
    "blanks": lambda folder: text(folder / "p.txt", POINTS, "   "),
    "gzip": lambda folder: text(folder / "p.csv.gz", POINTS),
    "parquet": lambda folder: parquet_of(folder / "p.parquet", POINTS),
    "npy": lambda folder: array(folder / "p.npy", POINTS),
    "npy in column order": lambda folder: array(folder / "p.npy", np.asfortranarray(POINTS)),
    "vectors": lambda folder: archive(folder / "p.npz", **dict(zip("abc", POINTS.T.copy(), strict=True))),
    "packed": lambda folder: archive(folder / "p.npz", compress=True, points=POINTS),
    "packed in column order": lambda folder: archive(
        folder / "p.npz", compress=True, points=np.asfortranarray(POINTS), other=np.zeros(3)
    ),
}


@pytest.fixture(params=FORMATS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The points in one of the formats."""
    return FORMATS[request.param](tmp_path)


def joined(chunks: Iterator[Table]) -> npt.NDArray[np.float64]:
    return np.concatenate([chunk.points for chunk in chunks])


def refusal(chunks: Iterator[Table]) -> str:
    with pytest.raises(InputError) as caught:
        list(chunks)
    return str(caught.value).partition(": ")[2]


@pytest.mark.parametrize("rows", [1, 7, 50, 1000])
def test_all_chunks_together_are_the_points_to_the_last_bit(path: Path, rows: int) -> None:
    chunks = list(read_chunks(path, rows=rows))
    assert joined(iter(chunks)).tobytes() == POINTS.tobytes()
    assert max(len(chunk.points) for chunk in chunks) <= rows
    assert {chunk.columns for chunk in chunks} == {column_names(path)}
    assert read_table(path).points.tobytes() == POINTS.tobytes()


def test_columns_are_chosen_in_the_order_asked_for(path: Path) -> None:
    last, first = column_names(path)[2], column_names(path)[0]
    chunks = list(read_chunks(path, columns=[last, 0], rows=7))
    assert joined(iter(chunks)).tobytes() == POINTS[:, [2, 0]].tobytes()
    assert {chunk.columns for chunk in chunks} == {(last, first)}


@pytest.mark.parametrize("format_", ["csv", "parquet", "npz"])
def test_labels_count_over_all_chunks(tmp_path: Path, format_: str) -> None:
    numbers, kinds = np.arange(50.0), np.array(KINDS)
    path = tmp_path / f"p.{format_}"
    if format_ == "csv":
        path.write_text("x,kind\n" + "".join(f"{x},{kind}\n" for x, kind in zip(numbers, KINDS, strict=True)))
    elif format_ == "parquet":
        parquet.write_table(pa.table({"x": numbers, "kind": KINDS}), path)
    else:
        np.savez(path, x=numbers, kind=kinds)
    names = list(dict.fromkeys(KINDS))
    chunks = list(read_chunks(path, label="kind", rows=6))
    codes = np.concatenate([chunk.labels for chunk in chunks if chunk.labels is not None])
    assert codes.tolist() == [names.index(kind) for kind in KINDS]
    assert chunks[-1].label_names == tuple(names)
    assert [len(chunk.label_names) for chunk in chunks] == sorted(len(chunk.label_names) for chunk in chunks)


def test_without_labels_their_column_is_left_out_and_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("x,k,y\n1,a,2\n3,,4\n")
    (table,) = read_chunks(tmp_path / "p.csv", label="k", with_labels=False)
    assert (table.points.tolist(), table.columns, table.labels) == ([[1, 2], [3, 4]], ("x", "y"), None)


def test_one_column_of_a_wide_array_is_read_some_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixfit.data.stored_array.MOST_BYTES", 7 * POINTS.itemsize * 3)
    for points in (POINTS, np.asfortranarray(POINTS)):
        chunks = list(read_chunks(array(tmp_path / "p.npy", points), columns=[1]))
        assert joined(iter(chunks)).tobytes() == POINTS[:, [1]].tobytes()
        assert {len(chunk.points) for chunk in chunks} == {7, 1}


# Errors across the borders of chunks


def test_a_text_cell_is_refused_with_its_row_and_line_in_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("x,y\n" + "1,2\n" * 20 + "\n\n" + "1,2\n" * 20 + "1,rose\n" + "1,2\n" * 9)
    message = refusal(read_chunks(path, rows=6))
    assert message.startswith("row 41 (line 44 of the file), column 'y': 'rose' stands where a number belongs.")
    parquet.write_table(pa.table({"x": ["1"] * 40 + ["rose"]}), tmp_path / "p.parquet")
    message = refusal(read_chunks(tmp_path / "p.parquet", rows=6))
    assert message.startswith("row 41 (counted from 1), column 'x': 'rose'")


@pytest.mark.parametrize("name", ["p.csv", "p.parquet", "p.npy"])
def test_cells_that_are_not_finite_are_counted_to_the_end_and_only_what_lies_before_them_is_yielded(
    tmp_path: Path, name: str
) -> None:
    points = POINTS.copy()
    points[20, 1], points[33, 0], points[49, 2] = np.nan, np.inf, np.nan
    written = {"p.csv": text, "p.parquet": parquet_of, "p.npy": array}[name](tmp_path / name, points)
    chunks = read_chunks(written, rows=7)
    assert joined(next(chunks) for _ in range(2)).tobytes() == points[:14].tobytes()
    counts = "cells that are missing or NaN: 2, infinite or beyond the range of float64: 1; the first is row 21 ("
    assert refusal(chunks).startswith(counts)


def test_missing_labels_are_counted_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("x,k\n" + "1,a\n" * 20 + "1,\n" + "1,b\n" * 20 + "1,nan\n")
    message = refusal(read_chunks(path, label="k", rows=6))
    assert message.startswith("missing labels: 2, the first in row 21 (line 22 of the file), column 'k'")


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    assert "but no rows" in refusal(read_chunks(text(tmp_path / "p.csv", np.empty((0, 3)))))
    assert "but no rows" in refusal(read_chunks(parquet_of(tmp_path / "p.parquet", np.empty((0, 3)))))
    assert "but no rows" in refusal(read_chunks(array(tmp_path / "p.npy", np.empty((0, 3)))))


# Text that is longer than the blocks it is read in, which are a megabyte

ROW = "1.25,2.5,hällo\n"
LONG = 150_000  # rows, 2.4 MB


def long_text(folder: Path, end: str | bytes = "", row: str = ROW) -> Path:
    path = folder / "long.csv"
    path.write_bytes((row * LONG).encode() + (end.encode() if isinstance(end, str) else end))
    return path


def test_long_text_is_one_text(tmp_path: Path) -> None:
    chunks = list(read_chunks(long_text(tmp_path), label=2))
    assert np.array_equal(joined(iter(chunks)), np.tile([1.25, 2.5], (LONG, 1)))
    assert chunks[-1].label_names == ("hällo",)


def test_long_text_between_blanks_is_one_text(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"  1.25 \t 2.5\r\n" * LONG)
    assert np.array_equal(joined(read_chunks(path)), np.tile([1.25, 2.5], (LONG, 1)))
    path.write_bytes(b"1.25   2.5\r" * LONG + b"\r \r3 rose")
    assert refusal(read_chunks(path)).startswith(f"row {LONG + 1} (line {LONG + 3} of the file), column '1': 'rose'")


def test_quoted_line_ends_do_not_end_a_row(tmp_path: Path) -> None:
    path = long_text(tmp_path, row='1.25,2.5,"a\nb"\n')
    assert len(joined(read_chunks(path, label=2))) == LONG
    path = long_text(tmp_path, row='1.25,2.5,"a\nb"\n', end="1,rose,c\n")
    message = refusal(read_chunks(path, label=2))
    assert message.startswith(f"row {LONG + 1} (line {2 * LONG + 1} of the file), column '1': 'rose'")


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("1,2\n", f"line {LONG + 1} has 2 cells and the first line has 3"),
        ("1,2,\0\n", "holds NUL bytes"),
        (b"1,2,\xe9\n", f"is not UTF-8 text (line {LONG + 1})"),
        (b"1,2,\xc3", f"is not UTF-8 text (line {LONG + 1})"),
        ('1,2,"a\n', "holds an odd number of quotes"),
        ('1,2,"a\n' + ROW * LONG, "holds an odd number of quotes"),
    ],
)
def test_what_is_no_table_at_the_end_of_a_long_text_is_refused(tmp_path: Path, end: str | bytes, reason: str) -> None:
    assert refusal(read_chunks(long_text(tmp_path, end), label=2)).startswith(reason)


def test_packed_text_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.csv.gz"
    path.write_bytes(gzip.compress(ROW.encode() * LONG)[:-200])
    assert refusal(read_chunks(path, label=2)).startswith("cannot be read as text")


def test_the_beginning_of_a_file_tells_its_columns(tmp_path: Path) -> None:
    assert column_names(long_text(tmp_path, b"\0\n")) == ("0", "1", "2")
    with pytest.raises(InputError, match=r"data\.path=.*: there is no such file"):
        column_names(tmp_path / "none.csv")


# Binary files


def test_of_parquet_only_the_chosen_columns_are_read(tmp_path: Path) -> None:
    table = pa.table({"a": [1.0, 2.0], "nested": [[1], [2]], "a.b": [3.0, 4.0]})
    parquet.write_table(table, tmp_path / "p.parquet")
    assert joined(read_chunks(tmp_path / "p.parquet", columns=["a"])).tolist() == [[1], [2]]
    assert joined(read_chunks(tmp_path / "p.parquet", columns=["a.b", "a"])).tolist() == [[3, 1], [4, 2]]


def test_parquet_columns_of_one_name_are_told_apart_by_number(tmp_path: Path) -> None:
    table = pa.table([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], names=["x", "y", "x"])
    parquet.write_table(table, tmp_path / "p.parquet")
    assert joined(read_chunks(tmp_path / "p.parquet", columns=[2, 1], rows=1)).tolist() == [[5, 3], [6, 4]]


def test_an_array_that_claims_more_rows_than_it_has_is_refused_at_once(tmp_path: Path) -> None:
    path = array(tmp_path / "p.npy", POINTS)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match="does not fit"):
        next(read_chunks(path, rows=1))


def test_what_else_lies_in_an_archive_is_refused(tmp_path: Path) -> None:
    from zipfile import ZipFile

    path = archive(tmp_path / "p.npz", points=POINTS)
    with ZipFile(path, "a") as opened:
        opened.writestr("notes.txt", "none")
    assert "'notes.txt' in the archive is no NPY file" in refusal(read_chunks(path))
