"""Does a search find a better place than its draws, and never a worse one, from whatever points?"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, load_wine
from sklearn.mixture import GaussianMixture
from torch import Tensor

from mixfit.data.marron_wand import MarronWand
from mixfit.data.old_faithful import OldFaithful
from mixfit.mixtures.assignments import nearest
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance, Diag, Full, TiedSpherical
from mixfit.mixtures.initializers.distinct import distinct
from mixfit.mixtures.moves import Points
from mixfit.mixtures.moves.alternating import alternating
from mixfit.mixtures.moves.double_and_merge import double_and_merge
from mixfit.mixtures.moves.random_swap import random_swap
from mixfit.mixtures.moves.stay import stay
from mixfit.mixtures.ranking import Rank
from mixfit.mixtures.restarts import Restarts
from mixfit.mixtures.search import Found, Search, search, search_from
from mixfit.mixtures.settling import SETTLED, ranked

Array = NDArray[np.float64]

FLOOR = 1e-6


def groups(seed: int = 0, n_groups: int = 4, dim: int = 2, each: int = 40) -> Tensor:
    """Groups a few standard deviations apart."""
    random = np.random.default_rng(seed)
    centres = 3 * random.normal(size=(n_groups, dim))
    return torch.tensor((centres[:, None] + random.normal(size=(n_groups, each, dim))).reshape(-1, dim))


def looked_at(points: Tensor, weights: Tensor | None = None, **changes: Any) -> Points:
    """As a start gives them to a search."""
    return Points(*distinct(points, torch.ones_like(points[:, 0]) if weights is None else weights), **changes)


def searched(
    family: type[Covariance], points: Points, n_components: int = 3, seed: int = 0, **changes: Any
) -> tuple[Found, Rank]:
    """What is found, and its rank."""
    instance = family(n_components, points.points.shape[1])
    options: dict[str, Any] = {"restarts": 8, "patience": 2}
    found = search(instance, FLOOR, points, Search(**options | changes), torch.Generator().manual_seed(seed))
    return found, rank_of(instance, points, found.components)


def rank_of(family: Covariance, points: Points, components: Components) -> Rank:
    mixture = Restarts.of(family, FLOOR, [components])
    return ranked(mixture, points)[0]


def same(one: Components, other: Components) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def is_sound(components: Components) -> bool:
    weights = components.log_weights.exp()
    finite = all(bool(tensor.isfinite().all()) for tensor in components)
    return finite and float(weights.sum()) == pytest.approx(1, abs=1e-6)


def test_equal_seeds_find_the_same_bit_for_bit_and_other_seeds_draw_others(family: type[Covariance]) -> None:
    points = looked_at(groups())
    (first, _), (again, _), (other, _) = (searched(family, points, seed=seed) for seed in (1, 1, 2))
    assert same(first.components, again.components)
    assert first.landscape == again.landscape
    assert first.landscape.drawn != other.landscape.drawn


def test_rows_in_another_order_or_a_weight_in_place_of_doubles_find_the_same(family: type[Covariance]) -> None:
    points = groups()
    shuffled = points[torch.randperm(len(points), generator=torch.Generator().manual_seed(3))]
    assert same(*(searched(family, looked_at(rows))[0].components for rows in (points, shuffled)))
    twice = torch.cat([points, points[:50]])
    weights = torch.ones(len(points)).index_fill_(0, torch.arange(50), 2)
    assert same(*(searched(family, looked)[0].components for looked in (looked_at(twice), looked_at(points, weights))))


@pytest.mark.parametrize("seed", range(3))
def test_what_is_found_is_no_worse_than_the_best_draw_and_what_it_ended_at(family: type[Covariance], seed: int) -> None:
    found, rank = searched(family, looked_at(groups(seed)), seed=seed)
    assert rank.n_spikes == 0
    assert len(found.landscape.drawn) == 8
    assert rank.objective <= min(found.landscape.drawn) + 1e-12
    assert rank.objective == pytest.approx(found.landscape.ended[0], abs=1e-12)
    assert found.landscape.ended == sorted(found.landscape.ended)
    assert found.landscape.winner in range(8)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("draws", [{"restarts": 1}, {"n_passes": 0}])
def test_one_draw_or_the_best_of_bare_ones_is_found_untouched(
    family: type[Covariance], seed: int, draws: dict[str, int]
) -> None:
    found, rank = searched(family, looked_at(groups(seed)), seed=seed, patience=0, **draws)
    assert rank.objective == found.landscape.drawn[found.landscape.winner]
    assert rank.objective == pytest.approx(min(found.landscape.drawn), abs=SETTLED)  # of several alike, any
    assert found.landscape.ended == [rank.objective]
    assert found.landscape.gains == []


def test_many_draws_that_nothing_moves_choose_no_spike_that_a_longer_run_shows() -> None:
    """After twenty passes the likeliest of a hundred draws has a component on its way to the floor."""
    points, family = looked_at(torch.tensor(load_iris().data)), Full(5, 4)
    for seed in range(5):
        found, _ = searched(Full, points, 5, seed=seed, restarts=100, patience=0)
        at_rest = Restarts.of(family, FLOOR, [found.components]).after(500, points.points, points.weights)
        assert ranked(at_rest, points)[0].n_spikes == 0


def test_more_draws_find_nothing_worse_for_the_first_are_the_same(family: type[Covariance]) -> None:
    few, many = (searched(family, looked_at(groups()), restarts=n, patience=0)[0] for n in (4, 12))
    np.testing.assert_allclose(many.landscape.drawn[:4], few.landscape.drawn, atol=1e-12)
    assert many.landscape.ended[0] <= few.landscape.ended[0] + SETTLED  # of several alike, any


@pytest.mark.parametrize("each", [40, 6])
def test_every_accepted_move_gains_likelihood_unless_a_spike_went(
    family: type[Covariance], each: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Few points, which are soon a spike, and many."""
    with caplog.at_level("INFO", "mixfit.mixtures.search"):
        found, _ = searched(family, looked_at(groups(5, 6, each=each)), 6, restarts=3, n_passes=2)
    accepted = [record.args for record in caplog.records if isinstance(record.args, tuple)]
    assert len(accepted) == len(found.landscape.gains)
    assert found.landscape.gains or each == 6
    for (before, spikes_before, after, spikes_after), gain in zip(accepted, found.landscape.gains, strict=True):
        assert gain == pytest.approx(before - after, abs=1e-12)  # type: ignore[operator]
        assert spikes_after < spikes_before or (spikes_after == spikes_before and gain > SETTLED)  # type: ignore[operator]


@pytest.mark.parametrize("seed", range(3))
def test_a_search_from_where_a_search_has_ended_finds_nothing_worse(family: type[Covariance], seed: int) -> None:
    points, instance = looked_at(groups(seed)), family(3, 2)
    found, before = searched(family, points)
    again = search_from(found.components, instance, FLOOR, points, Search(patience=2), torch.Generator())
    assert rank_of(instance, points, again.components) <= before


def test_without_patience_a_given_start_is_left_exactly_as_it_was(family: type[Covariance]) -> None:
    points = looked_at(groups())
    start = searched(family, points, restarts=1, patience=0, n_passes=3)[0].components
    for patience in (None, 0):
        found = search_from(start, family(3, 2), FLOOR, points, Search(patience=patience), torch.Generator())
        assert same(found.components, start)
        assert found.landscape.drawn == found.landscape.ended
        assert found.landscape.gains == []


def test_a_move_that_stays_gains_nothing_and_ends(family: type[Covariance]) -> None:
    found, rank = searched(family, looked_at(groups()), move=stay)
    assert found.landscape.gains == []
    settled, other = searched(family, looked_at(groups()), move=stay, patience=5)
    assert other.objective <= rank.objective + 1e-12
    assert len(settled.landscape.ended) <= len(found.landscape.ended)


# Jin, Zhang, Balakrishnan, Wainwright & Jordan (2016): two means share the far group and never part with it.


def trap(seed: int) -> tuple[Array, Array]:
    """Two groups close to each other and one far away; and means of which two are in the far one."""
    random = np.random.default_rng(seed)
    points = np.array([-11.0, -9.0, 30.0])[:, None] + 0.5 * random.normal(size=(3, 300))
    return points.reshape(-1, 1), np.array([[-10.0], [29.5], [30.5]])


@pytest.mark.parametrize("seed", range(6))  # `scripts/optimum.py trap` takes twenty
def test_em_stays_in_the_trap_of_jin_and_others_and_a_search_leaves_it(seed: int) -> None:
    points, means = trap(seed)
    standard, shift = points.std(), points.mean()
    points, means = (points - shift) / standard, (means - shift) / standard
    plain = GaussianMixture(3, means_init=means, weights_init=[1 / 3] * 3, tol=1e-8, max_iter=5000).fit(points)
    looked = looked_at(torch.tensor(points))
    scale = torch.full((3, 1), 0.5 / standard)
    start = Components(torch.full((3,), -np.log(3.0)), torch.tensor(means), scale)
    em = Restarts.of(Diag(3, 1), FLOOR, [start]).after(500, *looked[:2])
    truth = np.array([-11.0, -9.0, 30.0])
    for stayed in (plain.means_, em.one(0).means.numpy()):
        assert (standard * stayed.ravel() + shift > 20).sum() == 2
    for move in (double_and_merge, random_swap, Search().move):
        generator = torch.Generator().manual_seed(seed)
        how = Search(move=move, patience=4)
        found = search_from(start, Diag(3, 1), FLOOR, looked, how, generator)
        np.testing.assert_allclose(np.sort(standard * found.components.means.ravel() + shift), truth, atol=0.2)
        assert found.landscape.gains
        assert found.landscape.ended[0] < -plain.score(points) - 0.05


# K-means


@pytest.mark.parametrize(
    ("points", "n_components"),
    [(load_iris().data, 3), (load_iris().data, 8), (load_wine().data, 6), (groups(7, 12, 3).numpy(), 12)],
    ids=["iris, K=3", "iris, K=8", "wine, K=6", "groups, K=12"],
)
def test_kmeans_of_a_search_is_as_good_as_ten_runs_of_scikit_learn(points: Array, n_components: int) -> None:
    points = (points - points.mean(0)) / points.std()
    looked = looked_at(torch.tensor(points), assignment=nearest)
    found, _ = searched(TiedSpherical, looked, n_components, restarts=None, patience=None)
    means = found.components.means.numpy()
    squares = np.square(points[:, None] - means).sum(2).min(1).sum()
    assert squares <= KMeans(n_components, n_init=10, random_state=0).fit(points).inertia_ * (1 + 1e-9)


def test_kmeans_gains_by_moves_of_its_own() -> None:
    points = groups(7, 12, 3)
    looked = looked_at(points, assignment=nearest)
    alone, before = searched(TiedSpherical, looked, 12, restarts=1, patience=0)
    instance = TiedSpherical(12, 3)
    moved = search_from(alone.components, instance, FLOOR, looked, Search(patience=3), torch.Generator())
    assert moved.landscape.ended[0] <= before.objective
    assert all(gain > 0 for gain in moved.landscape.gains)


# Points that leave little to find


@pytest.mark.parametrize("patience", [0, 2])
def test_one_component_is_the_gaussian_of_all_points(family: type[Covariance], patience: int) -> None:
    points = groups(each=10)
    found, _ = searched(family, looked_at(points), 1, patience=patience)
    np.testing.assert_allclose(found.components.means[0], points.mean(0), atol=1e-12)
    instance = family(1, 2)
    expected = instance.dense(instance.scale_of(torch.cov(points.T, correction=0)[None]))
    np.testing.assert_allclose(instance.dense(found.components.scale), expected, rtol=1e-12)


@pytest.mark.parametrize("n_components", [8, 9, 20])
def test_as_many_components_as_points_or_more_give_numbers(family: type[Covariance], n_components: int) -> None:
    points = groups(n_groups=3, each=3)[:9]
    assert is_sound(searched(family, looked_at(points), n_components)[0].components)


def searched_in_turns(seed: int, **changes: Any) -> tuple[Found, int]:
    """What is found of small whole numbers, and in how many turns, which are a hundred at most."""
    counts = torch.tensor(np.random.default_rng(seed).poisson(2.0, size=(300, 1)).astype(float))
    points, turns = looked_at((counts - counts.mean()) / counts.std()), []

    def counted(restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
        turns.append(turn)
        assert len(turns) < 100
        return alternating(restarts, points, turn, generator)

    return searched(Full, points, seed=seed, move=counted, patience=4, **changes)[0], len(turns)


@pytest.mark.parametrize("seed", range(3))
def test_a_search_ends_that_sinks_into_a_spike_whenever_a_move_has_taken_it_out_of_one(seed: int) -> None:
    """Three Gaussians either creep towards one of the numbers or hold nothing else."""
    found, _ = searched_in_turns(seed, restarts=128)
    assert all(torch.isfinite(parameter).all() for parameter in found.components)


def test_a_search_does_not_go_on_for_what_em_gains_by_creeping_along_a_ridge() -> None:
    """Of these numbers every sixty passes gain some 1e-7 nats per point, for more than a hundred turns."""
    assert searched_in_turns(seed=7)[1] < 10


def test_a_search_does_not_go_on_for_what_the_best_gains_by_settling_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five Gaussians creep along the slope of a skewed density, by 1e-5 nats and more while each move is tried.

    Of so few points the best would come to rest first, which of many points takes too long.
    """
    monkeypatch.setattr("mixfit.mixtures.search.MOST_RESTING", 1)
    points = MarronWand("strongly_skewed", 2000, 0, 0).load(0).train.points
    points = (points - points.mean()) / points.std()
    reached: list[float] = []

    def looked_on(restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
        reached.append(ranked(restarts, points)[0].objective)
        return stay(restarts, points, turn, generator)

    searched(Full, looked_at(points), 5, restarts=1, move=looked_on, patience=4)
    assert len(reached) == 4
    assert min(before - after for before, after in pairwise(reached)) > 1e-5


@pytest.mark.parametrize("seed", range(4))
def test_what_is_found_does_not_sink_into_a_spike_if_em_goes_on(seed: int) -> None:
    """Of the waiting times, minutes that many eruptions share, six Gaussians creep for long towards one of them.

    What creeps leads meanwhile; nothing that is sound has been given up for it, if the best maximum known is reached
    (mclust 6.0.0: -1024.979 nats, `tests/reference/best_known.json`). Not every seed finds it: the
    sixth ends 0.24 nats below.
    """
    waiting = OldFaithful(val_fraction=0, test_fraction=0).load(0).train.points[:, 1:]
    deviation = waiting.std(correction=0)
    points = looked_at((waiting - waiting.mean()) / deviation)
    found, rank = searched(Full, points, 6, seed=seed, restarts=None, patience=None)
    later = points.after(Restarts.of(Full(6, 1), FLOOR, [found.components]), 1000)
    assert ranked(later, points)[0].n_spikes == rank.n_spikes == 0
    total = -len(waiting) * (rank.objective + float(deviation.log()))
    assert total > -1024.979 - 0.05


@pytest.mark.parametrize("n_components", [1, 2, 5])
def test_points_that_are_all_equal_give_numbers(family: type[Covariance], n_components: int) -> None:
    found, _ = searched(family, looked_at(torch.full((30, 2), 0.3)), n_components)
    assert is_sound(found.components)
    np.testing.assert_allclose(found.components.log_weights.exp() @ found.components.means, [0.3, 0.3], atol=1e-9)


@pytest.mark.parametrize("n_components", [1, 3])
def test_fewer_points_than_dimensions_give_numbers(family: type[Covariance], n_components: int) -> None:
    points = torch.randn(12, 20, generator=torch.Generator().manual_seed(0))
    assert is_sound(searched(family, looked_at(points), n_components)[0].components)


def test_a_column_that_never_changes_gives_numbers(family: type[Covariance]) -> None:
    points = torch.cat([groups(), torch.zeros(160, 1)], 1)
    assert is_sound(searched(family, looked_at(points), 4)[0].components)


def test_points_on_the_line_are_searched_like_any(family: type[Covariance]) -> None:
    points = groups(2, 4, 1)
    found, rank = searched(family, looked_at(points), 3)
    assert is_sound(found.components)
    kind = "tied" if family(1, 1).own is not family else "full"
    other = GaussianMixture(3, covariance_type=kind, n_init=10, tol=1e-7, max_iter=2000, random_state=0)
    other.fit(points.numpy())
    assert rank.objective <= -other.score(points.numpy()) + 1e-4


def test_points_of_float32_are_searched_in_float32(family: type[Covariance]) -> None:
    points = groups()
    (narrow, rank), (_, expected) = (searched(family, looked_at(rows)) for rows in (points.float(), points))
    assert all(tensor.dtype == torch.float32 for tensor in narrow.components)
    assert rank.objective == pytest.approx(expected.objective, abs=0.02)


def test_heavy_and_light_points_give_numbers(family: type[Covariance]) -> None:
    points = groups()
    weights = torch.logspace(-8, 8, len(points))
    assert is_sound(searched(family, looked_at(points, weights))[0].components)
