"""Log-densities and responsibilities against torch.distributions, for every family."""

import pytest
import torch
from torch import Tensor
from torch.distributions import MixtureSameFamily
from torch.testing import assert_close

from mixfit.mixtures.assignments import hard, nearest
from mixfit.mixtures.mixture import Components, Mixture


def log_joint(distribution: MixtureSameFamily, points: Tensor) -> Tensor:
    """log π_k + log N(x_n; μ_k, Σ_k), (N, K)."""
    log_weights = distribution.mixture_distribution.logits
    return log_weights + distribution.component_distribution.log_prob(points[:, None])


def test_the_log_density_is_that_of_torch_distributions(
    mixture: Mixture, points: Tensor, distribution: MixtureSameFamily
) -> None:
    assert_close(mixture.log_density(points), distribution.log_prob(points), rtol=1e-12, atol=1e-10)


def test_the_log_density_is_exact_a_thousand_deviations_away(
    mixture: Mixture, points: Tensor, distribution: MixtureSameFamily
) -> None:
    far = 1000 * points
    assert_close(mixture.log_density(far), distribution.log_prob(far), rtol=1e-12, atol=1e-10)


def test_the_log_likelihood_of_a_pass_is_the_sum_of_the_log_densities(
    mixture: Mixture, points: Tensor, distribution: MixtureSameFamily
) -> None:
    statistics = mixture.statistics(points)
    assert_close(statistics.log_likelihood, distribution.log_prob(points).sum().detach(), rtol=1e-12, atol=1e-10)
    assert_close(statistics.nll, -distribution.log_prob(points).mean().detach(), rtol=1e-12, atol=1e-10)


def test_responsibilities_are_the_posterior(mixture: Mixture, points: Tensor, distribution: MixtureSameFamily) -> None:
    posterior = log_joint(distribution, points) - distribution.log_prob(points)[:, None]
    assert_close(mixture.responsibilities(points), posterior.exp(), rtol=0, atol=1e-12)


def test_hard_responsibilities_are_one_for_the_most_probable_component(
    mixture: Mixture, points: Tensor, distribution: MixtureSameFamily
) -> None:
    most_probable = log_joint(distribution, points).argmax(1)
    assert_close(mixture.responsibilities(points, hard), torch.eye(mixture.covariance.n_components)[most_probable])


def test_nearest_responsibilities_do_not_look_at_the_weights(
    mixture: Mixture, points: Tensor, distribution: MixtureSameFamily
) -> None:
    densest = distribution.component_distribution.log_prob(points[:, None]).argmax(1)
    assert_close(mixture.responsibilities(points, nearest), torch.eye(mixture.covariance.n_components)[densest])


@pytest.mark.parametrize("assignment", [hard, nearest])
def test_among_equal_components_the_first_takes_the_point(assignment: object, mixture: Mixture, points: Tensor) -> None:
    n_components, dim = mixture.mean_origin.shape
    mixture.set_(torch.zeros(n_components), torch.zeros(n_components, dim), mixture.covariance.identity())
    expected = torch.eye(n_components)[0].expand(len(points), -1)
    assert_close(mixture.responsibilities(points, assignment), expected)  # type: ignore[arg-type]


def test_a_component_of_weight_zero_changes_nothing(mixture: Mixture, points: Tensor) -> None:
    n_components = mixture.covariance.n_components
    _, means, scale = mixture.components
    lone = torch.full((n_components,), -torch.inf)
    lone[-1] = 0.0
    expected = torch.distributions.MultivariateNormal(means[-1], mixture.covariance.dense(scale)[-1]).log_prob(points)
    mixture.set_(*Components(lone, means, scale))
    assert_close(mixture.log_density(points), expected.detach(), rtol=1e-12, atol=1e-10)
