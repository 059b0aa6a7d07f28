"""Places where a mixture describes its points worst."""

from __future__ import annotations

import torch

from mixfit.mixtures.covariances import Full, TiedSpherical
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.poorest import MOST_POINTS, poorest_places


def around(place: list[float], n_points: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.tensor(place) + 0.1 * torch.randn(n_points, 2, generator=generator)


def test_a_group_that_is_described_badly_is_found_before_a_lonely_point_farther_out() -> None:
    group = around([4.0, 4.0], 8, 0)
    points = torch.cat([around([0.0, 0.0], 200, 1), group, torch.tensor([[5.0, -5.0]])])
    (place,) = poorest_places(Mixture(Full(1, 2)), points, 1)
    torch.testing.assert_close(place, group.mean(0), rtol=0, atol=1e-12)


def test_places_are_of_different_points_and_the_poorest_is_first() -> None:
    far, near = around([6.0, 0.0], 8, 0), around([0.0, 5.0], 8, 1)
    places = poorest_places(Mixture(Full(1, 2)), torch.cat([near, around([0.0, 0.0], 50, 2), far]), 2)
    torch.testing.assert_close(places, torch.stack([far.mean(0), near.mean(0)]), rtol=0, atol=1e-12)


def test_equal_points_are_one_place_and_there_are_no_more_places_than_points() -> None:
    points = torch.tensor([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    assert poorest_places(Mixture(TiedSpherical(1, 2)), points, 3).tolist() == [[1.0, 2.0]]


def test_where_fewer_points_are_different_than_there_are_components_no_place_lacks_one() -> None:
    points = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).repeat(20, 1)
    assert poorest_places(Mixture(TiedSpherical(3, 2)), points, 1).shape == (0, 2)
    assert poorest_places(Mixture(TiedSpherical(2, 2)), points, 1).shape == (1, 2)


def test_of_many_points_some_are_enough() -> None:
    points = around([0.0, 0.0], 3 * MOST_POINTS, 0)
    points[::100] += 9.0
    (place,) = poorest_places(Mixture(Full(1, 2)), points, 1)
    assert (place - 9.0).abs().max() < 0.5
