"""Overlap: closed forms, integrals, and draws."""

from __future__ import annotations

from itertools import permutations
from math import sqrt

import numpy as np
import pytest
import torch
from scipy.stats import chi2, ncx2, norm
from torch import Tensor
from torch.distributions import MultivariateNormal
from torch.testing import assert_close

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations import overlap
from mixfit.mixtures.operations.overlaps import misclassification
from mixfit.mixtures.operations.quadratic import Quadratic, _lower_tail, probability_below


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def covariances_of(n_components: int, dim: int, generator: torch.Generator) -> Tensor:
    normal = torch.randn(n_components, dim, dim + 2, generator=generator, dtype=torch.float64)
    return normal @ normal.mT


def below(squares: list[float], linear: list[float], threshold: float) -> float:
    a, b, c = (torch.tensor([numbers], dtype=torch.float64) for numbers in (squares, linear, threshold))
    return float(probability_below(a, b, c))


# The distribution of a quadratic function


@pytest.mark.parametrize("degrees", [1, 2, 3, 20])
@pytest.mark.parametrize("point", [1e-30, 0.01, 1.0, 30.0, 200.0])
def test_a_sum_of_squares_is_chi_squared(degrees: int, point: float) -> None:
    ones, zeros = [1.0] * degrees, [0.0] * degrees
    assert below(ones, zeros, point) == pytest.approx(chi2.cdf(point, degrees), rel=1e-13)
    assert below([-1.0] * degrees, zeros, -point) == pytest.approx(chi2.sf(point, degrees), rel=1e-12)


@pytest.mark.parametrize("degrees", [1, 2, 5])
@pytest.mark.parametrize("point", [0.5, 3.0, 20.0, 60.0])
def test_a_sum_of_shifted_squares_is_non_central_chi_squared(degrees: int, point: float) -> None:
    shift = 1.5
    found = below([2.0] * degrees, [4.0 * shift] * degrees, 2 * (point - degrees * shift**2))
    assert found == pytest.approx(ncx2.cdf(point, degrees, degrees * shift**2), rel=1e-10)


@pytest.mark.parametrize("threshold", [-300.0, -20.0, -1.0, 0.0, 3.0])
def test_without_squares_it_is_normal_however_far_out(threshold: float) -> None:
    assert below([0.0, 0.0], [3.0, 4.0], 5 * threshold / 8) == pytest.approx(norm.cdf(threshold / 8), rel=1e-12)
    assert below([0.0], [1.0], -37.0) == pytest.approx(norm.cdf(-37.0), rel=1e-11)


def test_a_product_of_two_normal_numbers_is_negative_half_the_time() -> None:
    assert below([1.0, -1.0], [0.0, 0.0], 0.0) == pytest.approx(0.5, abs=1e-14)


def test_a_difference_of_two_exponential_numbers_is_laplacian() -> None:
    """χ² of two degrees is twice an exponential number."""
    for threshold in (-60.0, -3.0, 0.5):
        expected = 0.5 * np.exp(threshold / 2) if threshold < 0 else 1 - 0.5 * np.exp(-threshold / 2)
        assert below([1.0, 1.0, -1.0, -1.0], [0.0] * 4, threshold) == pytest.approx(expected, rel=1e-12)


def test_what_cannot_be_has_probability_zero_and_what_must_be_one() -> None:
    assert below([1.0, 2.0], [2.0, 0.0], -1.0) == 0.0
    assert below([-1.0, -2.0], [2.0, 0.0], 1.0) == 1.0
    assert [below([0.0], [0.0], threshold) for threshold in (-1.0, 0.0, 1.0)] == [0.0, 0.5, 1.0]
    assert [below([1.0], [1.0], threshold) for threshold in (-np.inf, np.inf)] == [0.0, 1.0]


@pytest.mark.parametrize("dim", [1, 2, 3, 8])
@pytest.mark.parametrize("orders", [0.0, 2.0])
def test_both_tails_add_up_to_one_whatever_the_scales(dim: int, orders: float) -> None:
    """They are integrals on either side of the pole, and have no point in common."""
    generator = seeded(dim)

    def numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    squares, linear = (numbers(200, dim) * 10 ** (orders * numbers(200, dim)) for _ in range(2))
    deviation = (2 * squares.square() + linear.square()).sum(1).sqrt()
    threshold = squares.sum(1) + deviation * numbers(200)
    lower = _lower_tail(Quadratic(squares, linear.square(), threshold))
    upper = _lower_tail(Quadratic(-squares, linear.square(), -threshold))
    assert_close(lower + upper, torch.ones(200, dtype=torch.float64), rtol=0, atol=1e-14)


# Overlap


@pytest.mark.parametrize("dim", [1, 2, 7])
def test_under_equal_covariances_and_weights_it_is_a_normal_tail(dim: int) -> None:
    """ω_ij = 2 Φ(-Δ/2) with Mahalanobis's distance Δ (Maitra & Melnykov 2010)."""
    generator = seeded(dim)
    covariances = covariances_of(1, dim, generator).expand(4, dim, dim)
    means = 4 * torch.randn(4, dim, generator=generator, dtype=torch.float64)
    found = misclassification(torch.zeros(4, dtype=torch.float64), means, covariances)
    for i, j in permutations(range(4), 2):
        difference = (means[i] - means[j]).numpy()
        distance = sqrt(difference @ np.linalg.solve(covariances[0].numpy(), difference))
        assert float(found[i, j]) == pytest.approx(norm.cdf(-distance / 2), rel=1e-10)
        assert float((found + found.T)[i, j]) == pytest.approx(2 * norm.cdf(-distance / 2), rel=1e-10)


def test_unequal_weights_under_equal_covariances_move_the_border() -> None:
    """ω_j|i = Φ(-Δ/2 + log(π_j/π_i)/Δ)."""
    weights = torch.tensor([0.1, 0.3, 0.6], dtype=torch.float64)
    means = torch.tensor([[0.0, 0.0], [1.0, 0.5], [0.0, 2.0]], dtype=torch.float64)
    covariances = torch.tensor([[1.0, 0.3], [0.3, 0.5]], dtype=torch.float64).expand(3, 2, 2)
    found = misclassification(weights.log(), means, covariances)
    for i, j in permutations(range(3), 2):
        difference = (means[i] - means[j]).numpy()
        distance = sqrt(difference @ np.linalg.solve(covariances[0].numpy(), difference))
        expected = norm.cdf(-distance / 2 + np.log(float(weights[j] / weights[i])) / distance)
        assert float(found[i, j]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("means", [(0.0, 1.0), (0.0, 0.0), (-3.0, 12.0)])
@pytest.mark.parametrize("deviations", [(1.0, 3.0), (2.0, 0.1), (1.0, 1.001)])
@pytest.mark.parametrize("weight", [0.5, 0.8])
def test_on_a_line_it_is_what_lies_between_the_roots(
    means: tuple[float, float], deviations: tuple[float, float], weight: float
) -> None:
    weights = (weight, 1 - weight)
    found = misclassification(
        torch.tensor(weights, dtype=torch.float64).log(),
        torch.tensor(means, dtype=torch.float64)[:, None],
        torch.tensor(deviations, dtype=torch.float64).square()[:, None, None],
    )
    for i, j in ((0, 1), (1, 0)):
        precise = [0.5 / deviations[k] ** 2 for k in (i, j)]
        log_odds = np.log(weights[j] / weights[i] * deviations[i] / deviations[j])
        coefficients = [
            precise[0] - precise[1],
            -2 * (precise[0] * means[i] - precise[1] * means[j]),
            precise[0] * means[i] ** 2 - precise[1] * means[j] ** 2 + log_odds,
        ]  # log π_j N_j - log π_i N_i, from x² down
        roots = np.roots(coefficients)
        between = 0.0
        if abs(roots[0].imag) == 0:
            low, high = sorted((roots.real - means[i]) / deviations[i])
            between = norm.cdf(high) - norm.cdf(low) if low < 0 else norm.sf(low) - norm.sf(high)
        expected = between if coefficients[0] < 0 else 1 - between
        assert float(found[i, j]) == pytest.approx(expected, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("dim", [2, 3, 6])
def test_it_is_the_share_of_draws_that_are_more_probable_under_another(dim: int) -> None:
    generator, n_draws = seeded(dim), 100_000
    weights = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    covariances = covariances_of(3, dim, generator)
    covariances[1] = torch.diag(torch.tensor([2.0, 0.5], dtype=torch.float64).repeat(dim)[:dim])
    covariances[2] = covariances[1].clone()  # equal along all axes but one
    covariances[2, 0, 0] *= 4
    means = 1.5 * torch.randn(3, dim, generator=generator, dtype=torch.float64)
    found = misclassification(weights.log(), means, covariances)
    components = MultivariateNormal(means, covariances)
    for i in range(3):
        normal = torch.randn(n_draws, dim, generator=generator, dtype=torch.float64)
        points = means[i] + normal @ torch.linalg.cholesky(covariances[i]).T
        log_joint = components.log_prob(points[:, None]) + weights.log()
        shares = (log_joint > log_joint[:, [i]]).to(torch.float64).mean(0)
        standard_error = (found[i] * (1 - found[i]) / n_draws).sqrt()
        assert bool(((shares - found[i]).abs() <= 4 * standard_error).all())


def test_a_component_of_no_weight_is_never_taken_for_and_always_taken() -> None:
    log_weights = torch.tensor([0.5, 0.0, 0.5], dtype=torch.float64).log()
    means = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)
    found = misclassification(log_weights, means, torch.ones(3, 1, 1, dtype=torch.float64))
    assert found[:, 1].tolist() == [0, 0, 0]
    assert found[1, [0, 2]].tolist() == [1, 1]


def test_twins_are_a_toss_up() -> None:
    covariances = covariances_of(1, 5, seeded()).repeat(2, 1, 1)
    means = torch.ones(2, 5, dtype=torch.float64)
    half = [[0.0, 0.5], [0.5, 0.0]]
    assert misclassification(torch.zeros(2, dtype=torch.float64), means, covariances).tolist() == half


def test_it_is_the_same_in_any_units_and_any_family(density: Density) -> None:
    covariances = density.covariances
    size = covariances.diagonal(dim1=-2, dim2=-1)[0].sqrt()
    relative = covariances / size / size[:, None]
    expected = misclassification(density.weights.log(), (density.means - density.means[0]) / size, relative)
    assert_close(overlap(density), expected, rtol=1e-6, atol=1e-9)
