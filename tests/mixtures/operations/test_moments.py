"""The mean and covariance of the whole mixture, against those of its draws and of torch.distributions."""

import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal
from torch.testing import assert_close

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations import covariance, marginal, mean


def test_the_mean_and_the_variances_are_those_of_torch_distributions(density: Density) -> None:
    normals = MultivariateNormal(density.means, density.covariances)
    expected = MixtureSameFamily(Categorical(probs=density.weights), normals)
    assert_close(mean(density), expected.mean, rtol=1e-12, atol=0)
    assert_close(covariance(density).diagonal(), expected.variance, rtol=1e-12, atol=0)


def test_the_covariance_is_that_of_draws_to_five_standard_errors(density: Density, generator: torch.Generator) -> None:
    points, _ = density.sample(100_000, generator)
    size = covariance(density).diagonal().sqrt()
    products = (points - mean(density)) / size
    outer = products[:, :, None] * products[:, None, :]
    errors = outer.std(0) / len(points) ** 0.5
    assert bool(((outer.mean(0) - covariance(density) / size.outer(size)).abs() < 5 * errors).all())


def test_the_moments_of_a_marginal_are_entries_of_the_whole(density: Density, dim: int) -> None:
    axes = list(range(dim))[::-2]
    assert_close(mean(marginal(density, axes)), mean(density)[axes], rtol=1e-14, atol=0)
    assert_close(covariance(marginal(density, axes)), covariance(density)[axes][:, axes], rtol=1e-12, atol=0)
