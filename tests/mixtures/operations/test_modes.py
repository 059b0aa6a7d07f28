"""Peaks: those that are known, those on a grid, and no saddle among them."""

import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.covariances import Spherical
from mixfit.mixtures.density import Density
from mixfit.mixtures.operations import modes


def two_on_a_line(distance: float) -> Density:
    """Two equal unit Gaussians, which have two peaks if and only if they are more than 2 apart."""
    means = torch.tensor([[-0.5], [0.5]]) * distance
    return Density.of(torch.tensor([0.5, 0.5]), means, torch.ones(2, 1, 1))


@pytest.mark.parametrize("n_components", [1], ids="K={}".format)
def test_one_component_has_its_mean(density: Density) -> None:
    assert_close(modes(density), density.means, rtol=1e-12, atol=0)


def test_far_components_have_their_means_by_height(density: Density) -> None:
    heights = density.weights.log() - 0.5 * torch.logdet(density.covariances)
    size = density.covariances.diagonal(dim1=-2, dim2=-1).amax(0).sqrt()
    far = torch.arange(len(heights))[:, None] * 100 * size
    apart = Density.of(density.weights, far, density.covariances, type(density.mixture.covariance))
    assert_close(modes(apart) / size, far[heights.argsort(descending=True)] / size, rtol=0, atol=1e-9)


def test_on_every_peak_the_gradient_vanishes_and_the_hessian_is_negative(density: Density) -> None:
    mixture, standardization = density.mixture, density.standardization
    found = modes(density)
    assert len(found) >= 1
    for peak in (found - standardization.shift) / standardization.scale:

        def log_density(point: Tensor) -> Tensor:
            return mixture.log_density(point[None]).squeeze(0)

        gradient = torch.autograd.functional.jacobian(log_density, peak)
        hessian = torch.autograd.functional.hessian(log_density, peak)
        assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-7)
        assert bool((torch.linalg.eigvalsh(hessian) < 0).all())


def test_peaks_come_highest_first(density: Density) -> None:
    heights = density.log_density(modes(density)).detach()
    assert bool((heights.diff() <= 0).all())


@pytest.mark.parametrize("seed", range(5))
def test_on_a_line_the_peaks_are_those_of_a_grid(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    variances = torch.rand(8, generator=generator) + 0.05
    means = 8 * torch.rand(8, 1, generator=generator)
    density = Density.of(torch.rand(8, generator=generator).softmax(0), means, variances[:, None, None])
    grid = torch.linspace(-3, 11, 140_001)
    heights = density.log_density(grid).detach()
    is_peak = (heights[1:-1] > heights[:-2]) & (heights[1:-1] > heights[2:])
    assert_close(modes(density).flatten().sort().values, grid[1:-1][is_peak], rtol=0, atol=1e-4)


@pytest.mark.parametrize("distance", [2.1, 2.001, 2.00001])
def test_two_peaks_are_told_apart_until_they_merge(distance: float) -> None:
    """They solve x = a tanh(a x) with a half the distance."""
    a = distance / 2
    peak = math.sqrt(3 * (a - 1)) * 2
    for _ in range(200):  # Newton's method from above
        t = math.tanh(a * peak)
        peak -= (peak - a * t) / (1 - a * a * (1 - t * t))
    assert_close(modes(two_on_a_line(distance)).flatten().sort().values, torch.tensor([-peak, peak]), rtol=1e-6, atol=0)


@pytest.mark.parametrize("distance", [0.0, 1.0, 1.999, 2.0])
def test_two_components_within_two_deviations_have_one_peak(distance: float) -> None:
    assert_close(modes(two_on_a_line(distance)), torch.zeros(1, 1), rtol=0, atol=1e-6)


def test_a_mean_on_a_saddle_is_no_peak() -> None:
    means = torch.tensor([[-3.0, 0.0], [3.0, 0.0], [0.0, 0.0]])
    covariances = torch.stack([torch.eye(2), torch.eye(2), 20 * torch.eye(2)])
    density = Density.of(torch.tensor([0.45, 0.45, 0.1]), means, covariances)
    assert len(modes(density)) == 2


def test_two_long_components_that_cross_have_a_third_peak() -> None:
    means, covariances = torch.tensor([[3.0, 0.0], [0.0, 3.0]]), torch.tensor([[10.0, 0.05], [0.05, 10.0]])
    found = modes(Density.of(torch.tensor([0.5, 0.5]), means, torch.diag_embed(covariances)))
    assert_close(found[1:].sort(0).values, means.sort(0).values, rtol=0, atol=1e-6)
    assert float(found[0].abs().max()) < 0.1


def test_three_balls_on_a_triangle_have_a_fourth_peak_between_them() -> None:
    """Carreira-Perpiñán & Williams (2003)."""
    angles = 2 * torch.pi / 3 * torch.arange(3)
    corners = torch.stack([angles.cos(), angles.sin()], 1)
    for deviation, n_peaks in ((0.7, 3), (0.725, 4), (0.74, 1)):
        balls = (deviation**2 * torch.eye(2)).expand(3, 2, 2)
        found = modes(Density.of(torch.ones(3) / 3, corners, balls, Spherical))
        assert len(found) == n_peaks


def test_more_components_than_have_room_for_pairs_are_climbed_from_their_means() -> None:
    means = 10 * torch.arange(70.0)[:, None]
    density = Density.of(torch.ones(70) / 70, means, torch.ones(70, 1, 1))
    assert_close(modes(density).sort(0).values, means, rtol=0, atol=1e-9)
