"""Do fits reach the best likelihoods that anyone knows of?

`reference/classics.json` holds those of mclust and scikit-learn with many starts; its `_about` says where from.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import run_experiment

REFERENCE = Path(__file__).with_name("reference")
CLASSICS = json.loads((REFERENCE / "classics.json").read_text())
EVERYTHING = ["data.val_fraction=0", "data.test_fraction=0"]
OTHER_FAMILIES = ["tied", "diag", "spherical"]


def best_known(data: str, covariance: str, n_components: int) -> dict[str, Any]:
    (cell,) = (
        cell
        for cell in CLASSICS[data]["cells"]
        if (cell["covariance"], cell["n_components"]) == (covariance, n_components)
    )
    return cell


def log_likelihood(metrics: dict[str, Any]) -> float:
    return float(-metrics["nll/train"] * metrics["n_points"])


@pytest.mark.parametrize(("optimizer", "tolerance"), [("em", 0.01), ("lbfgs", 0.01), ("adam", 0.1)])
def test_old_faithful_reaches_the_best_known_maximum(tmp_path: Path, optimizer: str, tolerance: float) -> None:
    metrics = run_experiment(tmp_path / "run", "data=old_faithful", *EVERYTHING, f"optimizer={optimizer}")
    known = best_known("old_faithful", "full", 2)
    assert log_likelihood(metrics) == pytest.approx(known["log_likelihood"], abs=tolerance)
    assert metrics["bic"] == pytest.approx(known["bic"], abs=2 * tolerance)
    assert metrics["icl"] == pytest.approx(-known["icl_mclust_sign"], abs=5 * tolerance)
    assert metrics["n_parameters"] == known["df"]
    assert metrics["converged"] is True


@pytest.mark.parametrize("covariance", OTHER_FAMILIES)
def test_the_other_families_reach_mclusts_criteria_on_old_faithful(tmp_path: Path, covariance: str) -> None:
    overrides = ["data=old_faithful", *EVERYTHING, "optimizer=em", f"covariance={covariance}"]
    metrics = run_experiment(tmp_path / "run", *overrides)
    known = best_known("old_faithful", covariance, 2)
    assert log_likelihood(metrics) == pytest.approx(known["log_likelihood"], abs=1e-4)
    assert metrics["bic"] == pytest.approx(known["bic"], abs=2e-4)
    assert metrics["icl"] == pytest.approx(-known["icl_mclust_sign"], abs=1e-3)
    assert metrics["n_parameters"] == known["df"]


def test_kmeans_reaches_the_best_known_sum_of_squares_of_old_faithful(tmp_path: Path) -> None:
    metrics = run_experiment(tmp_path / "run", "data=old_faithful", *EVERYTHING, "optimizer=kmeans")
    known = CLASSICS["old_faithful"]["within_ss"]["2"]
    assert metrics["within_ss"] == pytest.approx(known, abs=1e-3)


def test_three_components_find_the_species_of_iris(tmp_path: Path) -> None:
    iris = ["data=file", f"data.path={REFERENCE / 'iris.csv'}", "data.label=species", *EVERYTHING]
    metrics = run_experiment(tmp_path / "run", *iris, "model.n_components=3", "optimizer=em")
    known = best_known("iris", "full", 3)
    assert log_likelihood(metrics) == pytest.approx(known["log_likelihood"], abs=1e-3)
    assert metrics["n_parameters"] == known["df"]
    assert metrics["ari"] == pytest.approx(0.9039, abs=1e-4)  # five of the 150 on the wrong side
