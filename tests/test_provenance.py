"""Does a checkpoint know the points that it belongs to, up to their last digits, without holding them?"""

from __future__ import annotations

import pytest
import torch

from mixfit.data.dataset import Part
from mixfit.provenance import is_same, summary_of


@pytest.fixture
def points() -> torch.Tensor:
    return torch.randn(1000, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 1e6, 1e-6])


def test_a_summary_holds_no_points(points: torch.Tensor) -> None:
    assert summary_of(Part(points)).shape == (3, 3)


@pytest.mark.parametrize(("shift", "unit"), [(0, 1), (1.7e9, 1), (0, 1e300), (0, 1e-300)])
def test_points_of_another_last_digit_are_the_same(shift: float, unit: float, points: torch.Tensor) -> None:
    mine = shift + unit * points
    theirs = torch.nextafter(mine, torch.full_like(mine, torch.inf))
    assert is_same(summary_of(Part(mine)), summary_of(Part(theirs)))


@pytest.mark.parametrize(("shift", "unit"), [(0, 1), (0, 1e300), (0, 1e-300)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_one_point_that_moved_makes_other_points(shift: float, unit: float, axis: int, points: torch.Tensor) -> None:
    mine = shift + unit * points
    theirs = mine.clone()
    theirs[17, axis] *= 1.01
    assert not is_same(summary_of(Part(mine)), summary_of(Part(theirs)))


def test_no_points_are_the_same_as_no_points_only(points: torch.Tensor) -> None:
    nothing = summary_of(Part(points[:0]))
    assert is_same(nothing, nothing)
    assert not is_same(nothing, summary_of(Part(points)))
