"""Are components that are put together the component of the points of both, and is the cheapest pair put together?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.merging import merged
from mixfit.mixtures.restarts import MOMENTS
from mixfit.mixtures.statistics import Statistics

Array = NDArray[np.float64]

N_POINTS, DIM, FLOOR = 240, 3, 1e-6

KEPT: dict[type[Covariance], Callable[[Array], Array]] = {
    Full: lambda matrix: matrix,
    Diag: lambda matrix: np.asarray(np.diagonal(matrix)),
    Spherical: lambda matrix: np.asarray(np.trace(matrix)),
}
"""What the families whose components have each their own covariance keep of a matrix of second moments."""


def points_and_labels(n_groups: int, seed: int = 0) -> tuple[Array, NDArray[np.int_]]:
    random = np.random.default_rng(seed)
    labels = np.sort(random.integers(n_groups, size=N_POINTS))
    widths = random.uniform(0.5, 2, size=(n_groups, DIM, DIM))
    points = 4 * random.normal(size=(n_groups, DIM))[labels]
    return points + np.einsum("nij,nj->ni", widths[labels], random.normal(size=(N_POINTS, DIM))), labels


def seen(family: type[Covariance], points: Array, shares: Array) -> Statistics:
    """The statistics of points (N, D) under shares (N, M), about places that are no means."""
    kept = KEPT[family(1, points.shape[1]).own]
    centers = np.random.default_rng(9).normal(size=(shares.shape[1], points.shape[1]))
    away = points[:, None] - centers
    second = np.einsum("nk,nki,nkj->kij", shares, away, away)
    nothing = torch.zeros(())
    return Statistics(
        nothing + shares.sum(),
        nothing,
        torch.tensor(shares.sum(0)),
        torch.tensor(np.einsum("nk,nki->ki", shares, away)),
        torch.tensor(np.stack([kept(matrix) for matrix in second])),
        torch.tensor(centers),
    )


def one_hot(labels: NDArray[np.int_]) -> Array:
    return np.eye(labels.max() + 1)[labels]


def put_together(family: type[Covariance], statistics: Statistics, n_left: int, floor: float = FLOOR) -> Statistics:
    dim = statistics.first.shape[1]
    return merged(statistics, family(n_left, dim), n_left, floor)


def cost(family: type[Covariance], points: Array, labels: NDArray[np.int_], pair: tuple[int, int]) -> float:
    """Runnalls' bound, or with one covariance what that of all gains: from the points, by determinants."""
    kept, shared = KEPT[family(1, DIM).own], family(1, DIM).own is not family

    def log_det(matrix: Array) -> float:
        """log|L| of the covariance in the family that is nearest to the matrix."""
        if kept is KEPT[Spherical]:
            matrix = np.eye(DIM) * np.trace(matrix) / DIM
        if kept is KEPT[Diag]:
            matrix = np.diag(np.diagonal(matrix))
        return float(np.linalg.slogdet(matrix)[1]) / 2

    joined = np.where(labels == pair[1], pair[0], labels)

    def within(of: NDArray[np.int_]) -> Array:
        groups = [points[of == group] for group in np.unique(of)]
        return np.asarray(sum(len(group) * np.cov(group.T, bias=True) for group in groups) / len(points))

    if shared:
        return len(points) * (log_det(within(joined)) - log_det(within(labels)))
    both, *apart = (points[np.isin(labels, which)] for which in (pair, pair[:1], pair[1:]))
    return len(both) * log_det(np.cov(both.T, bias=True)) - sum(
        len(part) * log_det(np.cov(part.T, bias=True)) for part in apart
    )


def rows(statistics: Statistics) -> list[tuple[float, ...]]:
    """The components in a fixed order."""
    flat = torch.cat(
        [statistics.count[:, None], statistics.center, statistics.second.reshape(len(statistics.count), -1)], 1
    )
    return sorted(tuple(row) for row in flat.tolist())


def test_two_components_put_together_are_the_mean_and_covariance_of_the_points_of_both(
    family: type[Covariance],
) -> None:
    random = np.random.default_rng(1)
    points, weights = random.normal(size=(N_POINTS, DIM)), random.uniform(0.5, 2, N_POINTS)
    shares = random.dirichlet([1, 1], N_POINTS) * weights[:, None]
    one = put_together(family, seen(family, points, shares), 1)
    expected = np.cov(points.T, aweights=weights, bias=True) * weights.sum()
    kept = KEPT[family(1, DIM).own]
    np.testing.assert_allclose(one.count, [weights.sum()], rtol=1e-13)
    np.testing.assert_allclose((one.center + one.first / one.count)[0], np.average(points, 0, weights), atol=1e-13)
    np.testing.assert_allclose(one.second[0], kept(expected), rtol=1e-12, atol=1e-11)


def about(origin: Array, family: type[Covariance], statistics: Statistics) -> tuple[Array, Array, Array]:
    """Count, first and second moment of all components together, about one place."""
    kept = KEPT[family(1, DIM).own]
    count, first = statistics.count.numpy(), statistics.first.numpy()
    shift = statistics.center.numpy() - origin
    crossed = np.stack([kept(np.outer(a, b) + np.outer(b, a)) for a, b in zip(first, shift, strict=True)])
    moved = np.stack([kept(n * np.outer(a, a)) for n, a in zip(count, shift, strict=True)])
    total = first + count[:, None] * shift
    return np.asarray(count.sum()), total.sum(0), (statistics.second.numpy() + crossed + moved).sum(0)


@pytest.mark.parametrize("n_left", [1, 2, 5, 9])
def test_moments_of_all_points_are_the_same_however_many_components_are_left(
    family: type[Covariance], n_left: int
) -> None:
    points, _ = points_and_labels(5)
    shares = np.random.default_rng(2).dirichlet([0.3] * 9, N_POINTS)
    before = seen(family, points, shares)
    after = put_together(family, before, n_left)
    assert len(after.count) == n_left
    origin = np.array([1.0, -2.0, 0.5])
    for was, now in zip(about(origin, family, before), about(origin, family, after), strict=True):
        np.testing.assert_allclose(now, was, rtol=1e-12, atol=1e-9)


def test_one_component_is_left_the_gaussian_of_all_points(family: type[Covariance]) -> None:
    points, labels = points_and_labels(6)
    one = put_together(family, seen(family, points, one_hot(labels)), 1)
    np.testing.assert_allclose(one.center[0], points.mean(0), atol=1e-13)
    covariance = N_POINTS * np.cov(points.T, bias=True)
    np.testing.assert_allclose(one.second[0], KEPT[family(1, DIM).own](covariance), rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_the_pair_that_determinants_say_is_cheapest_is_put_together_again_and_again(
    family: type[Covariance], seed: int
) -> None:
    points, labels = points_and_labels(8, seed)
    statistics = seen(family, points, one_hot(labels))
    for n_left in range(7, 0, -1):
        left = [int(label) for label in np.unique(labels)]
        costs = {pair: cost(family, points, labels, pair) for pair in combinations(left, 2)}
        cheapest = min(costs, key=costs.__getitem__)
        labels = np.where(labels == cheapest[1], cheapest[0], labels)
        expected = seen(family, points, one_hot(np.unique(labels, return_inverse=True)[1]))
        again = put_together(family, expected, n_left)  # about means, without joining any
        np.testing.assert_allclose(rows(put_together(family, statistics, n_left)), rows(again), rtol=1e-9, atol=1e-9)


def test_a_component_and_its_double_are_put_together_first_and_at_no_cost(family: type[Covariance]) -> None:
    points, labels = points_and_labels(5)
    shares = np.column_stack([one_hot(labels), one_hot(labels)[:, 2]])
    shares[:, [2, 5]] *= [0.3, 0.7]
    left = put_together(family, seen(family, points, shares), 5)
    as_before = put_together(family, seen(family, points, one_hot(labels)), 5)
    np.testing.assert_allclose(rows(left), rows(as_before), rtol=1e-11, atol=1e-10)


def test_as_many_components_as_there_are_stay_as_they_are(family: type[Covariance]) -> None:
    points, labels = points_and_labels(4)
    left = put_together(family, seen(family, points, one_hot(labels)), 4)
    means = np.stack([points[labels == group].mean(0) for group in range(4)])
    np.testing.assert_allclose(left.center, means, atol=1e-13)
    assert not left.first.any()


def test_given_statistics_are_left_as_they_were(family: type[Covariance]) -> None:
    points, labels = points_and_labels(4)
    statistics = seen(family, points, one_hot(labels))
    before = {name: getattr(statistics, name).clone() for name in MOMENTS}
    put_together(family, statistics, 2)
    assert all(torch.equal(getattr(statistics, name), moment) for name, moment in before.items())


def test_of_many_components_those_far_apart_are_joined_once_no_neighbours_are_left() -> None:
    """Two clouds of twenty components: each has more neighbours in its own cloud than are looked at."""
    random = np.random.default_rng(3)
    centers = random.normal(size=(40, DIM)) + 1e3 * (np.arange(40) % 2)[:, None]
    points = (centers[:, None] + random.normal(size=(40, 5, DIM))).reshape(-1, DIM)
    statistics = seen(Full, points, one_hot(np.arange(200) // 5))
    assert sorted(put_together(Full, statistics, 2).count.tolist()) == [100, 100]
    assert put_together(Full, statistics, 1).count.tolist() == [200]


def emptied(statistics: Statistics, which: int) -> Statistics:
    """Without what one of them holds."""
    moments = {name: getattr(statistics, name).clone() for name in ("count", "first", "second")}
    for moment in moments.values():
        moment[which] = 0
    return replace(statistics, **moments)


def test_a_component_that_holds_nothing_is_put_together_with_another_before_any_that_hold_something(
    family: type[Covariance],
) -> None:
    points, labels = points_and_labels(5)
    statistics = emptied(seen(family, points, one_hot(labels)), 3)
    left = put_together(family, statistics, 4)
    held = sorted((labels == group).sum() for group in range(5) if group != 3)
    np.testing.assert_allclose(sorted(left.count.tolist()), held, rtol=1e-13)
    assert all(bool(moment.isfinite().all()) for moment in (left.count, left.center, left.second))


@pytest.mark.parametrize("floor", [1e-6, 1e-12])
def test_components_without_any_width_are_put_together_without_numbers_that_are_none(
    family: type[Covariance], floor: float
) -> None:
    """Every component a single point, twice each: equal ones first."""
    places = np.array([[0.0, 0, 0], [1, 0, 0], [0, 5, 0], [9, 9, 9]])
    statistics = seen(family, np.repeat(places, 2, 0), np.eye(8))
    left = put_together(family, statistics, 4, floor)
    assert left.count.tolist() == [2] * 4
    np.testing.assert_allclose(np.sort(left.center, 0), np.sort(places, 0), atol=1e-13)
    for n_left in (3, 2, 1):
        few = put_together(family, statistics, n_left, floor)
        assert float(few.count.sum()) == 8
        assert all(bool(moment.isfinite().all()) for moment in (few.count, few.center, few.second))


@pytest.mark.parametrize("shared", [Tied, TiedSpherical])
def test_components_of_one_covariance_are_joined_by_how_far_apart_they_are_and_not_by_their_own_widths(
    shared: type[Covariance],
) -> None:
    """Two narrow ones nearer to each other than a wide and a narrow one, though those would agree best alone."""
    random = np.random.default_rng(4)
    widths = np.repeat([0.01, 0.01, 3, 3], 50)[:, None]
    points = np.repeat(np.diag([0.0, 1.0, 0.0, 0.0])[:, :DIM] + [[0, 0, 0], [0, 0, 0], [20, 0, 0], [22, 0, 0]], 50, 0)
    points = points + widths * random.normal(size=(200, DIM))
    statistics = seen(shared, points, one_hot(np.arange(200) // 50))
    left = put_together(shared, statistics, 3)
    assert sorted(left.count.tolist()) == [50, 50, 100]
    joined = left.center[left.count == 100][0]
    np.testing.assert_allclose(joined, points[:100].mean(0), atol=1e-12)


def test_numbers_of_float32_are_enough() -> None:
    points, labels = points_and_labels(8)
    statistics = seen(Full, points, one_hot(labels))
    narrow = replace(statistics, **{name: getattr(statistics, name).float() for name in MOMENTS})
    left, expected = (put_together(Full, one, 4) for one in (narrow, statistics))
    assert left.second.dtype == torch.float32
    np.testing.assert_allclose(rows(left), rows(expected), rtol=1e-3, atol=1e-2)
