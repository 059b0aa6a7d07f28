import gzip
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyarrow import parquet

from mixfit.data.tables import Table, read_table

RANDOM = np.random.default_rng(20240229)
POINTS = RANDOM.normal(size=(50, 3)) * 10.0 ** RANDOM.integers(-300, 300, (50, 3))
PAIR = np.array([[1.0, 2.0], [3.0, 4.0]])


def table_of(folder: Path, content: str | bytes, name: str = "points.csv", **choice: Any) -> Table:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, **choice)


def parquet_of(folder: Path, columns: dict[str, Any], **choice: Any) -> Table:
    parquet.write_table(pa.table(columns), folder / "points.parquet")
    return read_table(folder / "points.parquet", **choice)


def array_of(folder: Path, array: npt.NDArray[Any], **choice: Any) -> Table:
    np.save(folder / "points.npy", array)
    return read_table(folder / "points.npy", **choice)


def archive_of(folder: Path, choice: dict[str, Any] | None = None, **arrays: npt.NDArray[Any]) -> Table:
    np.savez(folder / "points.npz", **arrays)  # type: ignore[arg-type]
    return read_table(folder / "points.npz", **(choice or {}))


def same(table: Table, points: npt.ArrayLike, columns: tuple[str, ...]) -> bool:
    wanted = np.asarray(points, np.float64)
    assert table.points.dtype == np.float64
    return (
        table.points.shape == wanted.shape and table.points.tobytes() == wanted.tobytes() and table.columns == columns
    )


def written(delimiter: str) -> str:
    return "\n".join([delimiter.join("abc"), *(delimiter.join(map(repr, row)) for row in POINTS.tolist())])


@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "p.csv"), (";", "p.csv"), ("\t", "p.tsv"), ("\t", "p.txt"), ("   ", "p.txt")]
)
def test_text_reads_back_to_the_last_bit(tmp_path: Path, delimiter: str, name: str) -> None:
    assert same(table_of(tmp_path, written(delimiter), name), POINTS, ("a", "b", "c"))


def test_binary_formats_read_back_to_the_last_bit(tmp_path: Path) -> None:
    a, b, c = POINTS.T
    assert same(parquet_of(tmp_path, {"a": a, "b": b, "c": c}), POINTS, ("a", "b", "c"))
    assert same(archive_of(tmp_path, a=a, b=b, c=c), POINTS, ("a", "b", "c"))
    assert same(archive_of(tmp_path, points=POINTS), POINTS, ("0", "1", "2"))
    assert same(array_of(tmp_path, POINTS), POINTS, ("0", "1", "2"))


@pytest.mark.parametrize("name", ["p.csv.gz", "P.TXT.GZ", "p.v2.csv.gz"])
def test_compressed_text_is_read_as_it_stands(tmp_path: Path, name: str) -> None:
    assert same(table_of(tmp_path, gzip.compress(b"x,y\n1,2\n3,4\n"), name), PAIR, ("x", "y"))


@pytest.mark.parametrize(
    "content",
    [
        "x,y\n1,2\n3,4",
        "\ufeffx,y\r\n1,2\r\n3,4\r\n",
        "x,y\r1,2\r3,4\r",
        "\n\nx,y\n1,2\n\n3,4\n\n\n",
        "x , y\n 1,\t2 \n+3,4.\n",
        "x;y\n1;2\n3;4\n",
        "  x\ty\n1   2\n\n 3 \t 4 \n",
        '"x","y"\n"1","2"\n"3","4"\n',
    ],
)
def test_marks_line_ends_blanks_and_quotes_do_not_change_the_points(tmp_path: Path, content: str) -> None:
    assert same(table_of(tmp_path, content), PAIR, ("x", "y"))


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("1,2\n3,4\n", ("0", "1")),
        ("1,2\n", ("0", "1")),
        ('"1","2"\n"3","4"\n', ("0", "1")),
        ('"7","9"\n1,2\n', ("7", "9")),
        ("petal length,petal width\n1,2\n", ("petal length", "petal width")),
        ('"length, mm","width\n(mm)"\n1,2\n', ("length, mm", "width\n(mm)")),
        ("x,\n1,2\n", ("x", "1")),
    ],
)
def test_a_header_is_found_where_text_or_quotes_stand_over_numbers(
    tmp_path: Path, content: str, columns: tuple[str, ...]
) -> None:
    table = table_of(tmp_path, content)
    assert same(table, [row for row in PAIR if row[0] == 1 or len(table.points) == 2], columns)


def test_a_text_label_in_the_first_line_makes_no_header(tmp_path: Path) -> None:
    table = table_of(tmp_path, '"Smith, J",1\nBob,2\n', label=0)
    assert same(table, [[1], [2]], ("1",))
    assert table.label_names == ("Smith, J", "Bob")


def test_an_explicit_header_wins_over_what_is_found(tmp_path: Path) -> None:
    assert same(table_of(tmp_path, "0,1\n1,2\n", header=True), [[1, 2]], ("0", "1"))
    assert same(table_of(tmp_path, '"1","2"\n3,4\n', header=False), PAIR, ("0", "1"))


@pytest.mark.parametrize("columns", [["z", "x"], [2, 0], ["2", "0"], ["z", 0]])
def test_columns_are_chosen_by_name_or_number_in_the_order_asked(tmp_path: Path, columns: list[str | int]) -> None:
    assert same(table_of(tmp_path, "x,y,z\n1,2,3\n4,5,6\n", columns=columns), [[3, 1], [6, 4]], ("z", "x"))


def test_a_name_of_digits_comes_before_the_number(tmp_path: Path) -> None:
    content = "1,0\n5,6\n"
    assert same(table_of(tmp_path, content, columns=["1"], header=True), [[5]], ("1",))
    assert same(table_of(tmp_path, content, columns=[1], header=True), [[6]], ("0",))


def test_columns_of_one_name_are_chosen_by_number(tmp_path: Path) -> None:
    assert same(table_of(tmp_path, "x,x\n1,2\n", columns=[1]), [[2]], ("x",))
    assert same(table_of(tmp_path, "x,x\n1,2\n"), [[1, 2]], ("x", "x"))


def test_labels_count_from_zero_in_order_of_first_appearance_and_are_no_feature(tmp_path: Path) -> None:
    table = table_of(tmp_path, "x,kind,y\n1,b,2\n3, a ,4\n5,b,6\n7,NA,8\n", label="kind")
    assert same(table, [[1, 2], [3, 4], [5, 6], [7, 8]], ("x", "y"))
    assert table.labels is not None
    assert table.labels.dtype == np.int64
    assert (table.labels.tolist(), table.label_names) == ([0, 1, 0, 2], ("b", "a", "NA"))


def test_without_a_label_there_are_no_labels(tmp_path: Path) -> None:
    table = table_of(tmp_path, "x\n1\n")
    assert table.labels is None
    assert table.label_names == ()


def test_labels_may_be_numbers_or_categories_in_every_format(tmp_path: Path) -> None:
    kinds = pa.array(["u", "v", "u"]).dictionary_encode()
    tables = [
        table_of(tmp_path, "7,1\n3,2\n7,3\n", label="0"),
        parquet_of(tmp_path, {"k": [7.0, 3.0, 7.0], "x": [1, 2, 3]}, label="k"),
        parquet_of(tmp_path, {"k": kinds, "x": [1, 2, 3]}, label="k"),
        array_of(tmp_path, np.array([[7, 1], [3, 2], [7, 3]]), label=0),
        archive_of(tmp_path, {"label": "k"}, k=np.array(["u", "v", "u"]), x=np.arange(1, 4)),
    ]
    assert [table.points.tolist() for table in tables] == [[[1.0], [2.0], [3.0]]] * 5
    assert [np.asarray(table.labels).tolist() for table in tables] == [[0, 1, 0]] * 5
    names = [table.label_names for table in tables]
    assert names == [("7", "3"), ("7", "3"), ("u", "v"), ("7", "3"), ("u", "v")]


@pytest.mark.parametrize("kind", ["?", "i1", "u8", "f2", "f4", ">f4", ">i4", "f8", "g"])
def test_every_kind_of_real_array_becomes_float64(tmp_path: Path, kind: str) -> None:
    assert same(array_of(tmp_path, np.array([[0, 1], [1, 0]], kind)), [[0, 1], [1, 0]], ("0", "1"))


def test_a_vector_is_one_column(tmp_path: Path) -> None:
    assert same(array_of(tmp_path, np.array([1.5, 2.5])), [[1.5], [2.5]], ("0",))
    assert same(archive_of(tmp_path, height=np.array([1.5, 2.5])), [[1.5], [2.5]], ("height",))


def test_an_array_in_column_order_is_not_transposed(tmp_path: Path) -> None:
    assert same(
        array_of(tmp_path, np.asfortranarray(np.arange(6.0).reshape(3, 2))), [[0, 1], [2, 3], [4, 5]], ("0", "1")
    )


@pytest.mark.parametrize("name", ["points", "data", "X"])
def test_an_archive_of_unlike_arrays_gives_the_one_named_for_points(tmp_path: Path, name: str) -> None:
    arrays = {"y": np.zeros(2), name: PAIR}
    assert same(archive_of(tmp_path, None, **arrays), PAIR, ("0", "1"))


def test_parquet_decimals_are_rounded_once_and_nullable_integers_and_half_floats_are_read(tmp_path: Path) -> None:
    decimals = [Decimal("0.1"), Decimal("12345678901.123457"), Decimal("-7.000003")]
    columns = {
        "decimal": pa.array(decimals, pa.decimal128(18, 6)),
        "integer": pa.array([2**53 + 1, -1, 0], pa.int64()),
        "half": pa.array(np.array([0.5, 1.5, -2.0], np.float16)),
        "boolean": pa.array([True, False, True]),
        "text": pa.array(["1", "2.5", "1e3"], pa.large_string()),
    }
    points = np.array([list(map(float, decimals)), [2.0**53, -1, 0], [0.5, 1.5, -2], [1, 0, 1], [1, 2.5, 1e3]]).T
    assert same(parquet_of(tmp_path, columns), points, tuple(columns))


def test_a_row_wider_than_a_megabyte_is_read(tmp_path: Path) -> None:
    row = ",".join(f"{j}.12345678901234567890" for j in range(40_000))
    assert table_of(tmp_path, f"{row}\n{row}\n", columns=[39_999]).points.tolist() == [[39999.1234567890123]] * 2


def test_importing_the_module_does_not_import_pyarrow() -> None:
    program = "import sys, mixfit.data.tables; sys.exit('pyarrow' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
