"""How near a maximum is, and what the floor does to a gradient that pushes against it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.mixture import Mixture


def test_the_gain_of_an_em_step_is_at_least_what_the_likelihood_gains(mixture: Mixture, points: Tensor) -> None:
    before = float(mixture.statistics(points).nll)
    promised = mixture.em_gain(mixture.statistics(points))
    assert float(mixture.statistics(points).nll) == before  # to ask changes nothing
    mixture.maximize_(mixture.statistics(points))
    assert before - float(mixture.statistics(points).nll) >= promised - 1e-12


def test_the_gain_is_zero_at_a_maximum(covariance: Covariance, points: Tensor) -> None:
    mixture = Mixture(type(covariance)(1, covariance.dim))
    mixture.maximize_(mixture.statistics(points))
    assert mixture.em_gain(mixture.statistics(points)) == pytest.approx(0, abs=1e-14)


def on_floor(family: type[Covariance], variance: float, floor: float) -> tuple[Mixture, Tensor]:
    """A ball of some variance, and its gradient by `scale_offset` for points that would have it smaller."""
    mixture = Mixture(family(1, 2), floor)
    log_weights, means, scale = mixture.components
    mixture.set_(log_weights, means, variance**0.5 * scale)
    points = 0.1 * variance**0.5 * torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(mixture.nll(mixture.statistics(points)), mixture.scale_offset)
    return mixture, gradient


def test_a_gradient_does_not_push_against_the_floor(family: type[Covariance]) -> None:
    mixture, gradient = on_floor(family, variance=0.01, floor=0.01)
    assert float(gradient.abs().max()) > 0.1
    diagonal = mixture.along_floor(gradient)
    assert_close(diagonal, torch.zeros_like(gradient), rtol=0, atol=1e-9)


def test_away_from_the_floor_a_gradient_is_left_alone(family: type[Covariance]) -> None:
    mixture, gradient = on_floor(family, variance=0.02, floor=0.01)
    assert mixture.along_floor(gradient) is gradient


def test_a_gradient_that_leads_away_from_the_floor_is_left_alone(family: type[Covariance]) -> None:
    mixture, gradient = on_floor(family, variance=0.01, floor=0.01)
    assert_close(mixture.along_floor(-gradient), -gradient, rtol=0, atol=1e-9)


def test_along_the_floor_a_gradient_keeps_what_the_floor_allows() -> None:
    mixture = Mixture(Full(1, 2), 0.01)
    log_weights, means, _ = mixture.components
    mixture.set_(log_weights, means, torch.diag(torch.tensor([0.1, 1.0]))[None])
    gradient = torch.tensor([[[0.3, 0.0], [0.0, 0.2]]])
    assert_close(mixture.along_floor(gradient), torch.tensor([[[0.0, 0.0], [0.0, 0.2]]]), rtol=0, atol=1e-9)


def test_a_mixture_is_flat_if_all_components_are_in_the_same_direction() -> None:
    mixture = Mixture(Full(2, 2), 1e-6)
    log_weights, means, _ = mixture.components
    along_first, along_second = (torch.diag(torch.tensor(deviations)) for deviations in ([1.0, 1e-3], [1e-3, 1.0]))
    mixture.set_(log_weights, means, torch.stack([along_first, along_first]))
    assert mixture.is_flat
    mixture.set_(log_weights, means, torch.stack([along_first, along_second]))
    assert mixture.on_floor.all()
    assert not mixture.is_flat
