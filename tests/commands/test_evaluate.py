"""Are the numbers of `evaluate` those of the run, and right on other points?"""

from __future__ import annotations

import json
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, sem
from sklearn.metrics import adjusted_rand_score

from mixfit.commands.evaluate import main
from mixfit.errors import InputError
from tests.fitted_runs import fitted_run, save_model, two_blobs
from tests.running import metrics_in, run_experiment

ABOUT_POINTS = (
    *("nll/train", "nll/val", "nll/test", "nll/true", "nll/excess", "bic", "aic", "icl", "ari"),
    *("n_parameters", "n_points"),
)


def numbers(folder: Path, *words: str) -> dict[str, Any]:
    """What the command writes for a run; finite numbers or null."""
    output = folder.parent / "numbers.json"
    output.unlink(missing_ok=True)
    main([str(folder), *words, "--output", str(output)])
    content: dict[str, Any] = json.loads(output.read_text(), parse_constant=lambda constant: pytest.fail(constant))
    return content


def log_density(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Of `two_blobs(2)`, by scipy."""
    first, second = (multivariate_normal([mean, mean]).pdf(points) for mean in (0, 4))
    result: np.ndarray[Any, Any] = np.log(0.25 * first + 0.75 * second)
    return result


@pytest.fixture
def points() -> torch.Tensor:
    return two_blobs(2).sample(200, torch.Generator().manual_seed(1))[0]


@pytest.fixture
def saved(points: torch.Tensor, tmp_path: Path) -> Path:
    return save_model(tmp_path / "saved", two_blobs(2), points, ["a", "b"])


@pytest.mark.parametrize(
    "overrides",
    [
        ["data=gaussians", "data.dim=3", "data.n_samples=300", "data.n_val=50", "data.n_test=70"],
        ["data=old_faithful", "covariance=spherical", "trainer.precision=32-true"],
        ["data=galaxies", "data.val_fraction=0", "data.test_fraction=0", "optimizer=kmeans"],
    ],
)
def test_on_its_own_points_a_run_has_the_numbers_of_its_metrics(overrides: list[str], tmp_path: Path) -> None:
    optimizer = [] if "optimizer=kmeans" in overrides else ["optimizer=em"]
    metrics = run_experiment(tmp_path / "run", *overrides, *optimizer, "trainer=cpu")
    found = numbers(tmp_path / "run")
    assert {name: found[name] for name in ABOUT_POINTS} == {name: metrics[name] for name in ABOUT_POINTS}
    assert metrics_in(tmp_path / "run") == metrics


def test_other_points_judge_as_test_points_do(saved: Path, points: torch.Tensor, tmp_path: Path) -> None:
    other = points[:80].numpy() + 0.5
    np.save(tmp_path / "other.npy", other)
    found = numbers(saved, f"data.path={tmp_path / 'other.npy'}")
    scores = log_density(other)
    assert found["nll/train"] is None
    assert found["nll/val"] is None
    assert found["nll/test"] == pytest.approx(-scores.mean(), rel=1e-12)
    assert found["nll/test/se"] == pytest.approx(sem(scores), rel=1e-10)
    assert found["bic"] == pytest.approx(-2 * scores.sum() + 11 * log(80), rel=1e-12)
    assert found["aic"] == pytest.approx(-2 * scores.sum() + 22, rel=1e-12)
    assert (found["n_points"], found["points/test"], found["points/train"]) == (80, 80, 0)


def test_outliers_are_the_share_below_the_rarest_hundredth_of_the_training_points(
    saved: Path, points: torch.Tensor, tmp_path: Path
) -> None:
    threshold = np.quantile(log_density(points.numpy()), 0.01)
    other = np.concatenate([points.numpy()[:30], [[20.0, 20.0], [-9.0, 3.0], [4.0, -8.0]]])
    np.save(tmp_path / "other.npy", other)
    found = numbers(saved, f"data.path={tmp_path / 'other.npy'}")
    expected = (log_density(other) < threshold).mean()
    assert found["outliers/test"] == pytest.approx(expected, abs=1e-12)
    assert expected > 3 / 33 - 1e-12
    assert found["outliers/train"] is None


def test_a_label_gives_the_adjusted_rand_index(points: torch.Tensor, tmp_path: Path) -> None:
    labels = np.arange(200) % 3
    rows = "".join(f"{x},{y},{label}\n" for (x, y), label in zip(points.tolist(), labels, strict=True))
    (tmp_path / "own.csv").write_text(f"a,b,kind\n{rows}")
    data = {"data": "file", "path": str(tmp_path / "own.csv"), "label": "kind", "val_fraction": 0, "test_fraction": 0}
    run = fitted_run(tmp_path / "run", two_blobs(2), points, data, ["a", "b"])
    assigned = (points.sum(1) > 4).numpy()  # the blobs are far apart
    found = numbers(run)
    assert found["ari"] == pytest.approx(adjusted_rand_score(labels, two_blobs(2).assign(points)), abs=1e-12)
    assert adjusted_rand_score(assigned, two_blobs(2).assign(points)) > 0.9
    assert found["nll/train"] == pytest.approx(-log_density(points.numpy()).mean(), rel=1e-12)


def test_a_known_truth_gives_the_excess_and_its_paired_error(tmp_path: Path) -> None:
    saved = save_model(tmp_path / "saved", two_blobs(1), two_blobs(1).sample(50)[0], ["x"])
    found = numbers(saved, "data=bimodal", "data.n_samples=400", "data.n_val=0", "data.n_test=0")
    from mixfit.data.bimodal import Bimodal

    dataset = Bimodal(n_samples=400, n_val=0, n_test=0).load(0)
    assert dataset.truth is not None
    ours, true = (density.log_density(dataset.train.points).numpy() for density in (two_blobs(1), dataset.truth))
    assert found["nll/true"] == pytest.approx(-true.mean(), rel=1e-12)
    assert found["nll/excess"] == pytest.approx((true - ours).mean(), rel=1e-10)
    assert found["nll/excess/se"] == pytest.approx(sem(true - ours), rel=1e-10)


def test_points_that_are_divided_on_purpose_keep_their_parts(saved: Path) -> None:
    found = numbers(saved, "data=old_faithful", "data.test_fraction=0.25")
    assert (found["points/train"], found["points/val"], found["points/test"]) == (204, 0, 68)


def test_one_point_has_no_standard_error(saved: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.zeros((1, 2)))
    found = numbers(saved, f"data.path={tmp_path / 'one.npy'}")
    assert found["nll/test/se"] is None
    assert found["nll/test"] == pytest.approx(-float(log_density(np.zeros((1, 2)))), rel=1e-12)


def test_a_number_that_is_not_finite_is_null(saved: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "far.npy", np.full((3, 2), 1e200))
    assert numbers(saved, f"data.path={tmp_path / 'far.npy'}")["nll/test"] is None


def test_the_table_says_what_it_is_about(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(saved), "data=old_faithful"])
    shown = capsys.readouterr().out
    assert "test" in shown
    assert "272" in shown
    assert f"{saved} on data=old_faithful" in shown.replace("\n", "")
    assert "train " not in shown


def test_nothing_is_written_over_and_nothing_into_nowhere(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("{}")
    for name, told in {
        "mine.json": "is there already",
        "no/x.json": "there is no folder",
        "x.txt": "give .json",
    }.items():
        with pytest.raises(InputError, match=told):
            main([str(saved), "data=old_faithful", "--output", str(tmp_path / name)])
    assert (tmp_path / "mine.json").read_text() == "{}"


def test_points_of_another_dimension_are_refused(saved: Path) -> None:
    with pytest.raises(InputError, match=r"the run has 2 columns \(a, b\), the data 1 column \(velocity\)"):
        main([str(saved), "data=galaxies"])


def test_counts_of_millions_of_points_stand_on_one_line(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "far.npy", np.full((1_000_000, 2), 1e5))
    main([str(saved), f"data.path={tmp_path / 'far.npy'}"])
    shown = capsys.readouterr().out.splitlines()
    assert "counts    11 parameters, 1000000 points" in [line.rstrip() for line in shown]
    assert next(line for line in shown if line.startswith("criteria")).count("e+") == 3
    assert shown[-1].startswith(f"{saved} on data=file data.path={tmp_path / 'far.npy'}; outliers")
