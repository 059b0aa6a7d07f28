"""How a test makes the folder of a finished run without fitting: Hydra's notes, `metrics.json` and a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from mixfit import catalogue, portable
from mixfit.mixtures.density import Density
from mixfit.mixtures.rarity import Rarity
from mixfit.portable import Model, Plain
from mixfit.tracking import metrics_file


def two_blobs(dim: int, distance: float = 4.0) -> Density:
    """Two unit Gaussians on the diagonal, of weights 0.25 and 0.75."""
    means = torch.stack([torch.zeros(dim), torch.full((dim,), distance)])
    return Density.of(torch.tensor([0.25, 0.75]), means, torch.eye(dim).repeat(2, 1, 1))


def save_model(folder: Path, density: Density, points: Tensor, columns: Sequence[str]) -> Path:
    """A model as an estimator saves it, with the rarity of these points."""
    settings: dict[str, Plain] = {"n_components": len(density.weights), "covariance_type": "full"}
    rarity = Rarity.of(density.log_density(points))
    portable.write(folder, Model(density, rarity, torch.zeros(0, 2), tuple(columns), settings, {"converged": True}))
    return folder


def fitted_run(
    folder: Path, density: Density, points: Tensor, data: Mapping[str, Any], columns: Sequence[str] = ()
) -> Path:
    """A run that says it fitted this density to these points, which `data`, {"data": choice, ...}, stands for."""
    choice = data["data"]
    options = {key.removeprefix("data."): value for key, value in catalogue.defaults_of("data", choice).items()}
    options |= {key: value for key, value in data.items() if key != "data"}
    config = {"data": options, "model": {"n_components": len(density.weights)}, "seed": 0, "resume": None}
    hydra = {"hydra": {"runtime": {"choices": {"data": choice, "covariance": "full"}}, "verbose": False}}
    save_model(folder, density, points, columns or [f"x{axis}" for axis in range(density.means.shape[1])])
    (folder / ".hydra").mkdir()
    for name, content in (("config", config), ("hydra", hydra), ("overrides", [f"data={choice}"])):
        (folder / ".hydra" / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    metrics_file.write(folder, {"status": "done"})  # the last word: nothing is written over what is done
    return folder
