"""Cumulative probabilities and their inverse, against scipy's normal distribution, integration and each other."""

from math import inf, nan

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations import cdf, quantile, survival

LEVELS = [5e-324, 1e-300, 1e-40, 1e-12, 0.01, 0.2, 0.5, 0.7, 0.99, 1 - 1e-12, 1 - 2**-53]


@pytest.fixture(params=[1])
def dim(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def on_a_line(weights: list[float], means: list[float], deviations: list[float]) -> Density:
    variances = torch.tensor(deviations).square()
    return Density.of(torch.tensor(weights), torch.tensor(means)[:, None], variances[:, None, None])


def by_scipy(density: Density, points: Tensor, upper: bool = False) -> Tensor:
    means, deviations = density.means.squeeze(1).numpy(), density.covariances.flatten().sqrt().numpy()
    tail = (norm.sf if upper else norm.cdf)(points.numpy()[:, None], means, deviations)
    return torch.from_numpy(tail @ density.weights.numpy())


def spread_over(density: Density) -> Tensor:
    """Points from thirty-five standard deviations below to as many above."""
    deviation = float(density.covariances.max().sqrt())
    return float(density.means.mean()) + deviation * torch.linspace(-35, 35, 141)


def test_both_tails_are_scipys_to_the_last_digits(density: Density) -> None:
    points = spread_over(density)
    assert_close(cdf(density, points), by_scipy(density, points), rtol=1e-9, atol=0)
    assert_close(survival(density, points), by_scipy(density, points, upper=True), rtol=1e-9, atol=0)


def test_what_lies_below_and_above_is_everything(density: Density) -> None:
    points = spread_over(density)
    assert_close(cdf(density, points) + survival(density, points), torch.ones(141), rtol=1e-14, atol=0)
    assert cdf(density, torch.tensor([-inf, inf])).tolist() == [0.0, pytest.approx(1.0, abs=1e-15)]


def test_a_cumulative_probability_is_the_integral_of_the_density() -> None:
    density = on_a_line([0.2, 0.5, 0.3], [-2.0, 0.0, 4.0], [0.5, 1.0, 2.0])
    for point in (-3.0, 0.3, 5.0):

        def integrand(x: float) -> float:
            return float(density.log_density(torch.tensor([x])).exp())

        expected = quad(integrand, -30, point, epsabs=1e-14, epsrel=1e-12, limit=500)[0]
        assert float(cdf(density, torch.tensor([point]))) == pytest.approx(expected, abs=1e-12)


def test_a_quantile_has_its_level_below_it(density: Density) -> None:
    """As far as a point can say it: one rounding of x moves log F by p/F · ε|x|."""
    levels = torch.tensor(LEVELS)
    points = quantile(density, levels)
    below, above = cdf(density, points), survival(density, points)
    rounding = 4 * torch.finfo(torch.float64).eps * points.abs() * density.log_density(points).detach().exp()
    assert bool(((below - levels).abs() <= 1e-12 * levels + rounding).all())
    upper = levels > 0.5
    assert bool(((above - (1 - levels)).abs()[upper] <= (1e-12 * (1 - levels) + rounding)[upper]).all())


def test_a_quantile_is_the_root_that_brent_finds() -> None:
    weights, means, deviations = [0.2, 0.5, 0.3], [-2.0, 0.0, 4.0], [0.5, 1.0, 2.0]
    density = on_a_line(weights, means, deviations)
    for level in (1e-6, 0.1, 0.5, 0.9):
        expected = brentq(lambda x, p: np.dot(weights, norm.cdf(x, means, deviations)) - p, -20, 20, (level,), 1e-15)
        assert float(quantile(density, torch.tensor([level]))) == pytest.approx(expected, abs=2e-14)


def test_the_quantiles_of_one_component_are_those_of_the_normal_distribution() -> None:
    points = quantile(on_a_line([1.0], [3.0], [2.0]), torch.tensor(LEVELS))
    assert_close(points, torch.from_numpy(norm.ppf(LEVELS, 3.0, 2.0)), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    ("weights", "means", "deviations"),
    [
        ([0.5, 0.5], [-50.0, 50.0], [1.0, 1.0]),
        ([0.3, 0.7], [-50.0, 50.0], [1e-3, 1.0]),
        ([0.2, 0.8], [0.0, 1.0], [10.0, 1e-9]),
        ([1e-9, 1 - 1e-9], [-1e5, 0.0], [1.0, 1.0]),
        ([0.5, 0.5], [-1.0, 1.0], [1.0, 1.0]),
    ],
    ids=["gap", "unequal gap", "spike", "speck", "flat"],
)
def test_neither_gaps_nor_spikes_stop_the_search(
    weights: list[float], means: list[float], deviations: list[float]
) -> None:
    density = on_a_line(weights, means, deviations)
    levels = torch.cat([torch.linspace(0.0005, 0.9995, 1999), torch.logspace(-300, -4, 500)])
    points = quantile(density, levels)
    rounding = 4 * torch.finfo(torch.float64).eps * points.abs() * density.log_density(points).detach().exp()
    assert bool(((cdf(density, points) - levels).abs() <= 2e-12 * levels + rounding).all())
    assert bool((points[:1999].diff() >= 0).all())


def test_the_median_of_a_symmetric_mixture_is_its_middle() -> None:
    assert float(quantile(on_a_line([0.5, 0.5], [-50.0, 50.0], [1.0, 1.0]), torch.tensor(0.5))) == 0.0


def test_levels_zero_and_one_lie_at_the_ends_of_the_line(density: Density) -> None:
    assert quantile(density, torch.tensor([0.0, 1.0])).tolist() == [-inf, inf]


def test_levels_keep_their_shape_and_lists_their_digits(density: Density) -> None:
    assert quantile(density, torch.full((2, 3), 0.1)).shape == (2, 3)
    torch.set_default_dtype(torch.float32)
    assert quantile(density, [0.1]).item() == quantile(density, torch.tensor(0.1, dtype=torch.float64)).item()  # type: ignore[arg-type]


@pytest.mark.parametrize("level", [-1e-300, 1 + 1e-15, nan])
def test_a_level_that_is_no_probability_is_refused(density: Density, level: float) -> None:
    with pytest.raises(ValueError, match=r"is no probability; levels lie in \[0, 1\]"):
        quantile(density, torch.tensor([0.5, level]))


@pytest.mark.parametrize("dim", [2], indirect=True)
def test_more_dimensions_than_one_are_refused_with_the_remedy(density: Density) -> None:
    for function in (cdf, survival, quantile):
        with pytest.raises(ValueError, match=r"lives in 2 dimensions.*take marginal"):
            function(density, torch.tensor([0.5]))


def test_points_of_a_plane_are_refused(density: Density) -> None:
    with pytest.raises(ValueError, match=r"shape \(3, 2\)"):
        cdf(density, torch.zeros(3, 2))
