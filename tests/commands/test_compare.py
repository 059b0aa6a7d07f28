"""Is a comparison paired, on the same points, and does its text agree with its numbers?"""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import sem
from sklearn.metrics import adjusted_rand_score

from mixfit.commands.compare import main
from mixfit.errors import InputError
from mixfit.mixtures.density import Density
from tests.fitted_runs import fitted_run, save_model, two_blobs
from tests.running import run_experiment

DATA = {"data": "gaussians", "n_samples": 40, "n_val": 10, "n_test": 60}
FILES = ["compare.csv", "compare.md", "compare.png"]


def one_blob(dim: int) -> Density:
    return Density.of(torch.ones(1), torch.full((1, dim), 2.0), 9 * torch.eye(dim)[None])


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """Two runs of the same points."""
    densities = {"two": two_blobs(2), "one": one_blob(2)}
    return [str(fitted_run(tmp_path / name, density, torch.eye(2), DATA)) for name, density in densities.items()]


def rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO((folder / "compare.csv").read_text())))


def test_runs_are_compared_point_by_point_on_the_first_ones_test_points(runs: list[str], tmp_path: Path) -> None:
    from mixfit.data.gaussians import Gaussians

    points = Gaussians(n_samples=40, n_val=10, n_test=60).load(0).test
    scores = {name: d.log_density(points.points).numpy() for name, d in (("two", two_blobs(2)), ("one", one_blob(2)))}
    best, other = sorted(scores, key=lambda name: -scores[name].mean())
    main([*runs, "--output", str(tmp_path / "new")])
    first, second = rows(tmp_path / "new")
    assert (first["run"], second["run"]) == (best, other)
    for row in (first, second):
        assert float(row["nll"]) == pytest.approx(-scores[row["run"]].mean(), rel=1e-12)
        assert float(row["nll/se"]) == pytest.approx(sem(scores[row["run"]]), rel=1e-10)
    assert (first["above best"], first["above best/se"]) == ("0.0", "")
    assert float(second["above best"]) == pytest.approx((scores[best] - scores[other]).mean(), rel=1e-10)
    assert float(second["above best/se"]) == pytest.approx(sem(scores[best] - scores[other]), rel=1e-10)
    assert points.labels is not None
    own = {name: d.assign(points.points) for name, d in (("two", two_blobs(2)), ("one", one_blob(2)))}
    assert float(first["ari"]) == pytest.approx(adjusted_rand_score(points.labels, own[best]), abs=1e-12)
    agreement = adjusted_rand_score(own["two"], own["one"])
    assert float(first[f"agreement/{other}"]) == float(second[f"agreement/{best}"]) == pytest.approx(agreement)
    assert float(first[f"agreement/{best}"]) == 1
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == FILES


def test_settings_that_differ_have_columns(runs: list[str], tmp_path: Path) -> None:
    main([*runs, "--output", str(tmp_path / "new")])
    assert {row["run"]: row["n_components"] for row in rows(tmp_path / "new")} == {"two": "2", "one": "1"}
    assert "covariance_type" not in rows(tmp_path / "new")[0]
    markdown = (tmp_path / "new" / "compare.md").read_text()
    assert "n_components" in markdown
    assert "60 test points of two" in markdown


def test_what_nobody_typed_sets_no_runs_apart(tmp_path: Path) -> None:
    folders = {name: str(tmp_path / name) for name in ("em", "kmeans")}  # their tolerances are 1e-7 and 0
    for name, folder in folders.items():
        run_experiment(Path(folder), "data=old_faithful", f"optimizer={name}", "trainer=cpu")
    main([*folders.values(), "--output", str(tmp_path / "new")])
    assert {row["optimizer"] for row in rows(tmp_path / "new")} == {"em", "kmeans"}
    assert "tol" not in rows(tmp_path / "new")[0]


def test_the_same_comparison_leaves_the_same_bytes(runs: list[str], tmp_path: Path) -> None:
    for name in ("a", "b", "a"):
        main([*runs, "--output", str(tmp_path / name)])
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in FILES)


def test_points_that_are_given_are_all_looked_at(runs: list[str], tmp_path: Path) -> None:
    np.save(tmp_path / "given.npy", np.random.default_rng(0).normal(2, 2, (30, 2)))
    main([*runs, f"data.path={tmp_path / 'given.npy'}", "--output", str(tmp_path / "new")])
    assert f"30 points of data=file data.path={tmp_path / 'given.npy'}" in (tmp_path / "new" / "compare.md").read_text()
    assert {row["ari"] for row in rows(tmp_path / "new")} == {""}


def test_without_test_points_all_points_judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = fitted_run(tmp_path / "run", two_blobs(2), torch.eye(2), DATA | {"n_test": 0})
    main([str(run)])
    assert "50 points of run" in capsys.readouterr().out


def test_a_run_of_other_data_is_pointed_out(
    runs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = fitted_run(tmp_path / "other", one_blob(2), torch.eye(2), DATA | {"n_samples": 41})
    main([*runs, str(other)])
    assert "fitted to other data or another partition: other" in " ".join(capsys.readouterr().out.split())


def test_nothing_is_written_unless_there_is_a_folder(
    runs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    main(runs)
    assert sorted(tmp_path.rglob("*")) == before
    assert "--output FOLDER" in capsys.readouterr().out


def test_runs_of_the_same_name_go_by_their_paths(tmp_path: Path) -> None:
    same = [fitted_run(tmp_path / part / "run", one_blob(2), torch.eye(2), DATA) for part in ("a", "b")]
    main([*map(str, same), "--output", str(tmp_path / "new")])
    assert {row["run"] for row in rows(tmp_path / "new")} == {*map(str, same)}


@pytest.mark.parametrize("dim", [1, 2, 3, 6])
def test_the_picture_is_drawn_in_every_dimension(dim: int, tmp_path: Path) -> None:
    saved = [
        str(save_model(tmp_path / name, density, torch.eye(dim), [f"f{axis}" for axis in range(dim)]))
        for name, density in (("two", two_blobs(dim)), ("one", one_blob(dim)))
    ]
    np.save(tmp_path / "points.npy", np.random.default_rng(0).normal(2, 2, (500, dim)))
    main([*saved, f"data.path={tmp_path / 'points.npy'}", "--output", str(tmp_path / "new")])
    with Image.open(tmp_path / "new" / "compare.png") as picture:
        assert picture.width == 814
        pixels = np.asarray(picture.convert("RGB"), dtype=np.int64)
    for own in ([0, 114, 178], [213, 94, 0]):  # each run has a colour of its own
        assert np.abs(pixels - own).sum(-1).min() < 60


def test_what_cannot_be_compared_is_refused(runs: list[str], tmp_path: Path) -> None:
    three = fitted_run(tmp_path / "three", two_blobs(3), torch.eye(3), DATA)
    with pytest.raises(
        InputError, match=r"three: was fitted to 3 columns \(x0, x1, x2\), .*two to 2 columns \(x0, x1\)"
    ):
        main([*runs, str(three)])
    turned = fitted_run(tmp_path / "turned", two_blobs(2), torch.eye(2), DATA, ["x1", "x0"])
    with pytest.raises(InputError, match="the same columns in the same order"):
        main([*runs, str(turned)])
    with pytest.raises(InputError, match="is given twice"):
        main([runs[0], runs[0]])
    with pytest.raises(InputError, match="no run is given"):
        main([])


def test_somebodys_files_are_not_written_over(runs: list[str], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "compare.csv").write_text("mine")
    with pytest.raises(InputError, match=r"holds compare\.csv"):
        main([*runs, "--output", str(tmp_path / "mine")])
    assert (tmp_path / "mine" / "compare.csv").read_text() == "mine"
