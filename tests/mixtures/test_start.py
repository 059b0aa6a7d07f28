"""The best of several starts, chosen by the number of components on the floor and then by the likelihood."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.assignments import nearest, soft
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, TiedSpherical
from mixfit.mixtures.initializers import start as start_module
from mixfit.mixtures.initializers.initializer import Initializer
from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.initializers.random_points import random_points
from mixfit.mixtures.initializers.start import begin_, start_
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.search import Search


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def started(
    family: type[Covariance], points: Tensor, initializer: Initializer, seed: int = 0, **changes: Any
) -> Mixture:
    mixture = Mixture(family(changes.pop("n_components", 3), points.shape[1]), floor=1e-6)
    assignment = changes.pop("assignment", soft)
    options: dict[str, Any] = {"restarts": 4, "n_passes": 5, "patience": 0}
    start_(mixture, points, Search(initializer, **options | changes), assignment=assignment, generator=seeded(seed))
    return mixture


def in_turn(draws: list[Tensor]) -> Initializer:
    """An initializer that gives the prepared responsibilities, one set after the other."""
    waiting = iter(draws)
    return lambda points, weights, n_components, generator: next(waiting)


@pytest.fixture
def points() -> Tensor:
    centres = torch.tensor([[0.0, 0.0], [3.0, 1.0], [1.0, 4.0]])
    return (centres[:, None] + torch.randn(3, 60, 2, generator=seeded(0))).flatten(0, 1)


def test_equal_seeds_give_equal_starts(family: type[Covariance], points: Tensor, initializer: Initializer) -> None:
    first, again = (started(family, points, initializer, seed=1) for _ in range(2))
    for one, other in zip(first.components, again.components, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_of_several_starts_is_no_worse_than_the_first(
    family: type[Covariance], points: Tensor, seed: int
) -> None:
    alone, best = (started(family, points, random_points, seed, restarts=n, n_passes=1) for n in (1, 8))
    assert float(best.statistics(points).nll) <= float(alone.statistics(points).nll)


def test_a_start_leaves_the_mixture_at_its_origin(family: type[Covariance], points: Tensor) -> None:
    mixture = started(family, points, kmeans_plusplus)
    assert not any(bool(offset.any()) for offset in mixture.parameters())


def test_a_start_with_fewer_components_on_the_floor_comes_first_though_a_spike_is_likelier() -> None:
    """Forty copies of zero amid a group, and another group: given their own component, they end on the floor."""
    points = torch.cat([torch.zeros(40), torch.linspace(-2.0, 2.0, 30), torch.linspace(2.1, 5.0, 30)])[:, None]
    spike, halves = (points.unique() != 0).long(), (points.unique() > 2.05).long()
    draws = [torch.eye(2)[labels] for labels in (spike, halves)]  # of the different points
    alone = [started(Diag, points, in_turn([draw]), n_components=2, restarts=1, n_passes=60) for draw in draws]
    on_floor = [int((mixture.components.scale.detach() < 1.1e-3).sum()) for mixture in alone]
    assert on_floor == [1, 0]
    assert float(alone[0].statistics(points).nll) < float(alone[1].statistics(points).nll)
    for order in (draws, draws[::-1]):
        best = started(Diag, points, in_turn(order), n_components=2, restarts=2, n_passes=60)
        assert_close(best.components.means, alone[1].components.means, rtol=1e-6, atol=0)


def test_a_draw_becomes_its_means_its_shares_and_one_pooled_covariance(
    family: type[Covariance], points: Tensor
) -> None:
    shares = torch.eye(3)[torch.arange(180) // 60 * (torch.arange(180) % 3 > 0)]  # unequal groups
    mixture = Mixture(family(3, 2))
    begin_(mixture, points, in_turn([shares]), seeded(2))
    log_weights, means, scale = (tensor.detach() for tensor in mixture.components)
    expected = (shares.T @ points) / shares.sum(0)[:, None]
    within = (points - shares @ expected).T @ (points - shares @ expected) / 180
    assert_close(log_weights.exp(), shares.mean(0), rtol=1e-12, atol=0)
    assert_close(means, expected, rtol=0, atol=1e-12)
    kept = mixture.covariance.scale_of(within.expand(3, 2, 2))  # a diagonal or a mean of it in the plainer families
    assert_close(mixture.covariance.dense(scale), mixture.covariance.dense(kept), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n_components", [1, 3])
def test_points_that_are_all_the_same_can_be_started_from(
    family: type[Covariance], initializer: Initializer, n_components: int
) -> None:
    points = torch.zeros(20, 2)
    mixture = started(family, points, initializer, n_components=n_components)
    assert bool(mixture.log_density(points).isfinite().all())
    smallest = mixture.covariance.smallest_variance(mixture.components.scale.detach())
    assert_close(smallest, torch.full((n_components,), 1e-6), rtol=1e-9, atol=0)


def test_a_start_for_kmeans_takes_steps_of_kmeans(points: Tensor) -> None:
    mixture = started(TiedSpherical, points, kmeans_plusplus, n_passes=50, assignment=nearest)
    labels = torch.cdist(points, mixture.components.means.detach()).argmin(1)
    means = torch.stack([points[labels == k].mean(0) for k in range(3)])
    assert_close(mixture.components.means.detach(), means, rtol=0, atol=1e-12)


def test_of_starts_for_kmeans_the_one_with_the_least_sum_of_squares_is_kept() -> None:
    """Four groups for three means: which two share a mean decides the sum of squares; the likeliest is another."""
    places, sizes = torch.tensor([[0.0], [6.0], [10.0], [16.0]]), torch.tensor([5, 17, 56, 20])
    points = (places + torch.linspace(-1.0, 1.0, 4)).flatten().repeat_interleave(sizes.repeat_interleave(4))[:, None]
    group = torch.arange(4).repeat_interleave(4)  # of the different points
    draws = [torch.eye(3)[torch.tensor(shared)[group]] for shared in ([0, 1, 2, 2], [0, 0, 1, 2], [0, 1, 1, 2])]
    changes: dict[str, Any] = {"n_passes": 20, "assignment": nearest}
    ends = [started(TiedSpherical, points, in_turn([draw]), restarts=1, **changes) for draw in draws]
    within = [float(mixture.statistics(points, nearest).second) for mixture in ends]
    nll = [float(mixture.statistics(points).nll) for mixture in ends]
    assert (within.index(min(within)), nll.index(min(nll))) == (1, 2)
    best = started(TiedSpherical, points, in_turn(draws), restarts=3, **changes)
    assert float(best.statistics(points, nearest).second) == pytest.approx(min(within), rel=1e-12)


def test_of_many_points_a_start_looks_at_a_part(points: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[Tensor] = []

    def noting(draw: Callable[..., Tensor]) -> Initializer:
        def look(points: Tensor, weights: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
            looked_at.append(points)
            return draw(points, weights, n_components, generator)

        return look

    monkeypatch.setattr(start_module, "MOST_POINTS", 50)
    started(Spherical, points, noting(kmeans_plusplus))
    assert [len(rows) for rows in looked_at] == [50] * 4
    assert len(looked_at[0].unique(dim=0)) == 50


@pytest.mark.parametrize("family", [Full, Diag])
def test_rows_of_a_code_far_away_are_a_component_although_it_lies_on_the_floor(family: type[Covariance]) -> None:
    """Two humps and a code for missing values: the start that is off the floor smears a component over both."""
    generator = torch.Generator().manual_seed(0)
    humps = torch.randn(266, 3, generator=generator) + torch.where(torch.arange(266) % 2 == 0, 3.0, -3.0)[:, None]
    points = torch.cat([humps, torch.tensor([1.0, -999.0, 2.0]).expand(34, 3)])
    mixture = Mixture(family(2, 3), floor=1e-6)
    points = (points - points.mean(0)) / points.std(0)
    start_(mixture, points, Search(restarts=4, n_passes=5, patience=0), generator=generator)
    assert sorted(mixture.statistics(points).count.tolist()) == pytest.approx([34, 266], abs=1e-9)
