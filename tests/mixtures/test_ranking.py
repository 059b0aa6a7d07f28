"""Is a component that has closed in on a few points told from one that is merely small, in whatever coordinates?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mixfit.mixtures.assignments import nearest
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.moves import Points
from mixfit.mixtures.ranking import measure_floor, ranks, spikes
from mixfit.mixtures.restarts import Restarts

Array = NDArray[np.float64]

DIM, FLOOR = 3, 1e-6
OWN, SHARED = [Full, Diag, Spherical], [Tied, TiedSpherical]


def group(n_points: int, place: float, width: float | Array, seed: int, dim: int = DIM) -> Array:
    """Points of a Gaussian about (place, …, place), as wide as said along each axis."""
    points = np.random.default_rng(seed).normal(size=(n_points, dim))
    return place + width * (points - points.mean(0)) / points.std(0)


def fitted(family: type[Covariance], groups: list[Array], floor: float = FLOOR) -> Restarts:
    """The mixture that has each of some groups as a component."""
    dim, n_points = groups[0].shape[1], sum(map(len, groups))
    own = family(len(groups), dim).own
    covariances = np.stack([np.cov(group.T, bias=True).reshape(dim, dim) for group in groups])
    weights = np.array([len(group) / n_points for group in groups])
    if own is not family:
        covariances = np.broadcast_to(np.tensordot(weights, covariances, 1), covariances.shape)
    if own is Spherical:
        covariances = np.eye(dim) * (np.trace(covariances, axis1=1, axis2=2) / dim)[:, None, None]
    if own is Diag:
        covariances = covariances * np.eye(dim)
    variances, axes = np.linalg.eigh(covariances)
    bounded = torch.tensor((axes * np.maximum(variances, floor)[:, None]) @ axes.transpose(0, 2, 1))
    instance = family(len(groups), dim)
    means = torch.tensor(np.stack([group.mean(0) for group in groups]))
    return Restarts.of(instance, floor, [Components(torch.tensor(weights).log(), means, instance.scale_of(bounded))])


def found(family: type[Covariance], groups: list[Array], floor: float = FLOOR) -> list[bool]:
    mixture = fitted(family, groups, floor)
    answer: list[bool] = spikes(mixture, mixture.statistics(torch.tensor(np.concatenate(groups))))[0].tolist()
    return answer


BROAD = [group(100, 0, 1, 1), group(60, 12, np.array([0.5, 1, 2]), 2)]


@pytest.mark.parametrize("family", OWN)
def test_components_as_wide_as_their_neighbours_are_none(family: type[Covariance]) -> None:
    assert found(family, BROAD) == [False, False]


@pytest.mark.parametrize("family", OWN)
@pytest.mark.parametrize(("n_points", "is_spike"), [(DIM + 1, True), (DIM + 2, False)])
def test_a_component_of_fewer_points_than_nearly_lie_in_a_plane_by_chance_is_one_however_broad(
    family: type[Covariance], n_points: int, is_spike: bool
) -> None:
    few = group(40, 24, 1, 3)[:n_points] if n_points > DIM + 1 else group(n_points, 24, 1, 3)
    assert found(family, [*BROAD, few]) == [False, False, is_spike]


@pytest.mark.parametrize(("family", "width"), [(Full, 0.01), (Diag, 0.01), (Spherical, np.full(DIM, 0.01))])
@pytest.mark.parametrize(("n_points", "is_spike"), [(15, True), (100, False)])
def test_a_narrow_component_is_one_if_it_holds_few_points_and_none_if_many_agree(
    family: type[Covariance], width: float | Array, n_points: int, is_spike: bool
) -> None:
    width = np.array([1, width, 1]) if isinstance(width, float) else width
    assert found(family, [*BROAD, group(n_points, 24, width, 3)]) == [False, False, is_spike]


def test_a_component_that_is_narrow_between_the_axes_is_found_among_full_ones_alone() -> None:
    thin = group(15, 0, np.array([1, 1, 0.01]), 3)
    turned = 24 + thin @ np.linalg.qr(np.random.default_rng(0).normal(size=(DIM, DIM)))[0]
    assert found(Full, [*BROAD, turned]) == [False, False, True]
    assert found(Diag, [*BROAD, turned]) == [False, False, False]


@pytest.mark.parametrize("family", OWN)
@pytest.mark.parametrize(
    ("n_points", "width", "is_spike"),
    [(500, 0, True), (500, 1e-8, True), (500, 1e-6, False), (500, 5e-4, False), (30, 5e-4, True)],
)
def test_a_component_on_the_floor_is_one_unless_many_points_say_that_it_is_thin_and_not_flat(
    family: type[Covariance], n_points: int, width: float, is_spike: bool
) -> None:
    assert found(family, [*BROAD, group(n_points, 5, width, 3)]) == [False, False, is_spike]


@pytest.mark.parametrize("family", OWN)
@pytest.mark.parametrize(
    ("n_points", "width", "is_spike"), [(500, 0, True), (500, 1e-5, False), (500, 5e-4, False), (30, 5e-4, True)]
)
def test_float32_is_looked_at_again_in_float64_before_a_thin_component_is_called_flat(
    family: type[Covariance], n_points: int, width: float, is_spike: bool
) -> None:
    """Its own second moments are rounding errors there."""
    groups = [*BROAD, group(n_points, 5, width, 3)]
    rows = torch.tensor(np.concatenate(groups)).float()
    points, mixture = Points(rows, torch.ones_like(rows[:, 0])), fitted(family, groups).to(rows)
    found = spikes(mixture, points.seen_by(mixture), closer=points.closer)
    assert found.tolist() == [[False, False, is_spike]]


@pytest.mark.parametrize("family", OWN)
def test_rows_of_a_code_far_from_all_others_are_none(family: type[Covariance]) -> None:
    assert found(family, [*BROAD, np.full((34, DIM), -999.0)]) == [False, False, False]
    assert found(family, [*BROAD, np.full((34, DIM), -999.0), np.full((10, DIM), 5.0)]) == [False, False, False, True]


def test_two_codes_near_each_other_are_none_either_if_both_are_far_from_the_rest() -> None:
    codes = [np.full((34, DIM), -999.0), np.full((20, DIM), -998.0)]
    assert found(Full, [*BROAD, *codes]) == [False] * 4


def test_where_all_components_are_spikes_none_is_excused() -> None:
    assert found(Full, [np.full((34, DIM), 0.0), np.full((20, DIM), 998.0)]) == [True, True]


@pytest.mark.parametrize(("n_more", "expected"), [(DIM + 1, False), (DIM + 2, True)])
def test_where_points_are_too_few_for_all_components_none_is_one(n_more: int, expected: bool) -> None:
    """Two full components need D + 2 points each; with fewer in all, whatever is found has spikes."""
    few, rest = group(4, 0, 1, 0), group(n_more + 1, 9, 1, 1)
    assert found(Full, [few, rest]) == [expected, False]


@pytest.mark.parametrize("family", SHARED)
def test_components_of_one_covariance_are_never_any(family: type[Covariance]) -> None:
    assert found(family, [*BROAD, group(2, 24, 1e-5, 3)]) == [False] * 3
    assert found(family, [np.zeros((9, DIM)), np.ones((9, DIM))]) == [False] * 2


def transformations(family: type[Covariance]) -> list[Array]:
    """Matrices that take the family to itself."""
    random = np.random.default_rng(5)
    turned = np.linalg.qr(random.normal(size=(DIM, DIM)))[0]
    stretched = np.diag([0.01, 1.0, 30.0])
    return {
        Full: [turned @ stretched, stretched @ turned, random.normal(size=(DIM, DIM))],
        Diag: [stretched, np.diag([5.0, 0.02, 1.0])],
        Spherical: [0.01 * turned, 30 * turned],
    }[family]


@pytest.mark.parametrize("family", OWN)
def test_in_other_coordinates_the_same_components_are_spikes(family: type[Covariance]) -> None:
    groups = [
        *BROAD,
        group(15, 24, np.array([1, 0.01, 1]), 3),
        group(15, 36, 0.01, 4),
        group(15, 48, np.array([1, 0.3, 1]), 5),
        group(200, 60, 0.01, 6),
        group(4, 72, 1, 7),
    ]
    expected = found(family, groups, 1e-14)
    assert expected == [False, False, family is not Spherical, True, False, False, True]
    for matrix in transformations(family):
        assert found(family, [7 + points @ matrix for points in groups], 1e-14) == expected


@pytest.mark.parametrize("family", OWN)
def test_on_the_line_a_component_is_narrow_beside_the_average_or_beside_the_whole(family: type[Covariance]) -> None:
    broad = [group(100, 0, 1, 1, dim=1), group(60, 12, 0.5, 2, dim=1)]
    assert found(family, broad) == [False, False]
    assert found(family, [*broad, group(10, 24, 0.01, 3, dim=1)]) == [False, False, True]
    assert found(family, [*broad, group(10, 24, 0.3, 3, dim=1)]) == [False, False, False]
    assert found(family, [*broad, group(60, 24, 0.025, 3, dim=1)]) == [False, False, False]
    assert found(family, [*broad, group(2, 24, 0.3, 3, dim=1)]) == [False, False, True]
    narrow = [group(10, 100 * place, 1, place, dim=1) for place in range(9)]  # each is 0.4 % of the whole
    assert found(family, narrow) == [True] * 9


@pytest.mark.parametrize(("among", "narrow", "expected"), [(900, 25, False), (10_000, 25, True), (10_000, 45, False)])
def test_of_more_points_more_lie_close_together_by_chance(among: int, narrow: int, expected: bool) -> None:
    groups = [group(among - narrow, 0, 1, 1, dim=1), group(narrow, 0.5, 0.003, 2, dim=1)]
    assert found(Full, groups) == [False, expected]


@pytest.mark.parametrize("family", OWN)
def test_of_two_mixtures_the_one_without_a_spike_comes_first_though_the_other_is_likelier(
    family: type[Covariance],
) -> None:
    points = np.concatenate([*BROAD, np.full((30, DIM), 3.0)])
    spiked = fitted(family, [*BROAD, points[160:]])
    broad = fitted(family, [points[:50], points[50:100], points[100:]])
    both = spiked + broad
    first, second = ranks(both, both.statistics(torch.tensor(points)))
    assert (first.n_spikes, second.n_spikes) == (1, 0)
    assert first.objective < second.objective
    assert second < first


def test_without_spikes_the_likelier_of_two_mixtures_comes_first_and_for_kmeans_the_one_with_least_variance(
    family: type[Covariance],
) -> None:
    points = torch.tensor(np.concatenate(BROAD))
    apart, mixed = fitted(family, BROAD), fitted(family, [points[::2].numpy(), points[1::2].numpy()])
    both = apart + mixed
    looked = both.statistics(points)
    good, bad = ranks(both, looked)
    np.testing.assert_allclose([good.objective, bad.objective], looked.nll, rtol=0)
    assert good < bad
    good, bad = ranks(both, both.statistics(points, None, nearest), nearest)
    smallest = [np.linalg.eigvalsh(dense).min(1).sum() for dense in both.dense.numpy()]
    np.testing.assert_allclose([good.objective, bad.objective], smallest, rtol=1e-9)


@pytest.mark.parametrize("shared", SHARED)
def test_a_shared_covariance_measures_the_floor_where_the_points_as_a_whole_are_not_flat(
    shared: type[Covariance],
) -> None:
    equal, wide = [group(50, place, 0.0, seed=0) for place in (-1.0, 1.0)], group(50, 0.0, 1.0, seed=1)
    assert measure_floor(fitted(shared, [wide, wide + 3])).tolist() == [False]
    values = [np.vstack([wide[:, :2].T, np.full(50, place)]).T for place in (-1.0, 1.0)]
    assert measure_floor(fitted(shared, values)).tolist() == [shared is Tied]
    assert measure_floor(fitted(shared, equal)).tolist() == [False]  # two places are on a line, flat as a whole
