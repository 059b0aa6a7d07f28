"""A random mixture of every family, K and D, points for it, and the same mixture as torch.distributions has it."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.mixture import Components, Mixture

AsDistribution = Callable[[Components], MixtureSameFamily]


@pytest.fixture(params=[1, 3], ids="K={}".format)
def n_components(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=[1, 2, 5], ids="D={}".format)
def dim(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def covariance(family: type[Covariance], n_components: int, dim: int) -> Covariance:
    return family(n_components, dim)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def mixture(covariance: Covariance, generator: torch.Generator) -> Mixture:
    """Parameters drawn at random, away from an origin that is drawn at random too."""
    mixture = Mixture(covariance)
    for spread in (0.7, 0.3):
        with torch.no_grad():
            for offset in mixture.parameters():
                offset.copy_(spread * torch.randn(offset.shape, generator=generator))
        if spread == 0.7:
            mixture.set_(*mixture.components)
    return mixture


@pytest.fixture
def elsewhere(covariance: Covariance, generator: torch.Generator) -> Components:
    """Other parameters of the same family."""
    mixture = Mixture(covariance)
    with torch.no_grad():
        for offset in mixture.parameters():
            offset.copy_(0.5 * torch.randn(offset.shape, generator=generator))
        return mixture.components


@pytest.fixture
def points(dim: int, generator: torch.Generator) -> Tensor:
    """Three hundred points, wider than the mixtures."""
    return 2 * torch.randn(300, dim, generator=generator)


@pytest.fixture
def as_distribution(covariance: Covariance) -> AsDistribution:
    """What makes the mixture of torch.distributions that has the given components, differentiable in them."""

    def make(components: Components) -> MixtureSameFamily:
        normals = MultivariateNormal(components.means, covariance.dense(components.scale))
        return MixtureSameFamily(Categorical(logits=components.log_weights), normals)

    return make


@pytest.fixture
def distribution(mixture: Mixture, as_distribution: AsDistribution) -> MixtureSameFamily:
    return as_distribution(mixture.components)
