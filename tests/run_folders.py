"""How a test writes the folder of a run by hand: what Hydra and a run would leave there, without fitting anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mixfit.tracking import metrics_file

DEFAULTS: dict[str, Any] = {
    "data": {"_target_": "mixfit.data.gaussians.Gaussians", "dim": 2, "n_samples": 1000, "batch_size": None},
    "covariance": {"_target_": "mixfit.mixtures.covariances.full.Full"},
    "init": {"_target_": "mixfit.mixtures.initializers.kmeans_plusplus.kmeans_plusplus", "restarts": None},
    "optimizer": {"_target_": "mixfit.optimizers.EM", "tolerance": 1e-7},
    "trainer": {"accelerator": "cpu", "max_epochs": 1000},
    "model": {"n_components": 2, "floor": 1e-6},
    "seed": 0,
    "resume": None,
}
CHOICES = {"data": "gaussians", "covariance": "full", "init": "kmeans_plusplus", "optimizer": "em", "trainer": "cpu"}


def write_run(folder: Path, overrides: Mapping[str, Any], metrics: Mapping[str, metrics_file.Value] | None) -> Path:
    """A run that was given these overrides and came to these metrics; None for one killed before it had any.

    An override of a group is its choice; one of a key that the defaults lack is a key of that choice.
    """
    config: dict[str, Any] = {key: dict(value) if isinstance(value, dict) else value for key, value in DEFAULTS.items()}
    choices: dict[str, str | None] = {"experiment": None, **CHOICES}
    for typed_key, value in overrides.items():
        key = typed_key.lstrip("+")
        group, _, option = key.partition(".")
        if key in choices:
            choices[key] = value
        elif key.startswith("hydra"):
            continue  # about the run, and no part of its configuration
        elif option:
            config[group][option] = value
        else:
            config[key] = value
    hydra = {"runtime": {"choices": choices}, "verbose": False}
    typed = [f"{key}={value}" for key, value in overrides.items()]
    (folder / ".hydra").mkdir(parents=True)
    for name, content in (("config", config), ("hydra", {"hydra": hydra}), ("overrides", typed)):
        text = yaml.safe_dump(content, sort_keys=False)
        (folder / ".hydra" / f"{name}.yaml").write_text(text, encoding="utf-8")
    if metrics is not None:
        metrics_file.write(folder, {"status": "done", **metrics})
    return folder
