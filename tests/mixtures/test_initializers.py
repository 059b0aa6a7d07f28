"""Every initializer gives responsibilities; those that pick seeds pick different ones, k-means++ as well as anybody."""

import warnings

import numpy as np
import pytest
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import multivariate_normal
from sklearn.cluster import kmeans_plusplus as reference_kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.initializers import short_em as short_em_module
from mixfit.mixtures.initializers import ward as ward_module
from mixfit.mixtures.initializers.adaptive import UNIFORM, adaptive
from mixfit.mixtures.initializers.initializer import Initializer
from mixfit.mixtures.initializers.kmeans import kmeans
from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.initializers.random_points import random_points
from mixfit.mixtures.initializers.random_responsibilities import random_responsibilities
from mixfit.mixtures.initializers.short_em import short_em
from mixfit.mixtures.initializers.ward import ward


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


@pytest.mark.parametrize("n_components", [1, 2, 7, 50])
@pytest.mark.parametrize("dim", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_responsibilities_are_shares_of_every_point(
    initializer: Initializer, n_components: int, dim: int, dtype: torch.dtype
) -> None:
    points = normal(50, dim).to(dtype)
    shares = initializer(points, ones(points), n_components, seeded(1))
    assert (shares.shape, shares.dtype) == ((50, n_components), dtype)
    assert bool((shares >= 0).all())
    assert_close(shares.double().sum(1), torch.ones(50), rtol=0, atol=1e-6 if dtype is torch.float32 else 1e-14)


def test_equal_seeds_give_equal_starts(initializer: Initializer) -> None:
    points = normal(50, 2)
    first, again = (initializer(points, ones(points), 4, seeded(2)) for _ in range(2))
    assert torch.equal(first, again)


def test_other_seeds_give_other_starts_unless_nothing_is_drawn(initializer: Initializer) -> None:
    points = normal(50, 2)
    starts = [initializer(points, ones(points), 4, seeded(seed)) for seed in range(5)]
    assert any(not torch.equal(starts[0], other) for other in starts[1:]) is (initializer is not ward)


def test_a_start_leaves_points_and_weights_as_they_are(initializer: Initializer) -> None:
    points, weights = normal(50, 2), torch.rand(50, generator=seeded(3)) + 0.5
    before = points.clone(), weights.clone()
    initializer(points, weights, 4, seeded(3))
    assert torch.equal(points, before[0])
    assert torch.equal(weights, before[1])


def test_points_on_a_grid_can_be_shared_though_all_distances_are_tied(initializer: Initializer) -> None:
    grid = torch.cartesian_prod(torch.arange(8.0), torch.arange(8.0)) / 2
    shares = initializer(grid, ones(grid), 5, seeded(4))
    assert_close(shares.sum(1), torch.ones(64), rtol=0, atol=1e-14)
    assert int((shares.sum(0) > 0).sum()) >= 3


def test_a_draw_of_few_points_by_weights_of_any_size_is_finite(initializer: Initializer) -> None:
    shares = initializer(normal(6, 2), torch.tensor([1e-6, 1.0, 1e6, 3.0, 1.0, 0.5]), 3, seeded(5))
    assert_close(shares.sum(1), torch.ones(6), rtol=0, atol=1e-14)


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
    """Both are greedy: the mean sum of squares within the groups of 200 draws each, to four standard errors."""
    blobs = 8 * normal(10, 3)[:, None] + torch.randn(10, 50, 3, generator=seeded(8))
    points = blobs.flatten(0, 1)
    ours, theirs = torch.zeros(2, 200)
    for seed in range(200):
        ours[seed] = within(points, kmeans_plusplus(points, ones(points), n_components, seeded(seed)))
        seeds, _ = reference_kmeans_plusplus(points.numpy(), n_components, random_state=seed)
        nearest = torch.cdist(points, torch.from_numpy(seeds)).argmin(1)
        theirs[seed] = within(points, torch.eye(n_components)[nearest])
    standard_error = float(((ours.var() + theirs.var()) / 200).sqrt())
    assert float(ours.mean()) == pytest.approx(float(theirs.mean()), abs=4 * standard_error)


@pytest.mark.parametrize("draw", [kmeans_plusplus, kmeans, adaptive])
def test_a_weight_of_two_is_a_row_written_twice(draw: Initializer) -> None:
    """How often two points are in one group, in 400 draws of either kind; four standard errors."""
    points, counts = normal(7, 2), torch.tensor([1, 2, 1, 3, 1, 1, 2])
    rows = torch.arange(7).repeat_interleave(counts)
    one_of_each = torch.tensor([rows.tolist().index(row) for row in range(7)])
    together = torch.zeros(2, 7, 7)
    for seed in range(400):
        merged = draw(points, counts.double(), 3, seeded(seed))
        written = draw(points[rows], torch.ones(len(rows)), 3, seeded(1000 + seed))[one_of_each]
        together += torch.stack([merged @ merged.T, written @ written.T]) / 400
    assert_close(together[0], together[1], rtol=0, atol=4 * (2 * 0.25 / 400) ** 0.5)


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


def test_adaptive_draws_the_second_seed_by_how_unlikely_a_point_is() -> None:
    """Four points in four directions: as a seed each takes itself alone. Four standard errors of 3000 draws."""
    points = torch.tensor([[9.0, 1.0], [-8.0, 3.0], [0.0, -6.0], [1.0, 7.0], [0.5, 0.0]])
    weights = torch.tensor([1.0, 2.0, 1.0, 1.0, 4.0])
    mean = weights @ points / 9
    variances = weights @ (points - mean).square() / 9
    log_density = multivariate_normal(mean.numpy(), variances.numpy()).logpdf(points.numpy())
    unlikely = torch.from_numpy(log_density.max() - log_density)
    chances = weights * ((1 - UNIFORM) * unlikely / (weights @ unlikely) + UNIFORM / 9)
    second = torch.stack([adaptive(points, weights, 2, seeded(seed))[:, 1] for seed in range(3000)])
    often = (second * (second.sum(1, keepdim=True) == 1)).mean(0)
    assert_close(often[:4], chances[:4], rtol=0, atol=4 * (0.25 / 3000) ** 0.5)


@pytest.mark.parametrize(("n_points", "dim", "n_components"), [(60, 1, 4), (200, 2, 7), (150, 10, 3), (30, 2, 29)])
def test_ward_makes_the_groups_that_scipy_makes(n_points: int, dim: int, n_components: int) -> None:
    points = normal(n_points, dim)
    labels = ward(points, ones(points), n_components, seeded(0)).argmax(1)
    reference = fcluster(linkage(points.numpy(), "ward"), n_components, "maxclust")
    same = labels[:, None] == labels
    assert torch.equal(same, torch.from_numpy(reference[:, None] == reference))


def test_ward_takes_a_weight_for_rows_written_several_times() -> None:
    points, counts = normal(80, 2), torch.arange(80) % 4 + 1
    labels = ward(points, counts.double(), 6, seeded(0)).argmax(1).repeat_interleave(counts)
    reference = fcluster(linkage(points.repeat_interleave(counts, 0).numpy(), "ward"), 6, "maxclust")
    assert torch.equal(labels[:, None] == labels, torch.from_numpy(reference[:, None] == reference))


def test_ward_of_many_points_clusters_some_and_the_others_join_the_nearest_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = (100 * torch.eye(4)[:, None] + torch.randn(4, 60, 4, generator=seeded(1))).flatten(0, 1)
    monkeypatch.setattr(ward_module, "MOST_POINTS", 40)
    for seed in range(5):
        shares = ward(points, ones(points), 4, seeded(seed))
        assert sorted(shares.unique(dim=0).argmax(1).tolist()) == [0, 1, 2, 3]
        assert all(len(group.unique(dim=0)) == 1 for group in shares.split(60))


def test_ward_of_fewer_points_than_groups_leaves_groups_empty() -> None:
    shares = ward(normal(3, 2), torch.ones(3), 5, seeded(0))
    assert shares.sum(0).tolist() == [1, 1, 1, 0, 0]


def test_short_em_shares_the_points_as_the_likeliest_of_scikit_learns_runs_does() -> None:
    points = torch.cat([normal(60, 2), 3 + 0.5 * torch.randn(60, 2, generator=seeded(1))])
    generator, ends = seeded(2), []
    for _ in range(short_em_module.N_RUNS):
        shares = random_points(points, ones(points), 3, generator)
        means = (shares.T @ points) / shares.sum(0)[:, None]
        pooled = (points - shares @ means).square().mean(0)
        run = GaussianMixture(
            3,
            covariance_type="diag",
            reg_covar=0,
            tol=0,
            max_iter=short_em_module.N_STEPS,
            weights_init=shares.mean(0).numpy(),
            means_init=means.numpy(),
            precisions_init=np.broadcast_to(1 / pooled.numpy(), (3, 2)),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            ends.append(run.fit(points.numpy()))
    best = max(ends, key=lambda end: float(end.score(points.numpy())))
    shares = short_em(points, ones(points), 3, seeded(2))
    assert_close(shares, torch.from_numpy(best.predict_proba(points.numpy())), rtol=0, atol=1e-9)


def test_short_em_prefers_no_run_for_two_points_that_it_found_close_together() -> None:
    """Two groups, in one of which two points nearly coincide: alone they would be likelier than anything."""
    points = torch.cat([normal(40, 1), 6 + normal(40, 1)])
    points[1] = points[0] + 1e-9
    shares = short_em((points - points.mean(0)) / points.std(0), ones(points), 2, seeded(3))
    assert_close(shares[:40].mean(0).sort().values, torch.tensor([0.0, 1.0]), rtol=0, atol=0.02)
