"""A random density of every family, K and D in units that differ between the axes, and draws of it."""

import pytest
import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.standardization import Standardization


def in_units(mixture: Mixture, shift: float) -> Density:
    """The mixture in data whose axes have scales from 1e-4 to 1e4 and lie `shift` scales from zero."""
    dim = mixture.covariance.dim
    scale = torch.logspace(-4, 4, dim) if mixture.covariance.per_axis else torch.full((dim,), 1e-4)
    return Density(mixture, Standardization(shift * scale, scale))


@pytest.fixture
def density(mixture: Mixture) -> Density:
    return in_units(mixture, 3.0)


@pytest.fixture
def draws(density: Density, generator: torch.Generator) -> Tensor:
    """Three hundred draws, every third of them moved far out."""
    points, _ = density.sample(300, generator)
    points[::3] += 20 * (points[::3] - density.means[0])
    return points
