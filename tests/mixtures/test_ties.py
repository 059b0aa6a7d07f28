"""Values that rows share: who holds them, and which of them stand out."""

from __future__ import annotations

import pytest
import torch

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Diag
from mixfit.mixtures.restarts import Restarts
from mixfit.mixtures.ties import Ties, standing_out

ROWS = torch.tensor([[0.0, 1.0], [0.1, 2.0], [0.2, 2.0], [5.0, 3.0], [5.1, 4.0], [5.2, 5.0]], dtype=torch.float64)
"""Two groups by the first axis; in the second most of the first group has one value."""


def two_components() -> Restarts:
    means = torch.tensor([[0.1, 1.7], [5.1, 4.0]], dtype=torch.float64)
    scale = torch.ones(2, 2, dtype=torch.float64)
    return Restarts.of(Diag(2, 2), 1e-6, [Components(torch.full((2,), 0.5, dtype=torch.float64).log(), means, scale)])


@pytest.mark.parametrize("least", [1.5, 2.0])
def test_a_component_holds_a_value_if_most_of_its_points_have_it(least: float) -> None:
    assert Ties(ROWS, torch.ones(6, dtype=torch.float64), least).held_by(two_components()).tolist() == [[True, False]]


def test_a_heavy_point_is_as_many() -> None:
    weights = torch.tensor([1.0, 1.0, 1.0, 1.0, 5.0, 1.0], dtype=torch.float64)
    assert Ties(ROWS, weights, 2.0).held_by(two_components()).tolist() == [[True, True]]


def test_values_that_repeat_less_than_asked_for_are_none() -> None:
    ties = Ties(ROWS, torch.ones(6, dtype=torch.float64), 2.5)
    assert ties.held_by(two_components()).tolist() == [[False, False]]


def test_a_value_stands_out_from_those_that_others_have() -> None:
    values = torch.cat([torch.zeros(5), torch.arange(1.0, 6.0)])
    assert standing_out(values, torch.ones(10)) == 0.5
    assert standing_out(values[1:], torch.ones(9)) is None  # four times as often
    assert standing_out(torch.arange(0.0, 6.0), torch.tensor([5.0, 1, 1, 1, 1, 1])) == 0.5


@pytest.mark.parametrize("values", [torch.arange(9.0), torch.arange(3.0).repeat(4), torch.zeros(7)])
def test_nothing_stands_out_where_all_is_alike(values: torch.Tensor) -> None:
    assert standing_out(values, torch.ones(len(values))) is None
