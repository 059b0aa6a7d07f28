"""Why components lie on the floor: what a user is told to change."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mixfit.mixtures.covariances import Covariance, Diag, Full, Tied
from mixfit.mixtures.density import Density
from mixfit.mixtures.floor import why_on_floor
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.standardization import Standardization

FLOOR = 1e-6


def normal(n_points: int, dim: int) -> Tensor:
    return torch.randn(n_points, dim, generator=torch.Generator().manual_seed(0))


def fitted(points: Tensor, family: type[Covariance] = Full, groups: Tensor | None = None) -> Density:
    """The maximum for the given groups: one M-step under memberships that are certain."""
    groups = torch.zeros(len(points), dtype=torch.int64) if groups is None else groups
    shares = torch.nn.functional.one_hot(groups).double()
    standardization = Standardization.of(points, family.per_axis)
    mixture = Mixture(family(shares.shape[1], points.shape[1]), FLOOR)
    density = Density(mixture, standardization)
    mixture.maximize_(mixture.statistics_under(shares, density.standardized(points)))
    return density


def why(points: Tensor, family: type[Covariance] = Full, groups: Tensor | None = None) -> str:
    names = [f"column {axis}" for axis in range(points.shape[1])]
    return why_on_floor(fitted(points, family, groups), points, names) or ""


def test_points_that_fill_their_space_are_nothing_to_speak_of(family: type[Covariance]) -> None:
    assert why(normal(50, 3), family) == ""


def test_a_column_that_never_changes_is_named() -> None:
    points = normal(50, 3)
    points[:, 1] = 7.0
    assert "1 of 1 components lie on the floor" in why(points)
    assert "column 1 never changes; leave it out" in why(points)


def test_points_that_are_all_the_same_are_called_that() -> None:
    assert "all points are the same" in why(torch.ones(20, 2))


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_columns_that_depend_on_each_other_are_named_in_any_unit(unit: float) -> None:
    points = normal(50, 4)
    points[:, 3] = unit * (points[:, 0] + points[:, 2])
    assert "column 0, column 2 and column 3 depend on each other linearly" in why(points)


def test_fewer_points_than_dimensions_cannot_fill_them() -> None:
    assert "5 points cannot fill 12 dimensions" in why(normal(5, 12))


def test_many_equal_points_are_counted() -> None:
    places = torch.tensor([[0.0, 0.0], [1.0, 3.0], [4.0, 1.0]])
    assert "only 3 of 60 points are different" in why(places.repeat(20, 1), groups=torch.arange(3).repeat(20))


def test_points_of_no_more_kinds_than_dimensions_are_counted_and_not_called_dependent() -> None:
    points = torch.tensor([[0.0, 0.0], [1.0, 3.0]]).repeat(20, 1)
    assert "only 2 of 40 points are different" in why(points)


def test_a_value_that_many_rows_have_is_named_with_its_column() -> None:
    points = normal(60, 2)
    points[:20, 1] = 5.0
    groups = (torch.arange(60) >= 20).long()
    assert "column 1 has one value in 20 of 60 rows" in why(points, Diag, groups)


def test_a_value_far_away_that_makes_the_variance_is_told_with_its_distance() -> None:
    points = normal(200, 2)
    points[0, 0] = 1e6
    groups = torch.zeros(200, dtype=torch.int64)
    groups[0] = 1
    message = why(points, Full, groups)
    assert "nine tenths of column 0 lie within" in message
    assert "the farthest value is 14 away" in message  # √(N - 1) is the most that it can be


def test_rows_far_away_in_all_columns_are_no_columns_that_depend_on_each_other() -> None:
    points = normal(300, 3)
    points[0] = 1e12
    assert "nine tenths of column 0 lie within" in why(points)


def test_a_component_with_too_few_points_is_named_with_what_it_holds() -> None:
    groups, points = torch.zeros(60, dtype=torch.int64), normal(60, 2)
    groups[:2], points[:2] = 1, torch.tensor([[3.0, 3.0], [4.0, 4.1]])
    message = why(points, Full, groups)
    assert "1 of 2 components" in message
    assert "component 1 holds 2 of 60 points, which are too few for a covariance of their own" in message


def test_a_long_list_of_columns_is_cut() -> None:
    points = normal(50, 9)
    points[:, 1:] = 3.0
    assert "column 1, column 2, column 3, column 4 and 4 more never changes" in why(points, Tied)
