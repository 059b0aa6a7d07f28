"""Does every YAML file say what its target understands, with the defaults that the target has?

The same default stands in a signature for those who write Python and in a YAML file for those who type commands. This
is the test that compares the two.
"""

from __future__ import annotations

import inspect
import re
from inspect import Parameter
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import get_object
from omegaconf import OmegaConf
from pytorch_lightning import Trainer

from mixfit import GaussianMixture
from mixfit.catalogue import parts
from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.search import Search
from mixfit.module import MixtureModule, adam
from mixfit.optimizers import Aitken, ClosedForm, Plateau
from tests.running import CONFIGS, choices, drawn_starts, families

GROUPS = ["data", "covariance", "init", "moves", "optimizer", "trainer", "experiment"]
EVERY_CHOICE = [(group, choice) for group in GROUPS for choice in choices(group)]
WITH_TARGET = [(group, choice) for group, choice in EVERY_CHOICE if choice in parts(group)]
GIVEN_TO_OTHERS = {"data": {"batch_size"}, "init": {"restarts", "n_passes"}, "covariance": set(), "moves": {"patience"}}
"""Keys of a group that belong to the data module and to the module, not to the target."""

NEEDED: dict[tuple[str, str], dict[str, Any]] = {
    ("data", "file"): {"path": "points.csv"},
    ("init", "run"): {"folder": "logs/runs/one"},
    ("init", "parameters"): {"means": [[0.5], [1.5]]},
}
"""Keys that have no default, and something to give them."""


def content(group: str, choice: str) -> dict[str, Any]:
    """A YAML file's keys and values."""
    loaded = OmegaConf.to_container(OmegaConf.load(CONFIGS / group / f"{choice}.yaml"))
    assert isinstance(loaded, dict)
    return {str(key): value for key, value in loaded.items()}


def parameters(target: Any) -> dict[str, Parameter]:
    return dict(inspect.signature(target).parameters)


def plain(value: Any) -> Any:
    """Sequences as lists, as YAML has them."""
    return list(value) if isinstance(value, tuple) else value


def defaults(target: Any) -> dict[str, Any]:
    return {
        name: plain(parameter.default)
        for name, parameter in parameters(target).items()
        if parameter.default is not Parameter.empty
    }


@pytest.mark.parametrize(("group", "choice"), EVERY_CHOICE)
def test_every_choice_composes(group: str, choice: str) -> None:
    needed = NEEDED.get((group, choice), {})
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train", [f"{group}={choice}", *(f"{group}.{key}={value}" for key, value in needed.items())])
    composed = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    assert isinstance(composed, dict)
    if group != "experiment":
        assert composed[group] == content(group, choice) | needed


@pytest.mark.parametrize(("group", "choice"), WITH_TARGET)
def test_every_target_exists_and_may_be_built(group: str, choice: str) -> None:
    target = content(group, choice)["_target_"]
    assert target.startswith(("mixfit.", "torch.optim."))
    assert callable(get_object(target))


@pytest.mark.parametrize("choice", choices("data"))
def test_a_source_of_data_has_the_same_options_and_defaults_in_both_places(choice: str) -> None:
    options = content("data", choice)
    target = get_object(options.pop("_target_"))
    assert options.pop("batch_size") is None
    assert set(options) == set(parameters(target))
    required = {key for key in options if options[key] == "???"}
    assert {key: value for key, value in options.items() if key not in required} == defaults(target)


@pytest.mark.parametrize("choice", choices("optimizer"))
def test_an_optimizer_and_its_stopping_rule_understand_every_option(choice: str) -> None:
    options = content("optimizer", choice)
    target = get_object(options.pop("_target_"))
    closed_form = issubclass(target, ClosedForm)
    rule = parameters(Aitken if closed_form else Plateau)
    assert rule.keys() <= options.keys()
    assert options.keys() - rule.keys() <= (set() if closed_form else parameters(target).keys())


@pytest.mark.parametrize(("choice", "rule"), [("em", Aitken), ("adam", Plateau)])
def test_the_stopping_rules_have_the_defaults_of_em_and_adam(choice: str, rule: type) -> None:
    options = content("optimizer", choice)
    assert {key: options[key] for key in defaults(rule)} == defaults(rule)


def test_the_modules_own_adam_is_the_configurations() -> None:
    options = content("optimizer", "adam")
    (group,) = adam(Mixture(Full(2, 1))).param_groups
    assert {key: plain(group[key]) for key in ("lr", "betas", "eps")} == {
        key: options[key] for key in ("lr", "betas", "eps")
    }
    assert get_object(options["_target_"]) is torch.optim.Adam


@pytest.mark.parametrize("choice", families())
def test_a_covariance_is_a_finished_family(choice: str) -> None:
    options = content("covariance", choice)
    family = get_object(options.pop("_target_"))
    assert options == {}
    assert issubclass(family, Covariance)
    assert not inspect.isabstract(family)


@pytest.mark.parametrize("choice", sorted(set(choices("init")) - set(drawn_starts())))
def test_a_given_start_has_the_same_options_and_defaults_in_both_places(choice: str) -> None:
    options = content("init", choice)
    target = get_object(options.pop("_target_"))
    assert set(options) == set(parameters(target))
    assert {key: value for key, value in options.items() if value != "???"} == defaults(target)


@pytest.mark.parametrize("choice", drawn_starts())
def test_an_initializer_has_the_modules_defaults(choice: str) -> None:
    options = content("init", choice)
    target = get_object(options.pop("_target_"))
    assert list(parameters(target)) == ["points", "weights", "n_components", "generator"]
    few = {"ward": 1, "short_em": 8}  # where all draws are alike, or each is the best of several
    assert options.pop("restarts") == few.get(choice, Search().restarts)
    assert options == {"n_passes": Search().n_passes}


def test_the_default_choices_are_the_modules_defaults() -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train")
    module = defaults(MixtureModule)
    estimator = defaults(GaussianMixture)
    to_choose = {key: estimator[key] for key in ("max_components", "criterion")}
    assert config.model == {key: module[key] for key in ("n_components", "floor")} | to_choose
    assert config.seed == module["seed"]
    assert get_object(config.covariance["_target_"]) is module["covariance"]
    assert get_object(config.init["_target_"]) is Search().initializer
    assert get_object(config.moves["_target_"]) is Search().move
    assert config.moves["patience"] is Search().patience


@pytest.mark.parametrize("choice", choices("trainer"))
def test_lightnings_trainer_understands_every_option(choice: str) -> None:
    assert content("trainer", choice).keys() <= parameters(Trainer).keys()


def test_all_trainers_have_the_same_keys_and_the_same_cap() -> None:
    contents = [content("trainer", choice) for choice in choices("trainer")]
    assert len({tuple(sorted(options)) for options in contents}) == 1
    assert {options["max_epochs"] for options in contents} == {1000}


@pytest.mark.parametrize("group", GROUPS)
def test_every_file_of_a_group_is_a_plain_mapping(group: str) -> None:
    files = [path for path in (CONFIGS / group).iterdir() if path.is_file()]
    assert {path.suffix for path in files} <= {".yaml"}
    assert all(content(group, path.stem) for path in files)


@pytest.mark.parametrize(("group", "choice"), EVERY_CHOICE)
def test_every_file_begins_by_saying_in_one_sentence_what_it_is(group: str, choice: str) -> None:
    lines = (CONFIGS / group / f"{choice}.yaml").read_text(encoding="utf-8").splitlines()
    if group == "experiment":
        assert lines[0] == "# @package _global_"
        assert re.fullmatch(rf"# python train\.py .*experiment={choice}\b.*", lines[1])
    assert re.fullmatch(r"# [^@].{10,115}\.", lines[2] if group == "experiment" else lines[0])


def test_the_table_of_contents_lists_the_choices_that_exist() -> None:
    lines = Path(CONFIGS / "train.yaml").read_text(encoding="utf-8").splitlines()
    listed = dict(re.findall(r"- (\w+): \w+ +# (.+)", "\n".join(lines)))
    assert set(listed) >= {"data", "covariance", "init", "optimizer", "trainer"}
    for group, names in listed.items():
        if group != "experiment":
            assert sorted(names.split(", ")) == choices(group)
