"""Are points that stay on disk the points that would be in memory, in every part, sample, block and batch?"""

from __future__ import annotations

import os
import re
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from torch.testing import assert_close

from mixfit.data import array_files, dataset, parquet_files, partition, shuffle, stored_table
from mixfit.data.ahead import ahead
from mixfit.data.dataset import Dataset, Part, Rows
from mixfit.data.file import File
from mixfit.data.module import MixtureDataModule
from mixfit.data.partition import Partition, generator
from mixfit.errors import InputError
from mixfit.mixtures import moments as moments_module
from mixfit.mixtures.moments import Moments

N_POINTS = 3000


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_files, "PIECE", 900)
    monkeypatch.setattr(parquet_files, "PIECE", 100)
    monkeypatch.setattr(shuffle, "BUFFER", 1000)
    monkeypatch.setattr(stored_table, "STRETCH", 500)
    monkeypatch.setattr(partition, "BLOCK", 256)


def table(n_points: int = N_POINTS, dtype: type = np.float64) -> pa.Table:
    random = np.random.default_rng(1)
    x: npt.NDArray[Any] = random.normal(size=(n_points, 2)).astype(dtype)
    return pa.table({"a": x[:, 0], "b": 1e6 + x[:, 1], "kind": random.choice(["x", "y", "z"], n_points)})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    parquet.write_table(table(), tmp_path / "points.parquet", row_group_size=333)
    return tmp_path / "points.parquet"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    for name, first, n_rows in [("1", 0, 7), ("2", 7, 2000), ("3", 2007, 993)]:
        parquet.write_table(table().slice(first, n_rows), tmp_path / "folder" / f"{name}.parquet", row_group_size=600)
    return tmp_path / "folder"


def both(path: Path, **options: object) -> tuple[Dataset, Dataset]:
    """The same file on disk and in memory."""
    on_disk, in_memory = (File(path, stream=stream, **options).load(3) for stream in (True, False))  # type: ignore[arg-type]
    return on_disk, in_memory


def three(found: Dataset) -> tuple[Rows, Rows, Rows]:
    return found.train, found.val, found.test


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_every_part_has_the_points_and_labels_that_it_has_in_memory(kind: str, request: pytest.FixtureRequest) -> None:
    on_disk, in_memory = both(request.getfixturevalue(kind), label="kind", test_fraction=0.25)
    assert on_disk.columns == in_memory.columns
    for stored, part in zip(three(on_disk), three(in_memory), strict=True):
        assert not isinstance(stored, Part)
        assert len(stored) == len(part)
        assert torch.equal(stored.points, part.points)
        assert stored.labels is not None
        assert part.labels is not None
        assert torch.equal(stored.labels, part.labels)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float64", ">f4", "int16"])
def test_an_array_is_read_as_it_lies(order: str, dtype: str, tmp_path: Path) -> None:
    matrix = np.asarray(100 * np.random.default_rng(0).normal(size=(1000, 5)), dtype=dtype, order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "x.npy", matrix)
    on_disk, in_memory = both(tmp_path / "x.npy", columns=[3, 0])
    assert torch.equal(on_disk.train.points, in_memory.train.points)
    assert on_disk.train.points.shape == (800, 2)


@pytest.mark.parametrize("most", [100, 10_000])
def test_the_sample_is_the_same_on_disk_and_in_memory(most: int, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "MOST_POINTS", most)
    on_disk, in_memory = both(file, label="kind")
    mine, theirs = on_disk.train.sample, in_memory.train.sample
    assert torch.equal(mine.points, theirs.points)
    assert mine.labels is not None
    assert theirs.labels is not None
    assert torch.equal(mine.labels, theirs.labels)
    assert len(mine) == min(most, 2400)


def test_moments_of_one_look_are_those_of_numpy(file: Path) -> None:
    on_disk, in_memory = both(file, columns=["a", "b"])
    x, found = in_memory.train.points.numpy(), on_disk.train.moments
    assert found.lowest.tolist() == x.min(0).tolist()
    assert found.highest.tolist() == x.max(0).tolist()
    assert_close(found.mean, torch.from_numpy(x.mean(0)), rtol=1e-13, atol=1e-13)
    variance = found.variance * found.unit.square()
    assert_close(variance, torch.from_numpy((x - x.mean(0)).var(0)), rtol=1e-9, atol=0)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e150, 1e307])
def test_moments_add_up_whatever_the_unit(scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    x = scale * torch.randn(1000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x[:300] /= 2**40
    weights = torch.rand(1000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    whole = [Moments.of(x), Moments.of(x, weights)]
    monkeypatch.setattr(moments_module, "AT_ONCE", 100)
    monkeypatch.setattr(moments_module, "BLOCK", 100)
    for one, many in zip(whole, [Moments.of(x), Moments.of(x, weights)], strict=True):
        assert_close(many.variance, one.variance, rtol=1e-12, atol=0)
        assert_close(many.mean, one.mean, rtol=1e-12, atol=1e-15 * scale)
        assert torch.equal(many.identical, one.identical)


def test_a_partition_by_blocks_loses_no_row_and_keeps_to_the_sizes() -> None:
    for n_points in [1, 255, 256, 257, 1000, 5121]:
        found = Partition.of(n_points, 0.31, 0.07, 5)
        rows = [found.rows(part) for part in range(3)]
        assert tuple(map(len, rows)) == found.sizes == partition.part_sizes(n_points, 0.31, 0.07)
        assert torch.cat(rows).sort().values.tolist() == list(range(n_points))


@pytest.mark.parametrize("fractions", [(0.5, 0.499), (0.9, 0.099), (0.0, 0.0), (0.999, 0.0)])
def test_no_block_takes_more_than_there_is(fractions: tuple[float, float]) -> None:
    found = Partition.of(10_001, *fractions, 0)
    shares = np.array(found.by_block)
    assert (shares >= 0).all()
    assert shares.sum(0).tolist() == list(found.sizes)


def test_a_partition_of_one_block_is_the_permutation_that_it_always_was() -> None:
    n_train, n_val, n_test = partition.part_sizes(200, 0.1, 0.2)
    order = torch.randperm(200, generator=generator(7, 0)).split([n_train, n_val, n_test])
    found = Partition.of(200, 0.1, 0.2, 7)
    assert [found.rows(part).tolist() for part in range(3)] == [sorted(rows.tolist()) for rows in order]


def batches(path: Path, seed: int = 0, size: int = 64) -> list[torch.Tensor]:
    module = MixtureDataModule(File(path, columns=["a"], stream=True), batch_size=size, seed=seed)
    return [part.points for batch in module.train_dataloader() for part in batch.part.blocks()]


def test_streamed_batches_hold_every_row_once(file: Path) -> None:
    found = batches(file)
    assert [len(batch) for batch in found] == [64] * 37 + [32]
    everything = File(file, columns=["a"], stream=False).load(0).train.points
    assert torch.equal(torch.cat(found).sort(0).values, everything.sort(0).values)
    assert not torch.equal(torch.cat(found), everything)


def test_the_order_of_streamed_batches_depends_on_the_seed(file: Path) -> None:
    first, again = (torch.cat(batches(file)) for _ in range(2))
    assert torch.equal(first, again)
    order = File(file, columns=["a"], stream=True).load(0).train
    orders = [
        torch.cat(
            [part.points for batch in order.batches(64, generator(0, 5 + 8 * epoch), 0, 1) for part in batch.blocks()]
        )
        for epoch in (0, 0, 1)
    ]
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])


def test_processes_share_every_streamed_batch(file: Path) -> None:
    train = File(file, columns=["a", "b"], stream=True).load(0).train
    shares = [list(train.batches(100, generator(0, 5), rank, 3)) for rank in range(3)]
    whole = list(train.batches(100, generator(0, 5), 0, 1))
    for batch, *mine in zip(whole, *shares, strict=True):
        rows = torch.cat([part.points for share in mine for part in share.blocks()])
        (all_rows,) = batch.blocks()
        assert torch.equal(rows.sort(0).values, all_rows.points.sort(0).values)


@pytest.mark.parametrize("n_ranks", [2, 3, 40])
def test_processes_share_the_pieces_of_a_full_batch(n_ranks: int, folder: Path) -> None:
    train = File(folder, columns=["a", "b"], stream=True).load(0).train
    shares = [next(iter(train.batches(10**9, None, rank, n_ranks))) for rank in range(n_ranks)]
    rows = torch.cat([part.points for share in shares for part in share.blocks()])
    assert torch.equal(rows.sort(0).values, train.points.sort(0).values)


def test_an_error_of_the_thread_that_reads_ahead_comes_where_it_belongs() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise InputError("here")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(InputError, match="here"):
        next(found)


def test_whoever_stops_early_leaves_no_thread_behind() -> None:
    import threading

    before = threading.active_count()
    found = ahead(iter(range(10**9)))
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


# Bad input


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        File(path, stream=True, **options).load(0)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"data.path={path}: ")
    return str(caught.value).removeprefix(f"data.path={path}: ")


def test_text_cannot_stay_on_disk(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3,4\n")
    assert re.search(r"data\.stream=true .* Parquet or NPY", refusal(tmp_path / "x.csv"))
    np.savez(tmp_path / "x.npz", points=np.zeros((4, 2)))
    assert "Parquet or NPY" in refusal(tmp_path / "x.npz")


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_refused_by_name(kept: float, file: Path, folder: Path, tmp_path: Path) -> None:
    cut(file, kept)
    assert "cannot be read as a Parquet file" in refusal(file)
    cut(folder / "2.parquet", kept)
    assert refusal(folder).startswith("file '2.parquet' cannot be read as a Parquet file")
    np.save(tmp_path / "x.npy", np.ones((1000, 3)))
    cut(tmp_path / "x.npy", kept)
    assert "does not fit into" in refusal(tmp_path / "x.npy")


def cut(path: Path, kept: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])


@pytest.mark.parametrize("rows_read_together", [1, 10**6])
def test_damage_inside_is_refused_with_its_row_group(
    rows_read_together: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_files, "PIECE", rows_read_together)
    content = bytearray(file.read_bytes())
    group = parquet.ParquetFile(file).metadata.row_group(4).column(0)
    first = group.dictionary_page_offset or group.data_page_offset
    content[first : first + group.total_compressed_size] = os.urandom(group.total_compressed_size)
    file.write_bytes(bytes(content))
    assert refusal(file, columns=["a", "b"]).startswith("row group 4 (counted from 0) cannot be read as a Parquet file")


def other_name(found: pa.Table) -> pa.Table:
    return found.rename_columns(["a", "other", "kind"])


def other_type(found: pa.Table) -> pa.Table:
    return found.set_column(1, "b", pa.array([str(i) for i in range(len(found))]))


def fewer(found: pa.Table) -> pa.Table:
    return found.drop_columns(["kind"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_name, "file '3.parquet' has the column 'other' where '1.parquet' has 'b'"),
        (other_type, "file '3.parquet' has the column 'b' of type string, '1.parquet' of double"),
        (fewer, "file '3.parquet' has 2 columns, '1.parquet' has 3"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_files_of_a_folder_have_the_same_columns(
    change: Callable[[pa.Table], pa.Table], said: str, stream: bool, folder: Path
) -> None:
    parquet.write_table(change(table(50)), folder / "3.parquet")
    with pytest.raises(InputError, match=re.escape(said)):
        File(folder, stream=stream).load(0)


def test_a_folder_without_parquet_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith("is a folder without a *.parquet file")


def test_a_missing_number_is_refused_with_its_row(file: Path) -> None:
    found = table()
    column = found["a"].to_numpy().copy()
    column[[1500, 2000]] = np.nan
    parquet.write_table(found.set_column(0, "a", pa.array(column)), file, row_group_size=333)
    assert refusal(file, columns=["a", "b"]).startswith(
        "cells that are missing or NaN: 2; the first is row 1501 (counted from 1), column 'a'"
    )


def test_a_missing_number_in_a_folder_is_refused_with_its_file_and_row(folder: Path) -> None:
    n_before = sum(parquet.read_metadata(path).num_rows for path in (folder / "1.parquet", folder / "2.parquet"))
    found = table(50)
    column = found["a"].to_numpy().copy()
    column[41] = np.nan
    parquet.write_table(found.set_column(0, "a", pa.array(column)), folder / "3.parquet", row_group_size=20)
    for stream in (True, False):
        with pytest.raises(InputError, match=rf"row {n_before + 42} \(row 42 of file '3.parquet', counted from 1\)"):
            list(File(folder, columns=["a", "b"], stream=stream).load(0).train.batches(10**6, None, 0, 1))


@pytest.mark.parametrize("change", ["touched", "longer", "gone"])
def test_a_file_that_changes_while_it_is_fitted_is_refused(change: str, folder: Path) -> None:
    train = File(folder, columns=["a", "b"], stream=True).load(0).train
    path = folder / "2.parquet"
    if change == "touched":
        os.utime(path, ns=(0, 0))
    elif change == "longer":
        parquet.write_table(table(2500), path)
    else:
        path.unlink()
    became = "is gone" if change == "gone" else "was changed"
    with pytest.raises(
        InputError, match=rf"data\.path={folder}: the file '2.parquet' {became} while it was being fitted"
    ):
        list(train.blocks())


def test_fewer_points_than_processes_are_refused(tmp_path: Path) -> None:
    parquet.write_table(table(3), tmp_path / "few.parquet")
    module = MixtureDataModule(File(tmp_path / "few.parquet", columns=["a"], stream=True))

    class Four:
        world_size, global_rank = 4, 0

    module.trainer = Four()  # type: ignore[assignment]
    with pytest.raises(InputError, match=r"few\.parquet: 3 training points are fewer than the 4 processes"):
        module.train_dataloader()


# Memory


def test_memory_does_not_grow_with_the_number_of_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(array_files, "PIECE", 2**16)
    monkeypatch.setattr(stored_table, "STRETCH", 2**14)
    monkeypatch.setattr(partition, "BLOCK", 2**14)
    peaks = []
    for n_points in (2**18, 2**21):
        path = tmp_path / f"{n_points}.npy"
        np.save(path, np.arange(2 * n_points, dtype=np.float32).reshape(n_points, 2))
        tracemalloc.start()  # NumPy's arrays, which all points pass through
        train = File(path, val_fraction=0, test_fraction=0, stream=True).load(0).train
        n_seen = sum(len(block) for block in train.blocks())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert n_seen == n_points
    assert peaks[1] < 1.5 * peaks[0] + 2**20
    assert peaks[1] < 2**21 * 2 * 4 / 2  # half of what the larger file has
