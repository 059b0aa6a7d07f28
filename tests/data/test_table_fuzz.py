"""Files of every format, cut short or with bytes changed, give a table or an InputError and nothing else."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mixfit.data.tables import Table, read_table
from mixfit.errors import InputError

NUMBERS = np.random.default_rng(5).normal(size=(20, 2))
KINDS = np.array(["red", "green", "blue", "red"] * 5)
TEXT = "\r\n".join(['"x",y,kind', *(f'{x!r},{y!r},"{k}"' for (x, y), k in zip(NUMBERS.tolist(), KINDS, strict=True))])
NAMES = ["p.csv", "p.tsv", "p.txt", "p.csv.gz", "p.parquet", "p.npy", "p.npz"]


def write(path: Path) -> None:
    x, y = NUMBERS.T
    if path.suffix == ".parquet":
        parquet.write_table(pa.table({"x": x, "y": y, "kind": pa.array(KINDS)}), path)
    elif path.suffix == ".npy":
        np.save(path, np.column_stack([x.astype(str), y.astype(str), KINDS]))
    elif path.suffix == ".npz":
        np.savez(path, x=x, y=y, kind=KINDS)
    else:
        content = TEXT.replace(",", {".tsv": "\t", ".txt": "  "}.get(path.suffix, ",")).encode()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    if random.random() < 0.3:
        return content[: random.integers(len(content))]
    changed = np.frombuffer(content, np.uint8).copy()
    places = random.integers(len(changed), size=random.integers(1, 9))
    changed[places] = random.integers(256, size=len(places), dtype=np.uint8)
    return changed.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_an_undamaged_file_is_read(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    table = read_table(tmp_path / name, label=2)
    assert np.array_equal(table.points, NUMBERS)
    assert table.label_names == ("red", "green", "blue")


@pytest.mark.parametrize("name", NAMES)
def test_damage_ends_in_a_table_or_an_input_error(tmp_path: Path, name: str) -> None:
    path, random = tmp_path / name, np.random.default_rng(11)
    write(path)
    content = path.read_bytes()
    refused = 0
    for _ in range(200):
        path.write_bytes(damaged(content, random))
        try:
            table = read_table(path, label=2)
        except InputError:
            refused += 1
        else:
            assert isinstance(table, Table)
            assert np.isfinite(table.points).all()
    assert refused > 20
