"""EM as a preconditioned gradient (Xu & Jordan 1996), and the parameters' units that come from it."""

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jvp
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal
from torch.testing import assert_close

from mixfit.mixtures.covariances import Full
from mixfit.mixtures.mixture import Mixture


def dense_parameters(mixture: Mixture) -> tuple[Tensor, Tensor, Tensor]:
    """π (K,), μ (K, D) and Σ (K, D, D)."""
    log_weights, means, scale = mixture.components
    return log_weights.exp(), means, mixture.covariance.dense(scale)


def steepest_step(mixture: Mixture, points: Tensor) -> list[Tensor]:
    """Minus the gradient of the NLL: what plain gradient descent at a rate of one adds to the offsets."""
    offsets = list(mixture.parameters())
    gradients = torch.autograd.grad(mixture.nll(mixture.statistics(points)), offsets)
    return [-gradient for gradient in gradients]


def first_order_effect(mixture: Mixture, step: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """How π, μ and Σ begin to move when the offsets move along `step`."""
    names = [name for name, _ in mixture.named_parameters()]

    class Dense(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = mixture

        def forward(self) -> tuple[Tensor, Tensor, Tensor]:
            return dense_parameters(self.inner)

    def at(*offsets: Tensor) -> tuple[Tensor, ...]:
        values = {f"inner.{name}": offset for name, offset in zip(names, offsets, strict=True)}
        return tuple(torch.func.functional_call(Dense(), values, ()))

    _, effect = jvp(at, tuple(offset.detach() for offset in mixture.parameters()), tuple(step))
    weights, means, covariances = effect
    return weights, means, covariances


@pytest.fixture
def points(mixture: Mixture, n_components: int, dim: int, generator: torch.Generator) -> Tensor:
    """A hundred points around every mean, so that no component is left without."""
    _, means, covariances = (tensor.detach() for tensor in dense_parameters(mixture))
    noise = torch.randn(100, n_components, dim, 1, generator=generator)
    return (means + (torch.linalg.cholesky(covariances) @ noise).squeeze(-1)).flatten(0, 1)


@pytest.fixture
def at_origin(mixture: Mixture) -> Mixture:
    mixture.set_(*mixture.components)
    return mixture


@pytest.fixture
def full_mixture(n_components: int, dim: int, generator: torch.Generator) -> Mixture:
    mixture = Mixture(Full(n_components, dim))
    with torch.no_grad():
        for offset in mixture.parameters():
            offset.copy_(0.5 * torch.randn(offset.shape, generator=generator))
    return mixture


def test_one_em_step_is_xu_and_jordans_preconditioned_gradient(full_mixture: Mixture, points: Tensor) -> None:
    weights, means, covariances = (tensor.detach().requires_grad_() for tensor in dense_parameters(full_mixture))
    total = MixtureSameFamily(Categorical(probs=weights), MultivariateNormal(means, covariances)).log_prob(points).sum()
    to_weights, to_means, to_covariances = torch.autograd.grad(total, (weights, means, covariances))
    count = full_mixture.statistics(points).count
    move_weights = (weights.diag() - weights.outer(weights)) @ to_weights / len(points)
    move_means = torch.einsum("kde,ke->kd", covariances, to_means) / count[:, None]
    symmetric = 0.5 * (to_covariances + to_covariances.mT)
    move_covariances = 2 / count[:, None, None] * covariances @ symmetric @ covariances
    about_new_means = move_covariances - move_means[:, :, None] * move_means[:, None, :]

    full_mixture.maximize_(full_mixture.statistics(points))
    after = dense_parameters(full_mixture)
    for old, move, new in zip(
        (weights, means, covariances), (move_weights, move_means, about_new_means), after, strict=True
    ):
        assert_close(old + move, new, rtol=0, atol=1e-10)


def test_a_plain_gradient_step_of_rate_one_moves_the_weights_as_em_does_to_first_order(
    at_origin: Mixture, points: Tensor
) -> None:
    weights = at_origin.components.log_weights.exp().detach()
    effect, _, _ = first_order_effect(at_origin, steepest_step(at_origin, points))
    assert_close(effect, at_origin.statistics(points).count / len(points) - weights, rtol=0, atol=1e-12)


def test_a_plain_gradient_step_of_rate_one_moves_each_mean_as_em_does_times_its_share_over_its_weight(
    at_origin: Mixture, points: Tensor
) -> None:
    """Exactly, not only to first order: Δμ_k = (N_k / (N π_k)) (EM's mean - μ_k)."""
    weights, before, _ = (tensor.detach() for tensor in dense_parameters(at_origin))
    statistics = at_origin.statistics(points)
    for offset, step in zip(at_origin.parameters(), steepest_step(at_origin, points), strict=True):
        offset.data.add_(step)
    surplus = statistics.count / (len(points) * weights)
    by_em = statistics.first / statistics.count[:, None]
    assert_close(at_origin.components.means.detach(), before + surplus[:, None] * by_em, rtol=1e-12, atol=1e-12)


def test_a_plain_gradient_step_has_ems_means_and_to_first_order_ems_covariances_where_the_weights_are_the_shares(
    at_origin: Mixture, points: Tensor
) -> None:
    put_weights_at_their_shares(at_origin, points)
    statistics = at_origin.statistics(points)
    _, means, covariances = (tensor.detach() for tensor in dense_parameters(at_origin))
    effect = first_order_effect(at_origin, steepest_step(at_origin, points))
    about_old_means = at_origin.covariance.dense(at_origin.covariance.factor(statistics.second, statistics.count, 0.0))
    at_origin.maximize_(statistics)
    assert_close(effect[0], torch.zeros_like(effect[0]), rtol=0, atol=1e-10)
    assert_close(means + effect[1], at_origin.components.means.detach(), rtol=1e-12, atol=1e-10)
    assert_close(covariances + effect[2], about_old_means, rtol=1e-12, atol=1e-10)


def put_weights_at_their_shares(mixture: Mixture, points: Tensor) -> None:
    """Puts the weights where N_k/N = π_k with means and covariances held: the fixed point of EM on the weights."""
    _, means, covariances = (tensor.detach() for tensor in dense_parameters(mixture))
    densities = MultivariateNormal(means, covariances).log_prob(points[:, None]).exp()
    weights, shares = torch.zeros(len(means)), torch.ones(len(means)) / len(means)
    while not torch.allclose(weights, shares, rtol=1e-12, atol=0):
        weights, joint = shares, densities * shares
        shares = (joint / joint.sum(1, keepdim=True)).mean(0)
    mixture.set_(shares.log(), means, mixture.components.scale)
