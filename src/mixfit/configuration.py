"""Checks of a composed configuration that need neither torch nor the data, so that they answer at once.

The type of a key is the type of its value in its own YAML file: one place, and no signature written twice. The
ranges that need no data stand here too; the rest is checked where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mixfit.command_line import CONFIGS, dotted, nearest
from mixfit.errors import InputError

WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a word",
    list: "a list of numbers, such as [1,2]",
}

OPTIONAL: dict[str, type] = {"data.batch_size": int, "data.header": bool, "data.weights": list, "data.columns": list}
"""Types of keys whose default is null."""

LEAST: dict[str, int] = {
    "model.n_components": 1,
    "trainer.max_epochs": 1,
    "seed": 0,
    "data.batch_size": 1,
    "init.n_starts": 1,
    "init.n_passes": 0,
    "optimizer.tolerance": 0,
    "optimizer.patience": 0,
    "optimizer.n_cuts": 0,
}
"""The smallest value that makes sense."""

LARGEST_SEED = 2**59
"""Each seed has several streams of random numbers, and torch counts seeds in 64 bits."""


def check(config: DictConfig, choices: Mapping[str, str | None]) -> None:
    """Raises `InputError` for a key that nothing reads, a value of the wrong type, or a number out of range."""
    defaults = dict(dotted(_defaults(choices)))
    content = OmegaConf.to_container(config, resolve=True)
    assert isinstance(content, dict)  # a configuration is a mapping
    for key, value in dotted(content):
        if key not in defaults:
            raise InputError(f"{key}: nothing reads this key; {nearest(key, list(defaults))}")
        if isinstance(value, str) and value == "???":
            raise InputError(f"{key} is missing: give {key}=...")
        _check_type(key, value, OPTIONAL.get(key) or type(defaults[key]), defaults[key] is None)
        if key.startswith("optimizer.") and isinstance(value, list) and len(value) != len(defaults[key]):
            raise InputError(f"{key}={value}: expected {len(defaults[key])} numbers, such as {defaults[key]}")
    for key, least in LEAST.items():
        value = OmegaConf.select(config, key)
        if value is not None and not value >= least:
            raise InputError(f"{key}={value}: must be at least {least}; change {key}")
    if config.seed > LARGEST_SEED:
        raise InputError(f"seed={config.seed}: must be at most {LARGEST_SEED}; change seed")
    if not OmegaConf.select(config, "optimizer.lr", default=1) > 0:
        raise InputError(f"optimizer.lr={config.optimizer.lr}: a learning rate is positive; change optimizer.lr")
    if not 0 < OmegaConf.select(config, "optimizer.cut", default=1) <= 1:
        raise InputError(f"optimizer.cut={config.optimizer.cut}: a cut makes the rate smaller; choose one in (0, 1]")
    if OmegaConf.select(config, "optimizer.line_search_fn", default="strong_wolfe") != "strong_wolfe":
        raise InputError("optimizer.line_search_fn: torch knows strong_wolfe only; leave it as it is")
    if not config.model.floor > 0:
        raise InputError(
            f"model.floor={config.model.floor}: without a positive floor the likelihood has no bound; raise model.floor"
        )


def _check_type(key: str, value: Any, expected: type, nullable: bool) -> None:
    if (value is None and nullable) or expected is type(None):
        return
    fits = isinstance(value, (int, float) if expected is float else expected)
    if expected is list and fits and key != "data.columns":
        fits = all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value)
    if not fits or (isinstance(value, bool) and expected is not bool):
        raise InputError(f"{key}={value}: expected {WORDS[expected]}{' or null' if nullable else ''}")


def _defaults(choices: Mapping[str, str | None]) -> dict[str, Any]:
    """The configuration as the YAML files have it, for the choices made."""
    content = OmegaConf.to_container(OmegaConf.load(CONFIGS / "train.yaml"))
    assert isinstance(content, dict)  # the file is ours
    ours = {group: choice for group, choice in choices.items() if choice and (CONFIGS / group).is_dir()}
    chosen = {
        group: OmegaConf.to_container(OmegaConf.load(CONFIGS / group / f"{choice}.yaml"))
        for group, choice in ours.items()
        if "/" not in group and group != "experiment"
    }
    return {str(key): value for key, value in content.items() if key not in ("defaults", "hydra")} | chosen
