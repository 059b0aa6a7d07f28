"""A point of weight w is w points: in the sums, in the standardization and in where a fit starts."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.distinct import distinct
from mixfit.mixtures.initializers.initializer import Initializer
from mixfit.mixtures.initializers.start import start_
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.search import Search
from mixfit.mixtures.standardization import Standardization


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def points() -> Tensor:
    centres = torch.tensor([[0.0, 0.0], [3.0, 1.0], [1.0, 4.0]])
    return (centres[:, None] + torch.randn(3, 40, 2, generator=seeded(0))).flatten(0, 1)


@pytest.fixture
def times(points: Tensor) -> Tensor:
    """How often each point is there: 1 to 4."""
    return torch.randint(1, 5, (len(points),), generator=seeded(1))


def started(family: type[Covariance], points: Tensor, initializer: Initializer, weights: Tensor | None) -> Mixture:
    mixture = Mixture(family(3, 2), floor=1e-6)
    how = Search(initializer, restarts=3, n_passes=4, patience=1)
    start_(mixture, points, how, generator=seeded(2), weights=weights)
    return mixture


def test_the_statistics_of_weighted_points_are_those_of_repeated_ones(
    family: type[Covariance], points: Tensor, times: Tensor
) -> None:
    mixture = started(family, points, lambda x, w, k, g: torch.rand(len(x), k, generator=g), None)
    weighted = mixture.statistics(points, weights=times.to(points))
    repeated = mixture.statistics(points.repeat_interleave(times, 0))
    for name in ("n_points", "log_likelihood", "count", "first", "second"):
        assert_close(getattr(weighted, name), getattr(repeated, name), rtol=1e-12, atol=1e-12, msg=name)


def test_a_start_from_weighted_points_is_that_from_repeated_ones_in_any_order(
    family: type[Covariance], initializer: Initializer, points: Tensor, times: Tensor
) -> None:
    rows = torch.arange(len(points)).repeat_interleave(times)
    shuffled = rows[torch.randperm(len(rows), generator=seeded(3))]
    weighted = started(family, points, initializer, times.to(points))
    repeated = started(family, points[shuffled], initializer, None)
    for one, other in zip(weighted.components, repeated.components, strict=True):
        assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("per_axis", [True, False])
def test_the_standardization_of_weighted_points_is_that_of_repeated_ones(
    points: Tensor, times: Tensor, per_axis: bool
) -> None:
    weighted = Standardization.of(points, per_axis, times.to(points))
    repeated = Standardization.of(points.repeat_interleave(times, 0), per_axis)
    assert_close(weighted.shift, repeated.shift, rtol=1e-13, atol=1e-13)
    assert_close(weighted.scale, repeated.scale, rtol=1e-13, atol=0)


def test_the_step_to_the_maximum_under_expected_statistics_changes_nothing(
    family: type[Covariance], initializer: Initializer, points: Tensor
) -> None:
    mixture = started(family, points, initializer, None)
    before = [tensor.clone() for tensor in mixture.components]
    mixture.maximize_(mixture.expected_statistics() * 7.0)
    for one, other in zip(mixture.components, before, strict=True):
        assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_the_expected_statistics_are_the_mean_statistics_of_many_draws(family: type[Covariance]) -> None:
    """Five standard errors of a million draws from three separate components."""
    mixture = Mixture(family(3, 2), floor=1e-6)
    means = torch.tensor([[0.0, 0.0], [30.0, 0.0], [0.0, 30.0]])
    mixture.set_(torch.tensor([0.2, 0.3, 0.5]).log(), means, mixture.covariance.identity())
    component = torch.multinomial(torch.tensor([0.2, 0.3, 0.5]), 1_000_000, True, generator=seeded(4))
    drawn = mixture.statistics(means[component] + torch.randn(1_000_000, 2, generator=seeded(5))) * 1e-6
    expected = mixture.expected_statistics()
    for name in ("n_points", "count", "first", "second"):
        assert_close(getattr(drawn, name), getattr(expected, name), rtol=0, atol=0.01, msg=name)


def test_distinct_points_are_sorted_and_carry_the_weights_of_their_doubles() -> None:
    rows = torch.tensor([[1.0, 2.0], [0.0, 5.0], [1.0, 2.0], [0.0, -1.0], [1.0, 2.0]])
    points, weights = distinct(rows, torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert torch.equal(points, torch.tensor([[0.0, -1.0], [0.0, 5.0], [1.0, 2.0]]))
    assert torch.equal(weights, torch.tensor([4.0, 2.0, 9.0]))
