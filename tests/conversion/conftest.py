"""A random density of every family in data whose axes have units of their own, and points around it."""

import pytest
import torch
from torch import Tensor

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.standardization import Standardization


def drawn(family: type[Covariance], n_components: int, dim: int) -> Mixture:
    generator = torch.Generator().manual_seed(10 * n_components + dim)
    mixture = Mixture(family(n_components, dim))
    with torch.no_grad():
        for offset in mixture.parameters():
            offset.copy_(0.7 * torch.randn(offset.shape, generator=generator))
    return mixture


@pytest.fixture(params=[(1, 1), (3, 1), (1, 4), (3, 4)], ids="K,D={}".format)
def mixture(request: pytest.FixtureRequest, family: type[Covariance]) -> Mixture:
    return drawn(family, *request.param)


@pytest.fixture
def scale(mixture: Mixture) -> Tensor:
    """The units of the axes, from 1e-4 to 1e4."""
    dim = mixture.covariance.dim
    return torch.logspace(-4, 4, dim) if mixture.covariance.per_axis else torch.full((dim,), 1e-4)


@pytest.fixture
def density(mixture: Mixture, scale: Tensor) -> Density:
    return Density(mixture, Standardization(3 * scale, scale))


@pytest.fixture
def points(density: Density) -> Tensor:
    points, _ = density.sample(200, torch.Generator().manual_seed(1))
    points[::2] += 5 * (points[::2] - density.means[0])
    return points


@pytest.fixture
def shift() -> Tensor:
    """How far the origin of shifted data lies, in their own units."""
    return torch.tensor(1e6)
