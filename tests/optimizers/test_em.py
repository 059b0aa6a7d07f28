"""EM raises the likelihood, whatever the family, the points and the batches."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.mixture import Mixture
from mixfit.optimizers import EM

Build = Callable[[type[Covariance], Tensor], Mixture]


def random_problem(seed: int) -> tuple[Tensor, Tensor]:
    """Standardized points of a few overlapping groups, and as many of them as means to start from."""
    generator = torch.Generator().manual_seed(seed)
    n_components, dim = (int(torch.randint(1, 6, (), generator=generator)) for _ in range(2))
    means = 2 * torch.randn(n_components, 1, dim, generator=generator)
    sizes = torch.randn(n_components, 1, dim, generator=generator).exp()
    points = (means + sizes * torch.randn(n_components, 20, dim, generator=generator)).flatten(0, 1)
    points = (points - points.mean(0)) / points.std(0)
    return points, points[torch.randperm(len(points), generator=generator)[:n_components]]


@pytest.mark.parametrize("seed", range(8))
def test_no_step_of_em_lowers_the_likelihood(family: type[Covariance], seed: int, start_at: Build) -> None:
    points, means = random_problem(seed)
    mixture = start_at(family, means)
    nll = float(mixture.statistics(points).nll)
    for _ in range(30):
        mixture.maximize_(mixture.statistics(points))
        before, nll = nll, float(mixture.statistics(points).nll)
        assert nll <= before + 1e-10


@pytest.mark.parametrize("n_batches", [2, 7, 300])
def test_a_pass_in_batches_is_exactly_the_pass_of_the_full_batch(
    family: type[Covariance], n_batches: int, blobs: Tensor, start_at: Build
) -> None:
    whole, parts = (start_at(family, blobs[[0, 100, 200]]) for _ in range(2))
    shuffled = blobs[torch.randperm(len(blobs), generator=torch.Generator().manual_seed(1))]
    for mixture, batches in ((whole, [blobs]), (parts, shuffled.tensor_split(n_batches))):
        em = EM(mixture)
        for _ in range(3):
            for batch in batches:
                em.observe(mixture.statistics(batch, EM.assign))
            em.step()
    for together, apart in zip(whole.components, parts.components, strict=True):
        assert_close(apart, together, rtol=1e-12, atol=1e-12)


def test_the_objective_of_em_is_the_nll_of_the_pass(family: type[Covariance], blobs: Tensor, start_at: Build) -> None:
    mixture = start_at(family, blobs[[0, 100, 200]])
    em = EM(mixture)
    for batch in blobs.split(70):
        em.observe(mixture.statistics(batch))
    assert em.objective() == pytest.approx(-float(mixture.log_density(blobs).detach().mean()), rel=1e-13)
