"""Every initializer gives responsibilities; those that pick seeds pick different ones, k-means++ as well as anybody."""

import pytest
import torch
from sklearn.cluster import kmeans_plusplus as reference_kmeans_plusplus
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.initializers.random_points import random_points
from mixfit.mixtures.initializers.random_responsibilities import random_responsibilities
from mixfit.mixtures.initializers.start import Initializer


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(n_points: int, dim: int) -> Tensor:
    return torch.randn(n_points, dim, generator=seeded(0))


def ones(points: Tensor) -> Tensor:
    return points.new_ones(len(points))


def within(points: Tensor, shares: Tensor) -> float:
    """The sum of squares about the means of the groups that the shares make."""
    means = (shares.T @ points) / shares.sum(0)[:, None]
    return float((points - shares @ means).square().sum())


@pytest.mark.parametrize("n_components", [1, 2, 7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_responsibilities_are_shares_of_every_point(
    initializer: Initializer, n_components: int, dtype: torch.dtype
) -> None:
    points = normal(50, 3).to(dtype)
    shares = initializer(points, ones(points), n_components, seeded(1))
    assert (shares.shape, shares.dtype) == ((50, n_components), dtype)
    assert bool((shares >= 0).all())
    assert_close(shares.double().sum(1), torch.ones(50), rtol=0, atol=1e-6 if dtype is torch.float32 else 1e-14)


def test_equal_seeds_give_equal_starts_and_others_do_not(initializer: Initializer) -> None:
    points = normal(50, 2)
    first, again, other = (initializer(points, ones(points), 4, seeded(seed)) for seed in (2, 2, 3))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_global_random_state_is_left_alone(initializer: Initializer) -> None:
    before = torch.get_rng_state()
    initializer(normal(50, 2), torch.ones(50), 4, seeded(4))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("n_components", [1, 3, 10])
def test_points_that_are_all_the_same_can_be_shared(initializer: Initializer, n_components: int) -> None:
    shares = initializer(torch.ones(10, 2), torch.ones(10), n_components, seeded(5))
    assert_close(shares.sum(1), torch.ones(10), rtol=0, atol=1e-14)


@pytest.mark.parametrize("draw", [kmeans_plusplus, random_points])
@pytest.mark.parametrize("seed", range(5))
def test_as_many_seeds_as_points_take_every_point(draw: Initializer, seed: int) -> None:
    shares = draw(normal(12, 2), torch.ones(12), 12, seeded(seed))
    assert torch.equal(shares.sum(0), torch.ones(12))
    assert torch.equal(shares.sum(1), torch.ones(12))


@pytest.mark.parametrize("draw", [kmeans_plusplus, random_points])
def test_a_seed_takes_the_points_nearest_to_it(draw: Initializer) -> None:
    """Of two far groups each component with points has its share in one of them only."""
    points = torch.cat([normal(30, 2), 1000 + normal(30, 2)])
    shares = draw(points, ones(points), 8, seeded(6))
    assert set(shares.unique().tolist()) == {0.0, 1.0}
    assert bool(((shares[:30].sum(0) == 0) | (shares[30:].sum(0) == 0)).all())


def test_kmeans_plusplus_finds_every_distinct_place_among_duplicates() -> None:
    places = 10 * normal(5, 2)
    shares = kmeans_plusplus(places.repeat(40, 1), torch.ones(200), 5, seeded(7))
    assert torch.equal(shares.sum(0), torch.full((5,), 40.0))


@pytest.mark.parametrize("n_components", [5, 10])
def test_kmeans_plusplus_places_its_seeds_as_well_as_scikit_learn(n_components: int) -> None:
    """The sum of squares within the groups of 5 or 10 seeds among 10 blobs: the mean of 20 draws, to ten percent."""
    blobs = 8 * normal(10, 3)[:, None] + torch.randn(10, 50, 3, generator=seeded(8))
    points = blobs.flatten(0, 1)
    ours = theirs = 0.0
    for seed in range(20):
        ours += within(points, kmeans_plusplus(points, ones(points), n_components, seeded(seed)))
        seeds, _ = reference_kmeans_plusplus(points.numpy(), n_components, random_state=seed)
        nearest = torch.cdist(points, torch.from_numpy(seeds)).argmin(1)
        theirs += within(points, torch.eye(n_components)[nearest])
    assert ours == pytest.approx(theirs, rel=0.1)


def test_random_responsibilities_are_uniform_on_the_simplex() -> None:
    """A flat Dirichlet's share has mean 1/K and variance (K-1)/(K²(K+1)); four standard errors of 40,000 draws."""
    shares = random_responsibilities(torch.zeros(40_000, 1), torch.ones(40_000), 4, seeded(9))
    assert_close(shares.mean(0), torch.full((4,), 0.25), rtol=0, atol=4 * (0.0375 / 40_000) ** 0.5)
    assert_close(shares.var(0), torch.full((4,), 0.0375), rtol=0.04, atol=0)


@pytest.mark.parametrize("draw", [kmeans_plusplus, random_points])
def test_a_first_seed_is_drawn_as_often_as_its_weight_says(draw: Initializer) -> None:
    """Which of two points is component 0 says which was drawn first; four standard errors of 2000 draws."""
    places, weights = torch.tensor([[0.0], [1.0]]), torch.tensor([1.0, 3.0])
    first = torch.stack([draw(places, weights, 2, seeded(seed))[:, 0] for seed in range(2000)])
    assert float(first[:, 1].mean()) == pytest.approx(0.75, abs=4 * (0.75 * 0.25 / 2000) ** 0.5)
