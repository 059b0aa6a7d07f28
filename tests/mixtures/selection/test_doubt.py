"""Does a choice say that rows which repeat have made it, and only then?"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mixfit.data.old_faithful import OldFaithful
from mixfit.mixtures.covariances import Full
from mixfit.mixtures.moments import Moments
from mixfit.mixtures.selection import Observed, select, why_no_more


def doubt(points: Tensor, weights: Tensor | None = None, most: int = 4) -> str:
    found = select(Observed(points, weights, Moments.of(points, weights)), {"full": Full}, range(1, most + 1))
    return why_no_more(found, points, weights, [f"column {axis}" for axis in range(points.shape[1])], most) or ""


def amounts(n_zeros: int) -> Tensor:
    """So many rows of three hundred without anything, the others of any size."""
    random = torch.Generator().manual_seed(1)
    rows = (2 + torch.randn(300, 1, dtype=torch.float64, generator=random)).exp()
    rows[:n_zeros] = 0
    return rows


def two_groups() -> Tensor:
    random = torch.Generator().manual_seed(2)
    return torch.randn(600, 1, dtype=torch.float64, generator=random) + torch.tensor([[-3.0], [3.0]]).repeat(300, 1)


def test_zeros_that_every_larger_fit_closes_in_on_are_named() -> None:
    assert doubt(amounts(130)).startswith("1 component was chosen among fits without a component on equal values")
    assert "column 0 has one value in 43 % of the rows" in doubt(amounts(130))


def test_a_sound_fit_of_more_components_does_not_hide_a_likelier_one_on_equal_values() -> None:
    """Few zeros beside two groups: three Gaussians without them are sound, and worse than two by BIC."""
    rows = 20 + 2 * two_groups()
    rows[:30] = 0
    assert "2 components were chosen" in doubt(rows)
    assert "3 components of covariance=full with one there have a BIC of" in doubt(rows)
    assert doubt(rows).endswith("give model.n_components=3 to have it")


def test_a_limit_that_some_rows_meet_is_no_component_though_others_are_near_it() -> None:
    """Whether its variance is below the floor for a neighbour, and so its likelihood the floor's, is chance."""
    capped = two_groups().clamp_max(4.0)
    capped[0] = 3.997
    assert "2 components were chosen" in doubt(capped)
    assert "column 0 has one value in" in doubt(capped)


def test_a_weight_says_what_as_many_rows_say() -> None:
    rows = amounts(130)
    weights = torch.ones(171, dtype=torch.float64)
    weights[0] = 130
    assert doubt(rows[129:], weights) == doubt(rows) != ""


def test_values_of_too_few_kinds_for_a_second_component_are_counted() -> None:
    ratings = torch.arange(1.0, 6.0, dtype=torch.float64).repeat(60)[:, None]
    assert "1 component was chosen, and no more than 1 tried: the points are of 5 kinds only" in doubt(ratings)


def test_a_scale_of_few_values_is_counted() -> None:
    counts = torch.poisson(torch.full((400, 1), 2.0), generator=torch.Generator().manual_seed(0)).double()
    n_values = len(counts.unique())
    assert f"column 0 has {n_values} different values only, and 8 components of covariance=full" in doubt(
        counts, most=8
    )


@pytest.mark.parametrize("digits", [0, 1])
def test_rounding_is_nothing_to_doubt(digits: int) -> None:
    assert doubt((10 * two_groups()).round(decimals=digits)) == ""


def test_few_rows_of_which_some_share_a_value_are_nothing_to_doubt() -> None:
    random = torch.Generator().manual_seed(0)
    points = torch.randn(21, 2, dtype=torch.float64, generator=random)
    points += torch.tensor([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]]).repeat(7, 1)
    points[:, 1] = points[:, 1].round()
    assert doubt(points) == ""


def test_a_column_that_never_changes_has_a_warning_of_its_own() -> None:
    assert doubt(torch.cat([two_groups(), torch.ones(600, 1)], 1)) == ""


def test_a_choice_among_sound_fits_is_beyond_doubt() -> None:
    points = OldFaithful(0, 0).load(0).train.points
    assert isinstance(points, Tensor)
    assert doubt(points) == ""
    assert doubt(amounts(0)) == ""
