"""Files of every kind, mutated at random: what is read is finite rows, or a sentence that names the file.

Never another exception, a warning or a hang, never memory that the file does not account for; and read whole or in
parts, a file says the same. Everything is seeded, so a failure comes again.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import shutil
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyarrow import parquet

import mixfit
from mixfit import leaderboard
from mixfit.checkpoint import check_checkpoints
from mixfit.commands.points import points_asked_for
from mixfit.data.tables import column_names, read_chunks, read_table
from mixfit.errors import InputError
from mixfit.leaderboard.text import csv_of
from mixfit.runs import find
from tests.running import run_experiment, train

MOST_BYTES = 300e6
"""Of Python's and NumPy's memory, for files of a few kilobytes."""

RANDOM = np.random.default_rng(20)
NUMBERS = RANDOM.normal(size=(40, 3)) * 10.0 ** RANDOM.integers(-30, 30, (40, 3))
KINDS = ["red", "green", "blue", "a,b"] * 10

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


# Sound files of every format


def text(delimiter: str = ",", newline: str = "\n", header: bool = True, quoted: bool = False) -> bytes:
    stream = StringIO(newline="")
    quoting: Any = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([["x", "y", "z", "kind"]] * header)
    writer.writerows([*map(repr, row), kind] for row, kind in zip(NUMBERS.tolist(), KINDS, strict=True))
    return stream.getvalue().encode()


def npy(array: npt.NDArray[Any]) -> bytes:
    buffer = BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz(packed: bool) -> bytes:
    buffer = BytesIO()
    (np.savez_compressed if packed else np.savez)(buffer, x=NUMBERS[:, 0], y=NUMBERS[:, 1], kind=np.array(KINDS))
    return buffer.getvalue()


def of_parquet(**options: Any) -> bytes:
    buffer = BytesIO()
    columns = {"x": NUMBERS[:, 0], "y": np.sign(NUMBERS[:, 1]).astype(np.float16), "n": np.arange(40, dtype=np.uint8)}
    parquet.write_table(pa.table({**columns, "kind": pa.array(KINDS).dictionary_encode()}), buffer, **options)
    return buffer.getvalue()


SOUND: dict[str, tuple[str, bytes]] = {
    "csv": ("p.csv", text()),
    "quoted": ("p.csv", text(newline="\r\n", quoted=True)),
    "marked": ("p.csv", b"\xef\xbb\xbf" + text(";", header=False)),
    "tsv": ("p.tsv", text("\t")),
    "gzip": ("p.csv.gz", gzip.compress(text(), mtime=0)),
    "bzip2": ("p.csv.bz2", bz2.compress(text())),
    "npy": ("p.npy", npy(NUMBERS)),
    "npy by column": ("p.npy", npy(np.asfortranarray(np.sign(NUMBERS).astype(">f4")))),
    "npy of text": ("p.npy", npy(NUMBERS.astype(str))),
    "npz": ("p.npz", npz(packed=False)),
    "npz packed": ("p.npz", npz(packed=True)),
    "parquet": ("p.parquet", of_parquet()),
    "parquet pages": ("p.parquet", of_parquet(row_group_size=7, compression="zstd", write_page_checksum=True)),
    "parquet plain": ("p.parquet", of_parquet(compression="none", use_dictionary=False, data_page_version="2.0")),
}
OTHERS = [content for _, content in SOUND.values()]


# Mutations

Random = np.random.Generator


def cut(content: bytes, random: Random) -> bytes:
    return content[: random.integers(len(content) + 1)]


def overwritten(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for place in random.integers(len(changed), size=random.integers(1, 12)) if changed else ():
        changed[place] = random.integers(256)
    return bytes(changed)


def bent(content: bytes, random: Random) -> bytes:
    """A few bits flipped near the beginning or the end, where formats keep what they say of themselves."""
    changed = bytearray(content)
    for place in random.integers(min(len(changed), 300), size=3) if changed else ():
        changed[place if random.random() < 0.5 else -1 - place] ^= 1 << random.integers(8)
    return bytes(changed)


def repeated(content: bytes, random: Random) -> bytes:
    first, last = sorted(random.integers(len(content) + 1, size=2))
    return content[:last] + content[first:last] * int(random.integers(1, 4)) + content[last:]


def spliced(content: bytes, random: Random) -> bytes:
    other = OTHERS[random.integers(len(OTHERS))]
    place = random.integers(len(content) + 1)
    return content[:place] + other[random.integers(len(other)) :][:200] + content[place:]


def without(content: bytes, random: Random) -> bytes:
    first, last = sorted(random.integers(len(content) + 1, size=2))
    return content[:first] + content[last:]


def salted(content: bytes, random: Random) -> bytes:
    """With what text files stumble over."""
    words = [
        b'"',
        b"\0",
        b"\r",
        b"\n\n",
        b",",
        b";",
        b"\t",
        b"nan",
        b"1e999",
        b"\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"#",
        b"'",
    ]
    for _ in range(random.integers(1, 5)):
        place = random.integers(len(content) + 1)
        content = content[:place] + words[random.integers(len(words))] + content[place:]
    return content


MUTATIONS = [cut, overwritten, bent, repeated, spliced, without, salted]


def mutated(content: bytes, random: Random) -> bytes:
    for _ in range(random.integers(1, 3)):
        content = MUTATIONS[random.integers(len(MUTATIONS))](content, random)
    return content


# What reading comes to

Outcome = tuple[npt.NDArray[np.float64], tuple[str, ...], list[int] | None] | str


def whole(path: Path, label: int | None) -> Outcome:
    try:
        table = read_table(path, label=label)
    except InputError as error:
        return sentence(error, path)
    assert np.isfinite(table.points).all()
    assert table.points.ndim == 2
    assert table.points.size > 0
    return table.points, table.columns, None if table.labels is None else table.labels.tolist()


def in_parts(path: Path, label: int | None, rows: int) -> Outcome:
    points: list[npt.NDArray[np.float64]] = []
    labels: list[int] = []
    columns: tuple[str, ...] = ()
    try:
        for chunk in read_chunks(path, label=label, rows=rows):
            assert 0 < len(chunk.points) <= rows
            points.append(chunk.points)
            labels.extend([] if chunk.labels is None else chunk.labels.tolist())
            columns = chunk.columns
    except InputError as error:
        return sentence(error, path)
    return np.concatenate(points), columns, None if label is None else labels


def sentence(error: InputError, path: Path) -> str:
    message = str(error)
    assert message.startswith(f"data.path={path}: ")
    assert 30 < len(message) - len(str(path)) < 1500
    assert "\n" not in message
    return message


def agree(one: Outcome, other: Outcome) -> bool:
    """Whether both refuse, or both give the same rows; of several faults in a file another may be met first."""
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str)
    return np.array_equal(one[0], other[0]) and one[1:] == other[1:]


@pytest.mark.parametrize("name", SOUND)
def test_the_files_are_sound_before_they_are_mutated(name: str, tmp_path: Path) -> None:
    file, content = SOUND[name]
    (tmp_path / file).write_bytes(content)
    label = None if name.startswith("npy") else len(column_names(tmp_path / file)) - 1
    outcome = whole(tmp_path / file, label)
    assert not isinstance(outcome, str)
    assert agree(outcome, in_parts(tmp_path / file, label, rows=7))


@pytest.mark.parametrize("name", SOUND)
def test_a_mutated_file_is_finite_rows_or_a_sentence(name: str, tmp_path: Path) -> None:
    file, content = SOUND[name]
    path, random = tmp_path / file, np.random.default_rng([3, *name.encode()])
    n_refused = 0
    for trial in range(250):
        path.write_bytes(mutated(content, random))
        label = None if trial % 2 else 0
        outcome = whole(path, label)
        assert agree(outcome, in_parts(path, label, rows=int(random.integers(1, 50)))), trial
        n_refused += isinstance(outcome, str)
    assert n_refused > 50


@pytest.mark.parametrize("name", ["npy", "npz packed", "parquet plain", "csv"])
def test_a_small_file_takes_little_memory(name: str, tmp_path: Path) -> None:
    file, content = SOUND[name]
    path, random = tmp_path / file, np.random.default_rng(8)
    before = pa.default_memory_pool().max_memory() or 0
    tracemalloc.start()
    for _ in range(60):
        path.write_bytes(bent(content, random))
        whole(path, None)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < MOST_BYTES
    assert (pa.default_memory_pool().max_memory() or 0) - before < MOST_BYTES


@pytest.mark.parametrize("file", ["p.csv", "p.tsv", "p.csv.gz", "p.npy", "p.npz", "p.parquet"])
@given(content=st.binary(max_size=300))
@SETTINGS
def test_any_bytes_are_rows_or_a_sentence(content: bytes, file: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_bytes(gzip.compress(content) if file.endswith(".gz") else content)
    assert agree(whole(path, None), in_parts(path, None, rows=2))


@given(
    content=st.text(st.sampled_from("01.5e-+,;\t \"'\r\nxnaN\ufeff\u00e9"), max_size=80),
    header=st.sampled_from([None, True, False]),
)
@SETTINGS
def test_any_text_is_rows_or_a_sentence(content: str, header: bool | None, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(content, encoding="utf-8", newline="")
    try:
        table = read_table(path, header=header)
    except InputError as error:
        sentence(error, path)
    else:
        assert np.isfinite(table.points).all()


# Claims


def header_of(shape: str, dtype: str = "<f8", order: str = "False") -> bytes:
    """An NPY file that says much and holds eight bytes."""
    text_ = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text_).to_bytes(2, "little") + text_.encode() + bytes(8)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ("(1000000000000000,)", "<f8"),
        ("(1000000000000000, 3)", "<f8"),
        ("(1000000000000000,)", "<U0"),
        ("(1000000000000000, 0)", "<f8"),
        ("(0, 1000000000)", "<f8"),
        ("(9223372036854775807, 9223372036854775807)", "<f8"),
        ("(-1, 3)", "<f8"),
        ("(-5,)", "<f8"),
        ("(1,)", "<U100000000"),
        ("(1,)", "|V999999999"),
        ("(True,)", "<f8"),
        ("1", "<f8"),
        ("(1, [2])", "<f8"),
    ],
)
@pytest.mark.parametrize("order", ["False", "True"])
def test_an_array_that_claims_more_than_there_is_is_refused_at_once(
    shape: str, dtype: str, order: str, tmp_path: Path
) -> None:
    path = tmp_path / "p.npy"
    path.write_bytes(header_of(shape, dtype, order))
    tracemalloc.start()
    outcome = whole(path, None)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(outcome, str) or (shape, outcome[0].shape) == ("(True,)", (1, 1))
    assert most < 10e6


def test_a_line_without_an_end_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "p.csv.gz"
    path.write_bytes(gzip.compress(b"1" * 2**27))
    tracemalloc.start()
    outcome = whole(path, None)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "line 1 is longer than 16 MiB" in str(outcome)
    assert most < 2**27


def test_more_points_than_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixfit.data.memory.bytes_of_memory", lambda: 4e6)
    path = tmp_path / "p.npz"
    np.savez_compressed(path, np.zeros(10**6))
    assert path.stat().st_size < 10**5
    assert "more than 0.008 GB, and this machine has 0.004 GB" in str(whole(path, None))
    assert sum(len(chunk.points) for chunk in read_chunks(path, rows=10**4)) == 10**6


# Written and read back

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TABLES = hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=FINITE)


def by_csv(path: Path, points: npt.NDArray[np.float64]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[f"c{j}" for j in range(points.shape[1])], *points.tolist()])


def by_parquet(path: Path, points: npt.NDArray[np.float64]) -> None:
    parquet.write_table(pa.table({f"c{j}": column for j, column in enumerate(points.T)}), path)


WRITERS: dict[str, Callable[[Path, npt.NDArray[np.float64]], None]] = {
    "p.csv": by_csv,
    "p.parquet": by_parquet,
    "p.npy": np.save,
    "p.npz": lambda path, points: np.savez(path, **{f"c{j}": column for j, column in enumerate(points.T)}),
}


@pytest.mark.parametrize("file", WRITERS)
@given(points=TABLES)
@SETTINGS
def test_finite_tables_are_read_back_to_the_last_bit(
    points: npt.NDArray[np.float64], file: str, tmp_path: Path
) -> None:
    WRITERS[file](tmp_path / file, points)
    outcome = whole(tmp_path / file, None)
    assert not isinstance(outcome, str)
    assert outcome[0].tobytes() == np.ascontiguousarray(points).tobytes()
    assert agree(outcome, in_parts(tmp_path / file, None, rows=1))


@pytest.mark.parametrize(
    "dtype", ["<f2", ">f2", "<f4", ">f8", "?", "u1", "i1", "<u2", ">i4", "<u8", ">i8", np.longdouble]
)
@given(data=st.data())
@SETTINGS
def test_every_kind_of_number_is_read_as_the_same_number(data: st.DataObject, dtype: Any, tmp_path: Path) -> None:
    kind = np.dtype(dtype)
    array = data.draw(hnp.arrays(kind, (3, 2), elements=hnp.from_dtype(kind, allow_nan=False, allow_infinity=False)))
    with np.errstate(all="ignore"):
        expected = array.astype(np.float64)
    np.save(tmp_path / "p.npy", array)
    outcome = whole(tmp_path / "p.npy", None)
    if np.isfinite(expected).all():
        assert np.array_equal(outcome[0], expected)
    else:
        assert "beyond the range of float64" in str(outcome)


# The folder of a run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "run"
    sizes = ["data.n_samples=60", "data.n_val=20", "data.n_test=20"]
    run_experiment(folder, *sizes, "optimizer=adam", "trainer.max_epochs=10", "optimizer.tolerance=0", "trainer=cpu")
    return folder


@pytest.fixture
def folder(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "run"))


def about(error: InputError, folder: Path) -> None:
    """One sentence that names what lies in the folder."""
    assert str(folder) in str(error)
    assert "\n" not in str(error)


def mutants(path: Path, number: int, seed: int) -> Iterator[int]:
    """Writes one mutant after the other, and the file itself again in the end."""
    content, random = path.read_bytes(), np.random.default_rng(seed)
    for trial in range(number):
        path.write_bytes(mutated(content, random))
        yield trial
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors", "metrics.json", ".hydra/config.yaml"])
def test_a_mutated_model_is_itself_or_a_sentence(name: str, folder: Path) -> None:
    points = np.linspace(-3, 3, 7)[:, None]
    expected = mixfit.load(folder).score_samples(points)
    for _ in mutants(folder / name, 150, seed=1):
        try:
            scores = mixfit.load(folder).score_samples(points)
        except InputError as error:
            about(error, folder)
        else:
            assert np.array_equal(scores, expected)


@pytest.mark.parametrize("name", ["metrics.json", ".hydra/config.yaml", ".hydra/hydra.yaml", ".hydra/overrides.yaml"])
def test_a_mutated_note_of_a_run_is_a_row_of_the_table(name: str, folder: Path) -> None:
    for _ in mutants(folder / name, 100, seed=2):
        (found,) = find([folder])
        assert isinstance(found.metrics["status"], str)
        assert csv_of(leaderboard.of([found]))
        try:
            points_asked_for(found, {})
        except InputError as error:
            about(error, folder)


@pytest.mark.parametrize("name", ["best.ckpt", "last.ckpt"])
def test_a_mutated_checkpoint_is_numbers_or_a_sentence(name: str, folder: Path) -> None:
    n_refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in mutants(folder / "checkpoints" / name, 150, seed=3):
            try:
                check_checkpoints(folder, n_components=2)
            except InputError as error:
                about(error, folder / "checkpoints")
                n_refused += 1
    assert n_refused > 50


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*place, key)
        yield from leaves(part, (*place, key))


def test_a_checkpoint_with_another_value_somewhere_goes_on_or_says_so(folder: Path, tmp_path: Path) -> None:
    """Any of its values may be another: the run goes on, or ends in a sentence."""
    last, random = folder / "checkpoints" / "last.ckpt", np.random.default_rng(4)
    content = torch.load(last, weights_only=True)
    kept = Path(shutil.copytree(folder, tmp_path / "kept"))
    values: list[Any] = [None, "word", -1, 10**6, [], {}, 1.5, torch.ones(2)]
    places = list(leaves(content))
    for place in (places[index] for index in random.choice(len(places), 25, replace=False)):
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        changed = torch.load(last, weights_only=True)
        inner = changed
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = values[random.integers(len(values))]
        torch.save(changed, last)
        ended = train(tmp_path / "elsewhere", f"resume={folder}", "trainer.max_epochs=12")
        assert "Traceback" not in ended.stderr, (place, ended.stderr)
        assert ended.status == 0 or "error: " in ended.stderr, (place, ended.stderr)


def test_the_json_of_a_model_vouches_for_itself(folder: Path) -> None:
    """One digit anywhere: of the floor, of a number that came of the fit, of a setting, of a column's name."""
    path = folder / "model.json"
    header = json.loads(path.read_text())
    for key in ("floor", "columns", "settings", "fitted", "n_components", "mixfit"):
        other = {"floor": 0.5, "columns": ["w"], "settings": {}, "fitted": {}, "n_components": 3, "mixfit": "9.9"}[key]
        path.write_text(json.dumps(header | {key: other}))
        with pytest.raises(InputError, match=r"model\.json"):
            mixfit.load(folder)
    assert header["sha256"] == sha256((folder / "model.safetensors").read_bytes()).hexdigest()
