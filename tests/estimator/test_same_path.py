"""One code path: `python train.py` on a file and the estimator on its points, with the same seed, to the last bit.

A run keeps its best checkpoint and the estimator its last state, or its best if it was cut short. They are the same
wherever the last state is the best: for closed forms, and for gradients once they have converged on all rows. Batches
begin at a plain draw, for of several passes at the maximum rounding decides which is the best.
"""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mixfit import GaussianMixture, load
from tests.estimator.conftest import may_touch_the_floor
from tests.running import choices, drawn_starts, families, run_experiment

Array = NDArray[np.float64]

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    **{f"optimizer={name}": ({"optimizer": name}, [f"optimizer={name}"]) for name in choices("optimizer")},
    **{
        f"covariance={family} init={init}": (
            {"covariance_type": family, "init_params": init},
            ["optimizer=em", f"covariance={family}", f"init={init}"],
        )
        for family, init in zip(families(), cycle(drawn_starts()), strict=False)
    },
    "batches": (
        {"batch_size": 40, "init_params": "random", "moves": "none"},
        ["optimizer=em", "data.batch_size=40", "init=random", "moves=none"],
    ),
    "moves": (
        {"n_init": 3, "moves": "random_swap"},
        ["optimizer=em", "init.restarts=3", "moves=random_swap"],
    ),
    "cut short": ({"max_iter": 3}, ["optimizer=em", "trainer.max_epochs=3"]),
    "float32": ({"dtype": "float32"}, ["optimizer=em", "trainer.precision=32-true"]),
    "floor": ({"reg_covar": 0.2}, ["optimizer=em", "model.floor=0.2"]),
    "tolerance": ({"tol": 1e-3}, ["optimizer=em", "optimizer.tolerance=1e-3"]),
    "options": (
        {"optimizer": "adam", "optimizer_options": {"lr": 0.03, "betas": (0.8, 0.9)}},
        ["optimizer=adam", "optimizer.lr=0.03", "optimizer.betas=[0.8,0.9]"],
    ),
}


@may_touch_the_floor
@pytest.mark.parametrize("case", CASES)
def test_a_run_and_the_estimator_find_the_same_to_the_last_bit(case: str, points: Array, tmp_path: Path) -> None:
    arguments, overrides = CASES[case]
    np.save(tmp_path / "points.npy", points)
    of_the_file = [f"data.path={tmp_path / 'points.npy'}", "data.val_fraction=0", "data.test_fraction=0"]
    same = ["data=file", *of_the_file, "trainer=cpu", "seed=5", "model.n_components=3"]
    metrics = run_experiment(tmp_path / "run", *same, *overrides)
    asked_for: dict[str, Any] = {"n_components": 3, "optimizer": "em", "random_state": 5}
    mixture = GaussianMixture(**asked_for | arguments).fit(points)
    loaded = load(tmp_path / "run")
    assert_same(mixture, loaded, points)
    assert (mixture.n_iter_, mixture.converged_) == (round(metrics["passes"]), metrics["converged"])
    assert mixture.lower_bounds_ == loaded.lower_bounds_
    assert_same(loaded.fit(points), mixture, points)  # what it was asked for goes with it


@pytest.mark.parametrize(("batch_size", "max_iter"), [(None, 7), (40, 20)])
def test_gradients_that_were_cut_short_went_the_same_way(
    batch_size: int | None, max_iter: int, points: Array, tmp_path: Path
) -> None:
    np.save(tmp_path / "points.npy", points)
    of_the_file = [f"data.path={tmp_path / 'points.npy'}", "data.val_fraction=0", "data.test_fraction=0"]
    cut_short = [f"data.batch_size={batch_size or 'null'}", f"trainer.max_epochs={max_iter}"]
    same = ["data=file", *of_the_file, "trainer=cpu", "seed=5", "model.n_components=3", "optimizer=adam"]
    run_experiment(tmp_path / "run", *same, *cut_short)
    arguments: dict[str, Any] = {"optimizer": "adam", "batch_size": batch_size, "max_iter": max_iter}
    mixture = GaussianMixture(3, random_state=5, **arguments).fit(points)
    assert mixture.lower_bounds_ == load(tmp_path / "run").lower_bounds_
    assert len(mixture.lower_bounds_) == max_iter


def assert_same(one: GaussianMixture, other: GaussianMixture, points: Array) -> None:
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert np.array_equal(one.score_samples(points), other.score_samples(points))
    assert np.array_equal(one.predict(points), other.predict(points))
    assert one.rarity_.threshold(0.05) == other.rarity_.threshold(0.05)
