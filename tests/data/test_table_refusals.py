import gzip
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyarrow import parquet

from mixfit.data.tables import read_table
from mixfit.errors import InputError


def refusal(path: Path, content: str | bytes | None = None, **choice: Any) -> str:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as caught:
        read_table(path, **choice)
    message = str(caught.value)
    assert message.startswith(f"data.path={path}: ")
    return message.removeprefix(f"data.path={path}: ")


def array_refusal(path: Path, array: npt.NDArray[Any]) -> str:
    np.save(path / "p.npy", array)
    return refusal(path / "p.npy")


def parquet_refusal(path: Path, columns: dict[str, Any], **choice: Any) -> str:
    parquet.write_table(pa.table(columns), path / "p.parquet")
    return refusal(path / "p.parquet", **choice)


def test_a_missing_file_is_refused_with_the_names_close_to_it(tmp_path: Path) -> None:
    (tmp_path / "iris.csv").touch()
    assert "no such file. Close to that name are 'iris.csv'" in refusal(tmp_path / "irsi.csv")
    assert f"not even the directory '{tmp_path / 'no'}'" in refusal(tmp_path / "no" / "iris.csv")
    assert "no such file" in refusal(tmp_path / "iris.csv" / "x.csv")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    assert refusal(tmp_path / "folder.csv").startswith("is a folder")
    assert refusal(tmp_path).startswith("is a folder")
    assert refusal(tmp_path / "pipe.csv").startswith("is a device, a pipe or a socket")
    assert refusal(tmp_path / "a\0.csv").startswith("cannot be opened")
    assert refusal(tmp_path / f"{'long' * 99}.csv").startswith("cannot be opened")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object) -> None:
        raise PermissionError("Permission denied")

    monkeypatch.setattr(Path, "open", deny)  # the superuser may read whatever its mode says
    (tmp_path / "p.csv").symlink_to(__file__)
    assert refusal(tmp_path / "p.csv").startswith("cannot be opened (Permission denied)")


@pytest.mark.parametrize(("name", "suffix"), [("p", "''"), ("p.xlsx", "'.xlsx'"), ("p.npy.gz", "'.npy.gz'")])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path, name: str, suffix: str) -> None:
    message = refusal(tmp_path / name, b"1")
    assert f"unknown suffix {suffix}" in message
    assert ".csv, .tsv, .txt, .parquet, .npy, .npz" in message


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.txt", "p.csv.gz", "p.parquet", "p.npy", "p.npz"])
def test_an_empty_file_and_garbage_are_refused(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path / name, b"").startswith("is empty")
    refusal(tmp_path / name, np.random.default_rng(3).bytes(4096))
    refusal(tmp_path / name, pickle.dumps({"x": [1.0]}))


def test_text_of_blank_lines_is_empty(tmp_path: Path) -> None:
    assert refusal(tmp_path / "p.csv", "\ufeff\r\n \n\n").startswith("is empty")
    assert refusal(tmp_path / "p.csv.gz", gzip.compress(b"")).startswith("is empty")


@pytest.mark.parametrize("content", ["x,y\n", "x,y", '"x","y"\r\n\r\n'])
def test_a_header_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    assert "has columns (x, y) but no rows" in refusal(tmp_path / "p.csv", content)


def test_binary_files_without_rows_or_columns_are_refused(tmp_path: Path) -> None:
    assert "but no rows" in array_refusal(tmp_path, np.empty((0, 2)))
    assert "holds no columns" in array_refusal(tmp_path, np.empty((2, 0)))
    assert "but no rows" in parquet_refusal(tmp_path, {"x": pa.array([], pa.float64())})
    assert "holds no columns" in parquet_refusal(tmp_path, {})


def test_a_column_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    path, content = tmp_path / "p.csv", "width,height\n1,2\n"
    message = refusal(path, content, columns=["hieght"])
    assert message.startswith("data.columns asks for column 'hieght', and there is none.")
    assert "are: width, height. The nearest is 'height'." in message
    assert "asks for column -1" in refusal(path, content, columns=[-1])
    assert "asks for column '2'" in refusal(path, content, columns=["2"])
    assert "asks for column True" in refusal(path, content, columns=[True])
    assert refusal(path, content, label="kind").startswith("data.label asks for column 'kind'")
    assert "set data.header=true" in refusal(path, "1,2\n", columns=["x"])


def test_an_ambiguous_name_is_refused_with_its_numbers(tmp_path: Path) -> None:
    message = refusal(tmp_path / "p.csv", "x,y,x\n1,2,3\n", columns=["x"])
    assert message == "2 columns are named 'x': choose by number in data.columns, one of 0, 2"


@pytest.mark.parametrize(
    "choice", [{"columns": ["x", 0]}, {"columns": ["y", "x"], "label": "x"}, {"columns": ["x", "y", "x"]}]
)
def test_a_column_chosen_twice_is_refused(tmp_path: Path, choice: dict[str, Any]) -> None:
    assert refusal(tmp_path / "p.csv", "x,y\n1,2\n", **choice).startswith("column 'x' is chosen twice")


def test_a_choice_without_columns_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "p.csv", "x\n1\n", columns=[]).startswith("no column is left")
    assert refusal(tmp_path / "p.csv", "x\n1\n", label="x").startswith("no column is left")
    assert "it must be a list, data.columns=[x]" in refusal(tmp_path / "p.csv", "x\n1\n", columns="x")


@pytest.mark.parametrize(
    ("content", "place", "value"),
    [
        ("x,kind\n1,2\n\n3,rose\n", "row 2 (line 4 of the file), column 'kind'", "'rose'"),
        ('x,kind\n"1","a\nb"\n', "row 1 (line 3 of the file), column 'kind'", r"'a\nb'"),
        ("1,2\n3,1_000\n", "row 2 (line 2 of the file), column '1'", "'1_000'"),
        ("1 2\n0x10 4\n", "row 2 (line 2 of the file), column '0'", "'0x10'"),
    ],
)
def test_a_text_cell_is_refused_with_its_row_line_and_column(
    tmp_path: Path, content: str, place: str, value: str
) -> None:
    message = refusal(tmp_path / "p.csv", content)
    assert message.startswith(f"{place}: {value} stands where a number belongs.")
    assert "data.label=" in message
    assert "data.columns=[...]" in message


def test_a_first_line_that_is_partly_numbers_is_a_point_and_the_refusal_names_the_header(tmp_path: Path) -> None:
    message = refusal(tmp_path / "p.csv", "name,2019\n1,2\n")
    assert message.startswith("row 1 (line 1 of the file), column '0': 'name'")
    assert "set data.header=true" in message


def test_decimal_commas_are_refused_as_such(tmp_path: Path) -> None:
    message = refusal(tmp_path / "p.csv", "1,5;2,5\n3,5;4,5\n")
    assert "'1,5' stands where a number belongs" in message
    assert "Decimals need a point" in message


def test_text_and_other_types_in_parquet_are_refused(tmp_path: Path) -> None:
    message = parquet_refusal(tmp_path, {"x": ["1", "rose"]})
    assert message.startswith("row 2 (counted from 1), column 'x': 'rose' stands where a number belongs.")
    for cells in ([[1]], [{"a": 1}], [b"1"], pa.array([0], pa.timestamp("s")), pa.array([0], pa.date32())):
        assert "points need numbers" in parquet_refusal(tmp_path, {"x": cells})
    assert "labels are text or numbers" in parquet_refusal(tmp_path, {"x": [1], "k": [[1]]}, label="k")


def test_cells_without_a_finite_number_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path / "p.csv", "x,y\n1,2\n3,\nNaN,1e999\n-inf,NA\n")
    counts = "cells that are missing or NaN: 3, infinite or beyond the range of float64: 2; "
    assert message.startswith(f"{counts}the first is row 2 (line 3 of the file), column 'y'.")
    message = parquet_refusal(tmp_path, {"x": [1, 2, None], "y": [0.0, np.inf, np.nan]})
    counts = counts.replace("3", "2").replace("64: 2", "64: 1")
    assert message.startswith(f"{counts}the first is row 2 (counted from 1), column 'y'.")
    assert "NaN: 1; the first" in array_refusal(tmp_path, np.array([1, np.nan]))
    infinite = array_refusal(tmp_path, np.array(["1e999", "1"]))
    assert infinite.startswith("cells that are infinite or beyond the range of float64: 1; the first")


def test_missing_labels_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path / "p.csv", "x,k\n1,a\n2,\n3, \n", label="k")
    assert message.startswith("missing labels: 2, the first in row 2 (line 3 of the file), column 'k'")
    assert "missing labels: 2" in parquet_refusal(tmp_path, {"x": [1, 2, 3], "k": [1.0, np.nan, None]}, label="k")


@pytest.mark.parametrize(("content", "line"), [("x,y\n1,2\n\n3\n", 4), ("1 2\n3 4 5\n", 2), ('a,b\n"1\n",2\n3\n', 4)])
def test_a_ragged_line_is_refused_with_its_number(tmp_path: Path, content: str, line: int) -> None:
    message = refusal(tmp_path / "p.csv", content)
    assert message.startswith(f"line {line} has ")
    assert "the first line has 2" in message


def test_malformed_text_is_refused_with_its_reason(tmp_path: Path) -> None:
    assert "NUL bytes" in refusal(tmp_path / "p.csv", b"1,2\n3,\x004\n")
    assert "not UTF-8 text (line 2)" in refusal(tmp_path / "p.csv", b"1,2\n3,\xe9\n")
    assert "odd number of quotes" in refusal(tmp_path / "p.csv", 'x,k\n1,"a\n2,b\n', label="k")
    huge = '"' + "a" * 3_000_000 + '"'
    assert "cannot be read" in refusal(tmp_path / "p.csv", f"x,k\n1,{huge}\n", label="k")
    assert "cannot be read" in refusal(tmp_path / "p.csv", "x,k\n" + "1,a\n" * 99 + f"1,{huge}\n", label="k")
    assert "cannot be read" in refusal(tmp_path / "p.csv.gz", gzip.compress(b"x,y\n1,2\n" * 99)[:-12])


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array(3.0), "has shape ()"),
        (np.zeros((2, 2, 2)), "has shape (2, 2, 2)"),
        (np.zeros((2, 2), complex), "dtype complex128"),
        (np.zeros(2, [("a", "f8")]), "dtype [('a', '<f8')]"),
        (np.zeros(2, "M8[s]"), "dtype datetime64[s]"),
        (np.array([b"1"]), "dtype |S1"),
        (np.array([1, None]), "pickled Python objects are never loaded"),
    ],
)
def test_arrays_that_are_no_matrix_of_real_numbers_are_refused(
    tmp_path: Path, array: npt.NDArray[Any], reason: str
) -> None:
    assert reason in array_refusal(tmp_path, array)
    np.savez(tmp_path / "p.npz", array)
    assert reason in refusal(tmp_path / "p.npz")


class Trap:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("sprung",)


def test_a_pickle_in_an_array_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    array_refusal(tmp_path, np.array([Trap()], object))
    refusal(tmp_path / "q.npy", pickle.dumps(Trap()))
    assert not (tmp_path / "sprung").exists()


def test_an_archive_without_clear_points_is_refused_with_its_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", a=np.zeros((2, 3)), b=np.zeros(2))
    message = refusal(tmp_path / "p.npz")
    assert "there are a (2, 3), b (2,)." in message
    assert "points, data, X" in message
    np.savez(tmp_path / "p.npz")
    assert "there are none" in refusal(tmp_path / "p.npz")


def test_a_header_of_npy_without_its_data_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.ones((9, 9)))
    assert "cannot be read" in refusal(tmp_path / "p.npy", (tmp_path / "p.npy").read_bytes()[:128])


@pytest.mark.parametrize("name", ["p.parquet", "p.npz", "p.csv.gz", "p.csv"])
def test_what_the_library_said_is_chained(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK1,2\n3,4,5\n")
    with pytest.raises(InputError) as caught:
        read_table(tmp_path / name)
    assert caught.value.__cause__ is not None
    assert isinstance(caught.value.__cause__.__cause__, Exception)
    assert not isinstance(caught.value.__cause__.__cause__, InputError)
