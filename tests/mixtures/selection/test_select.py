"""Does a selection name what others name, and what is true; and is its table what it says?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import methodcaller

import pytest
import torch
from torch import Tensor

from mixfit.data.gaussians import Gaussians
from mixfit.data.old_faithful import OldFaithful
from mixfit.mixtures.assignments import nearest
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.moments import Moments
from mixfit.mixtures.search import Search
from mixfit.mixtures.selection import CRITERIA, Cell, Observed, Selection, select

FOUR: dict[str, type[Covariance]] = {"full": Full, "diag": Diag, "tied": Tied, "spherical": Spherical}


def observed(points: Tensor, weights: Tensor | None = None, held_out: Tensor | None = None) -> Observed:
    return Observed(points, weights, Moments.of(points, weights), held_out)


def blobs(centres: Sequence[tuple[float, float]], n_each: int = 80, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(centres), n_each, 2, dtype=torch.float64, generator=random)
    return (torch.tensor(centres, dtype=torch.float64)[:, None] + noise).flatten(0, 1)


def by_k(selection: Selection) -> dict[int, Cell]:
    return {cell.n_components: cell for cell in selection.cells}


THREE = blobs([(0, 0), (8, 0), (0, 8)])


def test_old_faithful_has_three_components_of_one_covariance_as_mclust_says() -> None:
    """mclust 6.1: Mclust(faithful, 1:9, c("VVV", "VVI", "EEE", "VII")) names EEE, 3, at a BIC of -2314.316."""
    chosen = select(observed(OldFaithful(0, 0).load(0).train.points), FOUR, range(1, 10)).chosen
    assert (chosen.covariance, chosen.n_components) == ("tied", 3)
    assert chosen.bic == pytest.approx(2314.316, abs=0.05)
    assert chosen.bic < 2314.316


@pytest.mark.parametrize(("dim", "n_components"), [(1, 2), (2, 3), (2, 5), (5, 4)])
def test_every_criterion_names_the_true_number_of_components(dim: int, n_components: int) -> None:
    data = Gaussians(dim, n_components, 700, 700, 0).load(3)
    assert isinstance(data.val.points, Tensor)
    given = observed(data.train.points, None, data.val.points)
    selection = select(given, {"full": Full}, range(1, 8), "nll/val")
    named = {name: min(selection.cells, key=methodcaller("criterion", name)) for name in CRITERIA}
    assert {name: cell.n_components for name, cell in named.items()} == dict.fromkeys(CRITERIA, n_components)
    assert selection.chosen == named["nll/val"]


def test_the_true_family_wins() -> None:
    points = Gaussians(3, 3, 1_500, 0, 0, family="diag").load(1).train.points
    chosen = select(observed(points), FOUR, range(2, 5)).chosen
    assert (chosen.covariance, chosen.n_components) == ("diag", 3)


def test_a_larger_k_is_never_less_likely(family: type[Covariance]) -> None:
    points = torch.randn(400, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(5)).abs() ** 1.5
    cells = select(observed(points), {"one": family}, range(1, 8)).cells
    clean = [cell.nll for cell in cells if not cell.n_spikes]
    assert len(clean) > 4
    assert all(larger <= smaller + 1e-9 for smaller, larger in pairwise(clean))


def test_icl_asks_for_clusters_where_bic_asks_for_a_density() -> None:
    """One skewed cluster is two Gaussians, but nobody could say which point belongs to which."""
    points = torch.randn(800, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).exp() ** 0.4
    given = observed(points)
    bic, icl = (select(given, {"full": Full}, range(1, 5), name).chosen.n_components for name in ("bic", "icl"))
    assert icl < bic


def test_the_table_has_the_criteria_of_its_own_likelihoods() -> None:
    for cell in select(observed(THREE, None, THREE[::2]), FOUR, range(1, 4)).cells:
        paid = cell.n_parameters * torch.tensor(cell.n_points, dtype=torch.float64).log()
        assert cell.bic == pytest.approx(float(2 * cell.n_points * cell.nll + paid), abs=1e-6)
        assert cell.icl >= cell.bic
        assert cell.nll_val is not None


def test_draws_agree_where_there_are_groups_and_not_where_there_are_none() -> None:
    cells = by_k(select(observed(THREE), {"full": Full}, range(1, 7)))
    assert cells[1].stability == 1
    assert cells[3].stability > 0.95
    assert cells[6].stability < 0.8


def test_a_weight_of_two_is_a_row_twice_and_the_order_of_rows_is_none_at_all() -> None:
    twice = torch.cat([THREE, THREE[:50]])
    weights = torch.ones(len(THREE), dtype=torch.float64)
    weights[:50] = 2
    one = select(observed(twice.flip(0)), {"full": Full}, range(1, 5)).cells
    other = select(observed(THREE, weights), {"full": Full}, range(1, 5)).cells
    for left, right in zip(one, other, strict=True):
        assert left[1:] == pytest.approx(right[1:], abs=1e-6)


def test_other_units_choose_the_same_and_move_the_likelihood_by_their_volume() -> None:
    one, other = (select(observed(points), FOUR, range(1, 5)) for points in (THREE, 1000 * THREE + 7))
    assert one.chosen[:2] == other.chosen[:2]
    for left, right in zip(one.cells, other.cells, strict=True):
        assert right.nll - left.nll == pytest.approx(2 * torch.tensor(1000.0).log().item(), abs=1e-5)


def test_a_spike_never_wins() -> None:
    """Four points in the same place have any likelihood at all."""
    points = torch.cat([THREE, THREE[:1] + 1e-9 * torch.randn(4, 2, generator=torch.Generator().manual_seed(0))])
    selection = select(observed(points), {"full": Full}, range(1, 6))
    assert (selection.chosen.n_spikes, selection.chosen.n_components) == (0, 3)


def test_k_ends_where_components_could_not_hold_enough_points() -> None:
    cells = select(observed(blobs([(0, 0), (9, 9)], n_each=6)), {"full": Full}, range(1, 9)).cells
    assert [cell.n_components for cell in cells] == [1, 2, 3]


def test_k_ends_where_rows_that_repeat_are_of_too_few_kinds() -> None:
    """Sixty times five places are five, and no second component could have three of its own."""
    places = torch.arange(1.0, 6.0, dtype=torch.float64)[:, None]
    cells = [select(observed(points), {"full": Full}, range(1, 5)).cells for points in (places, places.repeat(60, 1))]
    assert [[cell.n_components for cell in of_one] for of_one in cells] == [[1], [1]]


def test_a_component_twice_does_not_hide_that_every_fit_of_so_many_has_a_spike() -> None:
    """With two components one is on the zeros; two alike on all points have no spike, and gain nothing."""
    random = torch.Generator().manual_seed(1)
    rows = (2 + torch.randn(300, 1, dtype=torch.float64, generator=random)).exp()
    rows[:130] = 0
    cells = by_k(select(observed(rows), {"full": Full}, range(1, 5)))
    assert [cell.n_spikes for cell in cells.values()] == [0, 1, 1, 1]
    assert all(cells[k].nll < cells[1].nll - 0.5 for k in (2, 3, 4))


def test_families_can_be_chosen_for_a_given_number_of_components() -> None:
    selection = select(observed(THREE), FOUR, [3])
    assert [cell.n_components for cell in selection.cells] == [3] * 4
    assert selection.chosen.covariance in ("spherical", "tied")


def test_no_family_depends_on_the_others() -> None:
    alone = select(observed(THREE), {"tied": Tied}, range(1, 5)).cells
    assert alone == [cell for cell in select(observed(THREE), FOUR, range(1, 5)).cells if cell.covariance == "tied"]


def test_k_means_has_a_number_of_components_too() -> None:
    selection = select(observed(THREE), {"tied_spherical": TiedSpherical}, range(1, 6), assignment=nearest)
    assert selection.chosen.n_components == 3


def test_the_winner_is_handed_over() -> None:
    selection = select(observed(THREE), FOUR, range(1, 4), how=Search(restarts=3))
    assert selection.components is not None
    assert len(selection.components.log_weights) == selection.chosen.n_components


def test_a_criterion_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"criterion=aicc: expected one of bic, icl, nll/val"):
        select(observed(THREE), FOUR, range(1, 4), "aicc")


@pytest.mark.parametrize("held_out", [None, THREE[:0]])
def test_held_out_points_choose_only_where_there_are_some(held_out: Tensor | None) -> None:
    with pytest.raises(ValueError, match="points are held out"):
        select(observed(THREE, None, held_out), FOUR, range(1, 4), "nll/val")
