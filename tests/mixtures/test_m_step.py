"""The closed form is the maximum of the expected log-likelihood, with and without a floor under the variances."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.statistics import Statistics


@pytest.fixture
def floor(mixture: Mixture, points: Tensor) -> float:
    """A floor between the variances that the closed form would choose without one; above the only one."""
    free = Mixture(mixture.covariance)
    free.load_state_dict(mixture.state_dict())
    free.maximize_(free.statistics(points))
    return 1.01 * float(torch.linalg.eigvalsh(free.covariance.dense(free.components.scale.detach())).mean())


@pytest.fixture
def statistics(mixture: Mixture, points: Tensor) -> Statistics:
    return mixture.statistics(points)


def expected_per_point(mixture: Mixture, statistics: Statistics, components: Components | None = None) -> float:
    return float(mixture.expected_log_likelihood(statistics, components).detach() / statistics.n_points)


def move_at_random(mixture: Mixture, spread: float, generator: torch.Generator) -> None:
    with torch.no_grad():
        for offset in mixture.parameters():
            offset.copy_(spread * torch.randn(offset.shape, generator=generator))


def test_no_random_move_from_the_maximum_expects_a_higher_likelihood(
    mixture: Mixture, statistics: Statistics, generator: torch.Generator
) -> None:
    mixture.maximize_(statistics)
    highest = expected_per_point(mixture, statistics)
    for spread in (1e-4, 1e-2, 0.1, 0.5):
        for _ in range(10):
            move_at_random(mixture, spread, generator)
            assert expected_per_point(mixture, statistics) < highest


def test_at_the_maximum_the_expected_likelihood_has_no_slope(mixture: Mixture, statistics: Statistics) -> None:
    mixture.maximize_(statistics)
    expected = mixture.expected_log_likelihood(statistics) / statistics.n_points
    for slope in torch.autograd.grad(expected, list(mixture.parameters())):
        assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)


def test_the_maximum_has_the_weighted_means_and_shares(mixture: Mixture, points: Tensor) -> None:
    responsibilities = mixture.responsibilities(points).detach()
    mixture.maximize_(mixture.statistics(points))
    shares = responsibilities.mean(0)
    means = (responsibilities.T @ points) / responsibilities.sum(0)[:, None]
    assert_close(mixture.components.log_weights.exp().detach(), shares, rtol=1e-12, atol=0)
    assert_close(mixture.components.means.detach(), means, rtol=0, atol=1e-12)


def test_under_a_floor_no_random_feasible_mixture_expects_a_higher_likelihood(
    mixture: Mixture, statistics: Statistics, floor: float, generator: torch.Generator
) -> None:
    mixture.floor = floor
    mixture.maximize_(statistics)
    highest = expected_per_point(mixture, statistics)
    for spread in (1e-4, 1e-2, 0.1, 0.5, 1.0):
        for _ in range(20):
            move_at_random(mixture, spread, generator)
            mixture.bound_()
            smallest = torch.linalg.eigvalsh(mixture.covariance.dense(mixture.components.scale)).min()
            assert float(smallest.detach()) >= floor * (1 - 1e-9)
            assert expected_per_point(mixture, statistics) < highest


def test_the_floored_maximum_keeps_the_axes_and_raises_the_variances(
    mixture: Mixture, statistics: Statistics, floor: float
) -> None:
    mixture.maximize_(statistics)
    variances, axes = torch.linalg.eigh(mixture.covariance.dense(mixture.components.scale.detach()))
    assert float(variances.min()) < floor
    expected = axes @ torch.diag_embed(variances.clamp_min(floor)) @ axes.mT
    mixture.floor = floor
    mixture.maximize_(statistics)
    assert_close(mixture.covariance.dense(mixture.components.scale.detach()), expected, rtol=0, atol=1e-12)


def test_bounding_moves_nothing_but_the_scale_and_keeps_the_origin(mixture: Mixture, floor: float) -> None:
    before = [tensor.clone() for tensor in (mixture.scale_origin, mixture.components.means, mixture.logit_offset)]
    mixture.floor = floor
    mixture.bound_()
    after = (mixture.scale_origin, mixture.components.means, mixture.logit_offset)
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    smallest = mixture.covariance.smallest_variance(mixture.components.scale.detach()).min()
    assert float(smallest) >= floor * (1 - 1e-9)


def test_a_component_that_holds_nothing_keeps_its_mean_and_gets_the_floors_covariance(
    family: type[Covariance], generator: torch.Generator
) -> None:
    mixture = Mixture(family(2, 2), floor=1e-4)
    means = torch.tensor([[0.0, 0.0], [1e6, 1e6]])
    mixture.set_(torch.zeros(2), means, mixture.covariance.identity())
    points = torch.randn(100, 2, generator=generator)
    mixture.maximize_(mixture.statistics(points))
    log_weights, after, scale = (tensor.detach() for tensor in mixture.components)
    assert_close(after, torch.stack([points.mean(0), means[1]]), rtol=0, atol=1e-12)
    assert float(log_weights[1].exp()) < 1e-100
    assert_close(log_weights[0].exp(), torch.tensor(1.0))
    lone = mixture.covariance.dense(scale)[1]
    shared = torch.equal(lone, mixture.covariance.dense(scale)[0])  # a tied family has no covariance of its own to lose
    assert shared or torch.allclose(lone, 1e-4 * torch.eye(2), rtol=1e-9, atol=0)
    assert bool(mixture.log_density(points).isfinite().all())


def test_chosen_components_begin_anew_with_the_average_covariance_and_half_an_average_weight(mixture: Mixture) -> None:
    n_components, dim = mixture.mean_origin.shape
    log_weights, means, scale = (tensor.detach() for tensor in mixture.components)
    dense = mixture.covariance.dense(scale)
    anew = torch.full((1, dim), 7.0)
    mixture.reseed_(torch.tensor([0]), anew)
    weights = torch.cat([torch.tensor([0.5 / n_components]), log_weights.exp()[1:]])
    average = torch.einsum("k,kde->de", log_weights.exp(), dense)
    expected = torch.cat([average[None], dense[1:]])
    assert_close(mixture.components.log_weights.exp().detach(), weights / weights.sum(), rtol=1e-12, atol=0)
    assert_close(mixture.components.means.detach(), torch.cat([anew, means[1:]]), rtol=0, atol=0)
    assert_close(mixture.covariance.dense(mixture.components.scale.detach()), expected, rtol=1e-12, atol=1e-12)
