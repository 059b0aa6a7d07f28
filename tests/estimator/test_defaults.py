"""Are the defaults those of the configuration, and the names those of scikit-learn?"""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import sklearn.mixture
import yaml

from mixfit import GaussianMixture, catalogue
from mixfit.estimator.arguments import CHECKS, GROUP_OF, KEY_OF, check_arguments
from mixfit.keys import KEYS
from mixfit.settings import settings_of
from tests.running import CONFIGS, choices, drawn_starts

ARGUMENTS = inspect.signature(GaussianMixture).parameters
DEFAULTS = {name: argument.default for name, argument in ARGUMENTS.items()}
THEIRS = inspect.signature(sklearn.mixture.GaussianMixture).parameters

ABOUT_PRINTING = {"verbose", "verbose_interval"}
"""A log is no part of an estimator here: `lower_bounds_` holds what it would print."""

OF_ITS_OWN: dict[str, Any] = {"n_components": 1, "optimizer": "em", "dtype": "float64", "device": None, "tol": None}
"""scikit-learn begins with one component and EM, the laboratory with two and Adam. Points bring their own device, and
where a YAML file leaves the precision open the estimator takes the better one."""


def yaml_file(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8"))
    return content


def default_choice(group: str) -> object:
    (choice,) = (entry[group] for entry in yaml_file("train.yaml")["defaults"] if group in entry)
    return choice


def test_the_defaults_are_those_of_the_configuration() -> None:
    table, trainer = yaml_file("train.yaml"), yaml_file(f"trainer/{default_choice('trainer')}.yaml")
    assert DEFAULTS["max_iter"] == trainer["max_epochs"]
    assert DEFAULTS["reg_covar"] == float(table["model"]["floor"])
    assert DEFAULTS["init_params"] == default_choice("init")
    assert DEFAULTS["moves"] == default_choice("moves")
    assert DEFAULTS["n_init"] == yaml_file(f"init/{default_choice('init')}.yaml")["restarts"]
    assert DEFAULTS["covariance_type"] == default_choice("covariance")
    assert {DEFAULTS["batch_size"]} == {yaml_file(f"data/{name}.yaml")["batch_size"] for name in choices("data")}


def test_what_differs_from_the_configuration_is_meant_to() -> None:
    assert {name: DEFAULTS[name] for name in OF_ITS_OWN} == OF_ITS_OWN


def test_without_options_an_optimizer_has_those_of_its_file(optimizer: str) -> None:
    """A YAML file of an optimizer is the one place for its rates and its tolerance."""
    assert (DEFAULTS["optimizer_options"], DEFAULTS["tol"]) == (None, None)
    check_arguments({**DEFAULTS, "optimizer": optimizer})


def test_scikit_learns_names_are_all_there_and_mean_what_is_meant_there() -> None:
    assert set(THEIRS) - set(ARGUMENTS) == ABOUT_PRINTING
    same = ("n_components", "covariance_type", "reg_covar", "random_state", "warm_start")
    given = ("weights_init", "means_init", "precisions_init")
    assert {name: DEFAULTS[name] for name in same + given} == {name: THEIRS[name].default for name in same + given}
    assert next(iter(ARGUMENTS)) == "n_components"  # the only one that may come without its name, as there
    assert {argument.kind for name, argument in ARGUMENTS.items() if name != "n_components"} == {
        inspect.Parameter.KEYWORD_ONLY
    }


@pytest.mark.parametrize("choice", ["full", "tied", "diag", "spherical"])
def test_scikit_learns_families_go_by_their_names(choice: str) -> None:
    check_arguments({**DEFAULTS, "covariance_type": choice})


@pytest.mark.parametrize("choice", ["kmeans", "k-means++", "random", "random_from_data"])
def test_scikit_learns_starts_go_by_their_names(choice: str) -> None:
    check_arguments({**DEFAULTS, "init_params": choice})


@pytest.mark.parametrize(("argument", "group"), GROUP_OF.items())
def test_every_choice_of_the_configuration_is_one_of_the_estimators(argument: str, group: str) -> None:
    for choice in drawn_starts() if group == "init" else choices(group):
        check_arguments({**DEFAULTS, argument: choice})


def test_every_argument_stands_for_a_key_that_there_is() -> None:
    assert set(KEY_OF) | set(CHECKS) | set(GROUP_OF) <= set(ARGUMENTS)
    assert set(KEY_OF.values()) <= set(KEYS)
    assert set(GROUP_OF.values()) <= set(catalogue.groups())


@pytest.mark.parametrize("data", choices("data"))
def test_the_settings_of_a_run_are_arguments(data: str, optimizer: str) -> None:
    chosen = {"data": data, "covariance": "tied", "init": "random", "optimizer": optimizer}
    chosen |= {"moves": "none", "trainer": "gpu"}
    settings = settings_of(catalogue.defaults(chosen), chosen, "float32")
    assert set(settings) <= set(ARGUMENTS)
    check_arguments({**DEFAULTS, **settings})
    untold = set(ARGUMENTS) - set(settings)
    chosen_by = {"max_components", "criterion"}  # of a run that chose, the choice is told
    assert untold == {"warm_start", "weights_init", "means_init", "precisions_init"} | chosen_by


def test_a_run_at_the_defaults_of_the_configuration_is_an_estimator_at_its_own() -> None:
    chosen = {**catalogue.default_choices(), "optimizer": "em"}
    settings = settings_of(catalogue.defaults(chosen), chosen, "float64")
    differing = {name: value for name, value in settings.items() if DEFAULTS[name] != value}
    assert differing == {"n_components": 2, "random_state": 0, "optimizer_options": {}}
