"""Does a choice say that rows which repeat have made it, and only then?"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.data.old_faithful import OldFaithful
from mixfit.mixtures.covariances import Full
from mixfit.mixtures.moments import Moments
from mixfit.mixtures.selection import Observed, select, why_no_more

MOST = 4


def doubt(points: Tensor) -> str:
    selection = select(Observed(points, None, Moments.of(points)), {"full": Full}, range(1, MOST + 1))
    return why_no_more(selection, points, [f"column {axis}" for axis in range(points.shape[1])], MOST) or ""


def amounts(n_zeros: int) -> Tensor:
    """So many rows of three hundred without anything, the others of any size."""
    random = torch.Generator().manual_seed(1)
    rows = (2 + torch.randn(300, 1, dtype=torch.float64, generator=random)).exp()
    rows[:n_zeros] = 0
    return rows


def test_zeros_that_every_larger_fit_closes_in_on_are_named() -> None:
    assert "column 0 has one value in 130 of 300 rows; fit the other rows alone" in doubt(amounts(130))


def test_fewer_zeros_let_more_components_be_chosen_and_are_named_too() -> None:
    assert doubt(amounts(100)).startswith("2 components were chosen, because all fits of more close in on equal")


def test_values_of_too_few_kinds_for_a_second_component_are_counted() -> None:
    ratings = torch.arange(1.0, 6.0, dtype=torch.float64).repeat(60)[:, None]
    assert "1 component was chosen, and no more were tried" in doubt(ratings)
    assert "only 5 of 300 points are different" in doubt(ratings)


def test_a_choice_among_sound_fits_is_beyond_doubt() -> None:
    points = OldFaithful(0, 0).load(0).train.points
    assert isinstance(points, Tensor)
    assert doubt(points) == ""
    assert doubt(amounts(0)) == ""


def test_a_choice_of_all_that_was_asked_for_is_beyond_doubt() -> None:
    points = amounts(130)
    selection = select(Observed(points, None, Moments.of(points)), {"full": Full}, [1])
    assert why_no_more(selection, points, ["column 0"], 1) is None
