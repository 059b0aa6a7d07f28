"""Are the points that a command draws those of the model, and the same for the same seed?"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import csv, parquet
from scipy.stats import chi2, kstest

from mixfit import portable
from mixfit.commands import sample
from mixfit.commands.sample import main
from mixfit.errors import InputError
from tests.fitted_runs import fitted_run, save_model, two_blobs
from tests.running import REPOSITORY


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose columns have names."""
    return fitted_run(tmp_path / "run", two_blobs(2), torch.eye(2), {"data": "gaussians"}, ["width", "height"])


def written(run: Path, name: str, *words: str) -> Path:
    output = run.parent / name
    main([str(run), *words, "--output", str(output)])
    return output


def refusal(*words: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        main([*map(str, words)])
    return str(caught.value)


def test_every_format_has_the_same_rows_with_the_component_last(run: Path) -> None:
    table = parquet.read_table(written(run, "p.parquet"))
    assert table.column_names == ["width", "height", "component"]
    assert len(table) == 1000
    assert csv.read_csv(written(run, "p.csv")).equals(table)
    matrix = np.load(written(run, "p.npy"))
    assert matrix.dtype == np.float64
    assert np.array_equal(matrix, np.column_stack([column.to_numpy() for column in table.columns]))


def test_the_points_are_those_that_the_density_draws(run: Path) -> None:
    matrix = np.load(written(run, "p.npy", "--rows", "20", "--seed", "3"))
    points, component = portable.read(run).density.sample(20, torch.Generator().manual_seed(3))
    assert np.array_equal(matrix[:, :2], points.numpy())
    assert np.array_equal(matrix[:, 2], component.numpy())


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npy"])
def test_a_seed_gives_the_same_bytes_and_another_gives_others(
    run: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(sample, "CHUNK_ELEMENTS", 4 * 30)
    first, again, other = (
        written(run, f"{name}.{suffix}", "--rows", "100", f"--seed={seed}").read_bytes()
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert first == again
    assert first != other


def test_chunks_draw_from_the_model_too(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A point of a component is at a distance whose square is chi-squared, and components have their weights."""
    monkeypatch.setattr(sample, "CHUNK_ELEMENTS", 4 * 300)
    matrix = np.load(written(run, "p.npy", "--rows", "5000"))
    component = matrix[:, 2].astype(int)
    means = portable.read(run).density.means.numpy()
    squared = ((matrix[:, :2] - means[component]) ** 2).sum(1)
    assert kstest(squared, chi2(2).cdf).pvalue > 0.01
    assert np.bincount(component) / 5000 == pytest.approx([0.25, 0.75], abs=0.02)
    assert len(np.unique(matrix[:, 0])) == 5000


def test_without_an_output_the_first_rows_are_printed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(run), "--rows", "3"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["width", "height", "component"]
    assert len(lines) == 5
    assert "--output" in lines[4]


def test_a_saved_model_is_enough(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "model", two_blobs(1), torch.zeros(1, 1), ["component"])
    table = csv.read_csv(written(folder, "p.csv", "--rows", "2"))
    assert table.column_names == ["component", "component_drawn"]


def test_the_script_is_the_command(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = str(REPOSITORY / "scripts" / "sample.py")
    monkeypatch.setattr(sys, "argv", [script, str(run), "--rows", "1"])
    runpy.run_path(script, run_name="__main__")
    assert capsys.readouterr().out.split()[:3] == ["width", "height", "component"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--rows", "0"], "--rows: 0: a whole number from 1 up"),
        (["--rows", "many"], "--rows: many: a whole number from 1 up"),
        (["--seed=-1"], "--seed: -1: a whole number from 0 up"),
        (["data=gaussians"], "data: this looks at the model alone and at no points"),
        (["--output", "p.txt"], "give .csv, .parquet or .npy"),
    ],
)
def test_what_cannot_be_drawn_is_refused(run: Path, words: list[str], reason: str) -> None:
    assert reason in refusal(run, *words)


def test_a_file_that_appears_meanwhile_is_not_written_over(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output, columns = run.parent / "p.npy", sample.schema

    def slow(model: portable.Model) -> pa.Schema:
        output.write_text("mine")
        return columns(model)

    monkeypatch.setattr(sample, "schema", slow)
    assert refusal(run, "--output", output) == (
        f"{output}: is there already, and would be written over; choose another name"
    )
    assert output.read_text() == "mine"
    assert sorted(path.name for path in run.parent.iterdir()) == ["p.npy", "run"]


def test_brackets_in_a_columns_name_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = save_model(tmp_path / "model", two_blobs(1), torch.zeros(1, 1), ["[bold]"])
    main([str(folder), "--rows", "1"])
    assert capsys.readouterr().out.split()[:2] == ["[bold]", "component"]
