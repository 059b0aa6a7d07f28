"""What was asked of a run, as the arguments of `GaussianMixture` that ask the same.

A run is asked by a configuration, an estimator by arguments; a model keeps the arguments, so that it can be fitted
again by someone who has no configuration. Options that have their default are left to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixfit import catalogue
from mixfit.plain_yaml import dotted

OWN_ARGUMENTS = ("optimizer._target_", "optimizer.tolerance")
"""Keys of an optimizer that are no options of it in `GaussianMixture`: what it is, and `tol`."""


def settings_of(config: Mapping[str, Any], choices: Mapping[str, str | None], dtype: str) -> dict[str, Any]:
    """The arguments of `GaussianMixture` that ask for the same fit.

    Args:
        config: composed, in plain values.
        choices: what was chosen in each group.
        dtype: of the fit, `float64` or `float32`: where the configuration leaves it open the device decides.
    """
    keys = dict(dotted(config))
    optimizer = _name_of("optimizer", choices, keys)
    return {
        "n_components": keys["model.n_components"],
        "covariance_type": _name_of("covariance", choices, keys),
        "optimizer": optimizer,
        "optimizer_options": _changed("optimizer", optimizer, keys) | _tolerance_of_zero(optimizer, keys),
        "tol": None if _is_default("optimizer.tolerance", optimizer, keys) else keys["optimizer.tolerance"] or None,
        "reg_covar": keys["model.floor"],
        "max_iter": keys["trainer.max_epochs"],
        "init_params": _name_of("init", choices, keys),
        "n_init": keys.get("init.restarts"),
        "moves": _name_of("moves", choices, keys),
        "random_state": keys["seed"],
        "batch_size": keys["data.batch_size"],
        "dtype": dtype,
        "device": None,
    }


def _name_of(group: str, choices: Mapping[str, str | None], keys: Mapping[str, Any]) -> str:
    """The choice made; for a file of the user's own, the choice of ours that is the same part, if there is one."""
    chosen, target = str(choices.get(group)), f"{group}._target_"
    if chosen in catalogue.options(group):
        return chosen
    same = (name for name in catalogue.parts(group) if catalogue.defaults_of(group, name)[target] == keys[target])
    return next(same, chosen)


def _is_default(key: str, choice: str, keys: Mapping[str, Any]) -> bool:
    group = key.partition(".")[0]
    defaults = catalogue.defaults_of(group, choice) if choice in catalogue.options(group) else {}
    return key in defaults and defaults[key] == keys[key]


def _tolerance_of_zero(optimizer: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """A run then ends when nothing changes any more; `tol=0` would take all passes, as in scikit-learn."""
    is_told = keys["optimizer.tolerance"] == 0 and not _is_default("optimizer.tolerance", optimizer, keys)
    return {"tolerance": keys["optimizer.tolerance"]} if is_told else {}


def _changed(group: str, name: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """The options that differ from the defaults of the choice."""
    defaults = catalogue.defaults_of(group, name) if name in catalogue.options(group) else {}
    options = {key: value for key, value in keys.items() if key.startswith(f"{group}.") and key not in OWN_ARGUMENTS}
    return {
        key.removeprefix(f"{group}."): value
        for key, value in options.items()
        if key not in defaults or defaults[key] != value
    }
