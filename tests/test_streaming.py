"""Does a fit to points that stay on disk end where a fit to the same points in memory ends?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from mixfit import portable
from mixfit.checkpoint import loaded
from tests.running import LAST, Ended, train

N_POINTS = 5000
FIT = ["data=file", "model.n_components=3", "trainer=cpu", "data.label=group"]
SHAPES = ["rows.npy", "columns.npy", "odd.parquet", "one.parquet", "folder"]


def points() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Three clouds in two dimensions, and which cloud each point is of."""
    random = np.random.default_rng(0)
    group = random.integers(0, 3, N_POINTS)
    return np.array([[0, 0], [4, 0], [0, 5]])[group] + random.normal(size=(N_POINTS, 2)) * [1, 0.7], group


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same points in every form that can stay on disk."""
    import pyarrow as pa
    from pyarrow import parquet

    folder = tmp_path_factory.mktemp("points")
    x, group = points()
    table = pa.table({"a": x[:, 0], "b": x[:, 1], "group": group})
    matrix = np.column_stack([x, group])
    np.save(folder / "rows.npy", matrix)
    np.save(folder / "columns.npy", np.asfortranarray(matrix))
    parquet.write_table(table, folder / "odd.parquet", row_group_size=777)
    parquet.write_table(table, folder / "one.parquet")
    (folder / "folder").mkdir()
    for name, rows in {"a": slice(0, 17), "b": slice(17, 3000), "c": slice(3000, None)}.items():
        part = table.slice(rows.start, None if rows.stop is None else rows.stop - rows.start)
        parquet.write_table(part, folder / "folder" / f"{name}.parquet", row_group_size=1000)
    return folder


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that these few points are many of them."""
    from mixfit.data import array_files, parquet_files, shuffle, stored_table

    monkeypatch.setattr(array_files, "PIECE", 3000)
    monkeypatch.setattr(parquet_files, "PIECE", 500)
    monkeypatch.setattr(shuffle, "BUFFER", 2000)
    monkeypatch.setattr(stored_table, "STRETCH", 512)


def fit(run: Path, file: Path, stream: bool, *options: str) -> Ended:
    label = ["data.label=2"] if file.suffix == ".npy" else []
    ended = train(run, *FIT, *label, f"data.path={file}", f"data.stream={str(stream).lower()}", *options)
    assert ended.status == 0, ended.stderr
    return ended


def parameters(checkpoint: Path) -> dict[str, torch.Tensor]:
    state = loaded(checkpoint)["state_dict"]
    return {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}


def components(ended: Ended) -> tuple[torch.Tensor, ...]:
    """Weights, means and covariances, ordered by the means: starts that are equally good may differ in the order."""
    density = portable.read(ended.folder).density
    order = density.means[:, 0].argsort()
    return density.weights[order], density.means[order], density.covariances[order]


RTOL = 1e-9


def assert_same_fit(streamed: Ended, in_memory: Ended) -> None:
    for name, value in in_memory.metrics.items():
        if isinstance(value, float) and not name.startswith("seconds"):
            assert streamed.metrics[name] == pytest.approx(value, rel=RTOL, abs=RTOL), name
    assert streamed.metrics["n_points"] == in_memory.metrics["n_points"]
    for mine, theirs in zip(components(streamed), components(in_memory), strict=True):
        assert_close(mine, theirs, rtol=RTOL, atol=RTOL)


@pytest.mark.parametrize("shape", SHAPES)
def test_streamed_em_is_em_in_memory(shape: str, folder: Path, tmp_path: Path) -> None:
    fits = [fit(tmp_path / str(stream), folder / shape, stream, "optimizer=em") for stream in (True, False)]
    assert fits[0].metrics["converged"]
    assert fits[0].metrics["ari"] > 0.9
    assert_same_fit(*fits)


@pytest.mark.parametrize("optimizer", ["kmeans", "adam"])
def test_every_way_to_fit_a_full_batch_streams(optimizer: str, folder: Path, tmp_path: Path) -> None:
    """From a bare draw: at a maximum rounding decides whether a step has gained, and so when Adam's rate is cut."""
    options = [f"optimizer={optimizer}", "trainer.max_epochs=20", "moves=none", "init.n_passes=0"]
    fits = [fit(tmp_path / str(stream), folder / "odd.parquet", stream, *options) for stream in (True, False)]
    assert_same_fit(*fits)


def test_a_line_search_streams_to_the_same_optimum(folder: Path, tmp_path: Path) -> None:
    """There rounding errors decide how often it looks, and the density is flat in its parameters."""
    fits = [fit(tmp_path / str(stream), folder / "odd.parquet", stream, "optimizer=lbfgs") for stream in (True, False)]
    assert all(ended.metrics["converged"] for ended in fits)
    streamed, in_memory = (ended.metrics["nll/train"] for ended in fits)
    assert streamed == pytest.approx(in_memory, rel=RTOL, abs=0)
    for mine, theirs in zip(*map(components, fits), strict=True):
        assert_close(mine, theirs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("optimizer", ["em", "adam"])
def test_streamed_batches_go_on_as_if_they_had_never_stopped(optimizer: str, folder: Path, tmp_path: Path) -> None:
    options = [f"optimizer={optimizer}", "data.batch_size=300", "optimizer.tolerance=0"]
    whole = fit(tmp_path / "whole", folder / "odd.parquet", True, *options, "trainer.max_epochs=6")
    fit(tmp_path / "cut", folder / "odd.parquet", True, *options, "trainer.max_epochs=3")
    gone_on = train(tmp_path / "elsewhere", f"resume={tmp_path / 'cut'}", "trainer.max_epochs=6")
    assert gone_on.status == 0, gone_on.stderr
    for name, value in parameters(whole.folder / LAST).items():
        assert_close(parameters(tmp_path / "cut" / LAST)[name], value, rtol=1e-13, atol=1e-13)


def test_em_on_streamed_batches_is_em_on_all_points(folder: Path, tmp_path: Path) -> None:
    """From a bare draw: of several passes at the maximum rounding decides which is the best."""
    options = ["optimizer=em", "data.val_fraction=0", "moves=none", "init.n_passes=0"]
    fits = [
        fit(tmp_path / str(size), folder / "odd.parquet", True, *options, f"data.batch_size={size}")
        for size in (300, "null")
    ]
    assert_same_fit(*fits)


def test_two_processes_share_the_pieces_and_end_as_one_does(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the other process reads the pieces as they are: one for each file
    one = fit(tmp_path / "one", folder / "folder", True, "optimizer=em")
    two = [word for word in FIT if word != "trainer=cpu"]
    ddp = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "optimizer=em", "data.stream=true"]
    ended = train(tmp_path / "two", *two, f"data.path={folder / 'folder'}", *ddp)
    assert ended.status == 0, ended.stderr
    assert_same_fit(ended, one)


def test_batch_after_batch_is_no_search_along_a_line(folder: Path, tmp_path: Path) -> None:
    options = ["optimizer=lbfgs", "data.batch_size=300", "data.stream=true", f"data.path={folder / 'odd.parquet'}"]
    ended = train(tmp_path / "run", *FIT, *options)
    assert ended.status == 1
    assert "data.batch_size=null" in ended.stderr


@pytest.mark.parametrize("stream", [True, False])
def test_the_bar_says_how_many_rows_a_second_are_looked_at(stream: bool, folder: Path, tmp_path: Path) -> None:
    ended = fit(tmp_path / "run", folder / "odd.parquet", stream, "optimizer=em", "trainer.max_epochs=3")
    assert re.search(r"nll \d+\.\d{5}\s+[\d.e+]+[kMG]? rows/s", ended.stderr)
