"""Are the galaxies those of R, and do fits reach what mclust finds in them?

`tests/reference/classics.json` has mclust's numbers; its `_about` says where from.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mixfit.data.galaxies import Galaxies
from tests.running import run_experiment

KNOWN = json.loads((Path(__file__).parents[1] / "reference" / "classics.json").read_text())["galaxies"]
EVERYTHING = ["data=galaxies", "data.val_fraction=0", "data.test_fraction=0"]


def test_galaxies_are_what_r_has() -> None:
    dataset = Galaxies(val_fraction=0, test_fraction=0).load(0)
    velocities = dataset.train.points[:, 0]
    assert dataset.columns == ("velocity",)
    assert dataset.truth is None
    assert len(velocities) == 82
    assert float(velocities.sum()) == pytest.approx(1707.910, abs=1e-9)  # R: mean(galaxies) is 20828.17 km/s
    assert float((velocities - velocities.mean()).square().sum()) == pytest.approx(KNOWN["within_ss"]["1"], abs=1e-5)
    assert velocities.sort().values[77].item() == 26.690


def test_held_out_galaxies_are_parts_of_the_82() -> None:
    everything = Galaxies(val_fraction=0, test_fraction=0).load(0).train.points
    dataset = Galaxies().load(3)
    parts = [dataset.train.points, dataset.val.points, dataset.test.points]
    assert [len(part) for part in parts] == [66, 8, 8]
    together = sorted(float(velocity) for part in parts for velocity in part[:, 0])
    assert together == sorted(everything[:, 0].tolist())


@pytest.mark.parametrize("cell", KNOWN["cells"], ids=lambda cell: str(cell["n_components"]))
def test_em_reaches_mclusts_maximum_and_criteria(tmp_path: Path, cell: dict[str, Any]) -> None:
    overrides = [f"covariance={cell['covariance']}", f"model.n_components={cell['n_components']}", "optimizer=em"]
    metrics = run_experiment(tmp_path / "run", *EVERYTHING, *overrides, "init.restarts=20")
    assert -metrics["nll/train"] * 82 == pytest.approx(cell["log_likelihood"], abs=1e-3)
    assert metrics["bic"] == pytest.approx(cell["bic"], abs=2e-3)
    assert metrics["icl"] == pytest.approx(-cell["icl_mclust_sign"], abs=0.02)
    assert metrics["n_parameters"] == cell["df"]


@pytest.mark.parametrize("n_components", [2, 3, 4])
def test_kmeans_reaches_the_best_known_sum_of_squares(tmp_path: Path, n_components: int) -> None:
    overrides = [f"model.n_components={n_components}", "optimizer=kmeans", "init.restarts=20"]
    metrics = run_experiment(tmp_path / "run", *EVERYTHING, *overrides)
    assert metrics["within_ss"] == pytest.approx(KNOWN["within_ss"][str(n_components)], abs=1e-5)
