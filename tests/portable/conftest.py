"""A fitted-looking model of every family in both precisions, written to a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.rarity import Rarity
from mixfit.mixtures.standardization import Standardization
from mixfit.portable import Model, Plain, write

SETTINGS: Mapping[str, Plain] = {
    "n_components": 3,
    "covariance_type": "full",
    "tol": 1e-7,
    "optimizer_options": {"betas": [0.9, 0.999]},
}
FITTED: Mapping[str, Plain] = {"converged": True, "passes": 12.0, "nll/train": 1.25, "nll/test": None}


def density_of(family: type[Covariance], dtype: torch.dtype = torch.float64, dim: int = 2, seed: int = 0) -> Density:
    """Parameters drawn at random, away from their origin, in units that no float is proud of."""
    generator = torch.Generator().manual_seed(seed)
    mixture = Mixture(family(3, dim), floor=1e-6).to(dtype)
    with torch.no_grad():
        for offset in mixture.parameters():
            offset.copy_(0.7 * torch.randn(offset.shape, generator=generator))
    units = torch.tensor([1e3 / 3, 1e3 / 3, 1e3 / 3]) if not family.per_axis else torch.tensor([1e3 / 3, 0.7, 1e-3])
    return Density(mixture, Standardization(torch.tensor([1e6 / 7, -0.1, 3.0])[:dim], units[:dim]))


def points_of(density: Density) -> Tensor:
    """Points that it might have been fitted to."""
    return density.sample(500, torch.Generator().manual_seed(1))[0]


def model_of(density: Density) -> Model:
    """A model of the density, with a curve of three passes."""
    rarity = Rarity.of(density.log_density(points_of(density)))
    history = torch.tensor([[1.0, 3.5], [2.0, 1.5], [3.0, 1.25]])
    columns = tuple(f"größe {axis}" for axis in range(density.means.shape[1]))
    return Model(density, rarity, history, columns, SETTINGS, FITTED)


@pytest.fixture(params=[torch.float64, torch.float32], ids=["float64", "float32"])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    chosen: torch.dtype = request.param
    return chosen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a model that is as it should be."""
    write(tmp_path / "model", model_of(density_of(Full)))
    return tmp_path / "model"
