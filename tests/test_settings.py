"""Does a model keep the arguments that would make the same fit?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mixfit import catalogue
from mixfit.portable import read
from mixfit.settings import settings_of
from tests.running import choices, run_experiment, train

CHOICES = {
    **{"data": "gaussians", "covariance": "diag", "init": "points", "moves": "random_swap"},
    **{"optimizer": "em", "trainer": "cpu"},
}


def settings(overrides: dict[str, Any] | None = None, **chosen: str) -> dict[str, Any]:
    """Of a run at the defaults of its choices, but for some keys."""
    made = CHOICES | chosen
    config = catalogue.defaults(made) | (overrides or {})
    return settings_of(config, made, "float64")


def test_every_argument_has_its_key() -> None:
    overrides = {
        **{"model.n_components": 5, "model.floor": 1e-3, "optimizer.tolerance": 1e-4, "trainer.max_epochs": 7},
        **{"init.restarts": 6, "seed": 3, "data.batch_size": 100},
    }
    assert settings(overrides) == {
        **{"n_components": 5, "covariance_type": "diag", "optimizer": "em", "optimizer_options": {}, "tol": 1e-4},
        **{"reg_covar": 1e-3, "max_iter": 7, "init_params": "points", "n_init": 6, "moves": "random_swap"},
        **{"random_state": 3, "batch_size": 100, "dtype": "float64", "device": None},
    }


@pytest.mark.parametrize("optimizer", choices("optimizer"))
def test_an_optimizer_at_its_defaults_has_no_options_to_tell(optimizer: str) -> None:
    found = settings(optimizer=optimizer)
    assert (found["optimizer"], found["optimizer_options"]) == (optimizer, {})
    assert json.loads(json.dumps(found)) == found


def test_what_differs_from_the_defaults_is_told() -> None:
    overrides = {"optimizer.lr": 0.5, "optimizer.betas": [0.8, 0.9], "optimizer.patience": 10, "optimizer.tolerance": 1}
    assert settings(overrides, optimizer="adam")["optimizer_options"] == {"lr": 0.5, "betas": [0.8, 0.9]}


def test_kmeans_keeps_the_covariance_that_was_typed() -> None:
    assert settings(optimizer="kmeans")["covariance_type"] == "diag"


def test_a_file_of_the_users_own_is_told_by_the_part_that_it_names() -> None:
    mine = {**catalogue.defaults_of("optimizer", "sgd"), "optimizer.lr": 0.5}
    found = settings(mine, optimizer="mine")
    assert (found["optimizer"], found["optimizer_options"]) == ("sgd", {"lr": 0.5})


def test_a_part_of_the_users_own_keeps_its_name_and_all_of_its_options() -> None:
    mine = {"optimizer._target_": "torch.optim.Adagrad", "optimizer.lr": 0.5, "optimizer.tolerance": 1e-6}
    found = settings(mine, optimizer="mine")
    assert (found["optimizer"], found["optimizer_options"], found["tol"]) == ("mine", {"lr": 0.5}, 1e-6)


def test_a_resumed_run_keeps_the_choices_that_it_began_with(tmp_path: Path) -> None:
    typed = ["data=gaussians", "data.n_samples=300", "optimizer=sgd", "optimizer.lr=0.5", "covariance=tied"]
    run_experiment(tmp_path / "run", *typed, "trainer.max_epochs=2")
    assert read(tmp_path / "run").settings["max_iter"] == 2
    assert train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}", "trainer.max_epochs=4").status == 0
    found = read(tmp_path / "run").settings
    assert (found["optimizer"], found["optimizer_options"]) == ("sgd", {"lr": 0.5})
    assert (found["covariance_type"], found["max_iter"]) == ("tied", 4)
