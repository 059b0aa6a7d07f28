"""Does every point get the label, the log-density and the responsibilities that SciPy gives it, in any chunks?"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import torch
from pyarrow import csv, parquet
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixfit import portable
from mixfit.commands import chunks
from mixfit.commands.predict import main
from mixfit.errors import InputError
from mixfit.mixtures.density import Density
from tests.fitted_runs import fitted_run, two_blobs
from tests.running import REPOSITORY, run_experiment

IRIS = REPOSITORY / "tests" / "reference" / "iris.csv"
MEASURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was fitted to iris, whose label is no coordinate."""
    folder = tmp_path_factory.mktemp("iris") / "run"
    asked = ["data=file", f"data.path={IRIS}", "data.label=species", "model.n_components=3", "optimizer=em"]
    run_experiment(folder, *asked)
    return folder


@pytest.fixture
def blobs(tmp_path: Path) -> tuple[Path, npt.NDArray[np.float64]]:
    """A run on 1000 points of a file, none of them held out, and these points."""
    density = two_blobs(2)
    points, _ = density.sample(1000, torch.Generator().manual_seed(1))
    np.save(tmp_path / "own.npy", points.numpy())
    data = {"data": "file", "path": str(tmp_path / "own.npy"), "val_fraction": 0.0, "test_fraction": 0.0}
    return fitted_run(tmp_path / "run", density, points, data, ["0", "1"]), points.numpy()


def rows_of(path: Path) -> dict[str, npt.NDArray[Any]]:
    table = parquet.read_table(path) if path.suffix == ".parquet" else csv.read_csv(path)
    return {name: column.to_numpy() for name, column in zip(table.column_names, table.columns, strict=True)}


def predict(folder: Path, *words: str | Path, suffix: str = ".parquet") -> dict[str, npt.NDArray[Any]]:
    """The rows that are written, column by column."""
    output = folder / f"predictions{suffix}"
    main([*map(str, words), "--output", str(output)])
    return rows_of(output)


def refusal(*words: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        main([*map(str, words)])
    return str(caught.value)


def log_joint_of(density: Density, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """log π_k + log N(x_n; μ_k, Σ_k), (N, K), by SciPy."""
    parts = zip(density.weights.tolist(), density.means.numpy(), density.covariances.numpy(), strict=True)
    return np.stack([np.log(w) + multivariate_normal(m, c).logpdf(points) for w, m, c in parts], axis=1)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_every_row_of_the_file_gets_what_scipy_says_in_the_order_of_the_file(
    iris: Path, tmp_path: Path, suffix: str
) -> None:
    found = predict(tmp_path, iris, suffix=suffix)
    table = csv.read_csv(IRIS)
    log_joint = log_joint_of(
        portable.read(iris).density, np.column_stack([table[name].to_numpy() for name in MEASURES])
    )
    log_density = logsumexp(log_joint, axis=1)
    assert list(found) == ["label", "log_density", "responsibility_0", "responsibility_1", "responsibility_2"]
    np.testing.assert_array_equal(found["label"], log_joint.argmax(1))
    np.testing.assert_allclose(found["log_density"], log_density, rtol=0, atol=1e-8)
    responsibilities = np.stack([found[f"responsibility_{k}"] for k in range(3)], axis=1)
    np.testing.assert_allclose(responsibilities, np.exp(log_joint - log_density[:, None]), rtol=0, atol=1e-8)


def test_the_summary_says_what_the_rows_say_together(
    iris: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = predict(tmp_path, iris, "--outliers", "0.1")
    printed = capsys.readouterr().out
    assert "150" in printed
    assert f"{-found['log_density'].mean():.6g} nats per point" in printed
    for k, share in enumerate(np.bincount(found["label"]) / 150):
        assert f"{k}: {share:.2%}" in printed
    assert f"{found['outlier'].sum()} ({found['outlier'].mean():.2%})" in printed


def test_without_an_output_nothing_is_written(
    iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main([str(iris)])
    assert "no rows written; --output" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_the_script_is_the_command(
    iris: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = str(REPOSITORY / "scripts" / "predict.py")
    monkeypatch.setattr(sys, "argv", [script, str(iris)])
    runpy.run_path(script, run_name="__main__")
    assert "150" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [script, str(iris), "--outlier=1"])
    with pytest.raises(SystemExit, match="1"):
        runpy.run_path(script, run_name="__main__")
    assert capsys.readouterr().err == "error: --outlier=1: there is no such flag; did you mean --outliers?\n"


# Outliers


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_of_the_training_points_the_share_that_was_asked_for_are_outliers(
    blobs: tuple[Path, npt.NDArray[np.float64]], tmp_path: Path, share: float
) -> None:
    run, points = blobs
    found = predict(tmp_path, run, "--outliers", str(share))
    log_density = logsumexp(log_joint_of(two_blobs(2), points), axis=1)
    assert found["outlier"].sum() == min(1000 * share, 999)  # the likeliest point is not below itself
    assert (found["outlier"] == (log_density < np.quantile(log_density, share) - 1e-12)).all()


def test_the_threshold_belongs_to_the_training_points_and_not_to_those_looked_at(
    blobs: tuple[Path, npt.NDArray[np.float64]], tmp_path: Path
) -> None:
    run, points = blobs
    np.save(tmp_path / "new.npy", np.concatenate([points[:3], np.full((5, 2), 40.0)]))
    found = predict(tmp_path, run, f"data.path={tmp_path / 'new.npy'}", "--outliers", "0.001")
    assert found["outlier"].tolist() == [False] * 3 + [True] * 5


# Which points


def test_columns_are_found_by_their_names_and_others_are_ignored(iris: Path, tmp_path: Path) -> None:
    table = csv.read_csv(IRIS).append_column("note", pa.array(["none"] * 150))
    parquet.write_table(table.select(["note", *reversed(MEASURES)]), tmp_path / "new.parquet")
    found = predict(tmp_path, iris, f"data.path={tmp_path / 'new.parquet'}")
    assert (predict(tmp_path, iris, suffix=".csv")["log_density"] == found["log_density"]).all()


def test_columns_that_are_missing_are_named(iris: Path, tmp_path: Path) -> None:
    parquet.write_table(csv.read_csv(IRIS).drop_columns(["petal_width"]), tmp_path / "new.parquet")
    message = refusal(iris, f"data.path={tmp_path / 'new.parquet'}", "--output", tmp_path / "new.csv")
    assert "petal_width" in message
    assert not (tmp_path / "new.csv").exists()


def test_points_that_are_no_files_come_as_their_three_parts(tmp_path: Path) -> None:
    data = {"data": "gaussians", "n_samples": 50, "n_val": 20, "n_test": 30, "dim": 2}
    run = fitted_run(tmp_path / "run", two_blobs(2), torch.eye(2), data)
    found = predict(tmp_path, run)
    main_asked = predict(tmp_path, run, "data.n_val=0", "data.n_test=0", suffix=".csv")
    assert len(found["label"]) == 100
    assert (found["log_density"][:50] == main_asked["log_density"]).all()


def test_points_of_another_dimension_are_refused(iris: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "new.npy", np.zeros((4, 3)))
    message = refusal(iris, f"data.path={tmp_path / 'new.npy'}")
    assert f"the run has 4 columns ({', '.join(MEASURES)}), the data 3 columns (0, 1, 2)" in message


# Chunks


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_size_of_a_chunk_changes_a_row_by_rounding_alone(
    iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    (tmp_path / "small").mkdir()
    at_once = predict(tmp_path, iris, "--outliers", "0.1", suffix=suffix)
    monkeypatch.setattr(chunks, "CHUNK_ELEMENTS", 7 * 11)
    in_chunks = predict(tmp_path / "small", iris, "--outliers", "0.1", suffix=suffix)
    assert len(in_chunks["label"]) == 150
    for name, column in at_once.items():  # a product of other shape may add its terms in another order
        np.testing.assert_allclose(in_chunks[name], column, rtol=1e-12, atol=1e-14)


def test_a_file_longer_than_a_chunk_passes_through(blobs: tuple[Path, npt.NDArray[np.float64]], tmp_path: Path) -> None:
    run, points = blobs
    np.save(tmp_path / "long.npy", np.tile(points, (600, 1)))
    found = predict(tmp_path, run, f"data.path={tmp_path / 'long.npy'}")
    assert len(found["label"]) > 2 * chunks.CHUNK_ELEMENTS / 4
    expected = logsumexp(log_joint_of(two_blobs(2), points), axis=1)
    np.testing.assert_allclose(found["log_density"], np.tile(expected, 600), rtol=0, atol=1e-10)


def test_torch_has_its_threads_back(iris: Path) -> None:
    before = torch.get_num_threads()
    main([str(iris)])
    assert torch.get_num_threads() == before


# What goes wrong


def test_a_cell_without_a_number_stops_with_its_row_and_leaves_nothing(
    iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = IRIS.read_text().splitlines()
    lines[141] = "," + lines[141].partition(",")[2]
    (tmp_path / "new.csv").write_text("\n".join(lines))
    monkeypatch.setattr(chunks, "CHUNK_ELEMENTS", 7 * 11)
    message = refusal(iris, f"data.path={tmp_path / 'new.csv'}", "--output", tmp_path / "out.parquet")
    assert "the first is row 141 (line 142 of the file), column 'sepal_length'" in message
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_command_leaves_nothing(iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixfit.commands.predictions.Tally.add", stopped)
    with pytest.raises(KeyboardInterrupt):
        predict(tmp_path, iris)
    assert list(tmp_path.iterdir()) == []


def test_a_row_without_a_density_is_named_and_leaves_nothing(
    blobs: tuple[Path, npt.NDArray[np.float64]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, points = blobs
    np.save(tmp_path / "new.npy", np.concatenate([points[:40], [[1e100, 0.0], [1e200, 0.0]], points[:5]]))
    monkeypatch.setattr(chunks, "CHUNK_ELEMENTS", 4 * 10)
    for output in ("", f"--output={tmp_path / 'out.csv'}"):
        message = refusal(run, f"data.path={tmp_path / 'new.npy'}", *filter(None, [output]))
        assert message.startswith("row 42 of the points: lies so far from every component")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.npy", "own.npy", "run"]


def test_a_file_that_appears_meanwhile_is_not_written_over(
    iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.csv"
    monkeypatch.setattr("mixfit.commands.predictions.Tally.add", lambda *_: output.write_text("mine"))
    message = refusal(iris, "--output", output)
    assert message == f"{output}: is there already, and would be written over; choose another name"
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_brackets_and_the_file_are_shown_as_they_are(
    blobs: tuple[Path, npt.NDArray[np.float64]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, points = blobs
    np.save(tmp_path / "[x] :smile:.npy", points)
    moved = run.rename(tmp_path / "run [x] :smile:")
    main([str(moved), f"data.path='{tmp_path / '[x] :smile:.npy'}'"])
    assert f"{moved} on data=file data.path={tmp_path / '[x] :smile:.npy'}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (lambda folder: folder / "out.txt", "give .csv or .parquet"),
        (lambda folder: folder / "none" / "out.csv", "there is no folder"),
        (lambda folder: folder / "taken.csv", "is there already"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_refused_before_any_work(
    iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: Callable[[Path], Path], reason: str
) -> None:
    monkeypatch.setattr("mixfit.commands.predictions.predictions", stopped)
    (tmp_path / "taken.csv").touch()
    assert reason in refusal(iris, "--output", output(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["taken.csv"]


def test_a_folder_that_may_not_be_written_to_is_found_out_before_any_work(
    iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixfit.commands.predictions.predictions", stopped)
    monkeypatch.setattr("mixfit.commands.row_file.moved_when_complete", denied)  # the superuser may write anywhere
    message = refusal(iris, "--output", tmp_path / "out.csv")
    assert message == f"{tmp_path / 'out.csv'}: Permission denied, so nothing was written; choose another --output"


def denied(_: Path) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("share", ["2", "-0.1", "nan", "many"])
def test_a_share_that_is_none_is_refused(iris: Path, share: str) -> None:
    assert f"{share}: a share of the training points lies between 0 and 1" in refusal(iris, f"--outliers={share}")
