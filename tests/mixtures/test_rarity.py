"""Are the quantiles of the log-density those of NumPy, whatever the number of points and their weights?"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mixfit.mixtures.rarity import MOST, Rarity

SHARES = [0.0, 1e-6, 0.001, 0.01, 0.05, 0.1, 1 / 3, 0.5, 0.9, 0.999, 1.0]


def drawn(n_points: int, generator: torch.Generator) -> torch.Tensor:
    return -3 * torch.rand(n_points, generator=generator).log() - 5


@pytest.mark.parametrize("n_points", [1, 2, 3, 100, 101, 1234, MOST])
def test_small_data_have_numpys_quantiles(n_points: int, generator: torch.Generator) -> None:
    log_densities = drawn(n_points, generator)
    rarity = Rarity.of(log_densities)
    theirs = np.quantile(log_densities.numpy(), SHARES)
    assert [rarity.threshold(share) for share in SHARES] == pytest.approx(theirs, rel=1e-13)


def test_every_order_statistic_is_kept_as_it_is(generator: torch.Generator) -> None:
    log_densities = drawn(500, generator)
    rarity = Rarity.of(log_densities)
    assert torch.equal(rarity.log_densities, log_densities.sort().values)
    assert [rarity.threshold(i / 499) for i in range(500)] == log_densities.sort().values.tolist()


def test_large_data_have_numpys_quantiles_at_the_levels_that_are_kept(generator: torch.Generator) -> None:
    log_densities = drawn(50_000, generator)
    rarity = Rarity.of(log_densities)
    assert len(rarity.levels) == MOST
    theirs = np.quantile(log_densities.numpy(), rarity.levels.numpy())
    assert rarity.log_densities.tolist() == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("share", [1e-4, 1e-3, 0.01, 0.1, 0.5])
def test_a_share_marks_as_many_points_of_large_data(share: float, generator: torch.Generator) -> None:
    log_densities = drawn(100_000, generator)
    threshold = Rarity.of(log_densities).threshold(share)
    assert int((log_densities < threshold).sum()) == pytest.approx(share * 100_000, abs=3)


@pytest.mark.parametrize("most", [2, 30])
def test_a_whole_weight_is_a_point_written_that_often(most: int, generator: torch.Generator) -> None:
    log_densities = drawn(200, generator)
    weights = torch.randint(1, most + 1, (200,), generator=generator)
    weighted = Rarity.of(log_densities, weights.double())
    theirs = np.quantile(log_densities.repeat_interleave(weights).numpy(), SHARES)
    assert [weighted.threshold(share) for share in SHARES] == pytest.approx(theirs, rel=1e-12)


def test_a_whole_weight_is_a_point_written_that_often_in_large_data_too(generator: torch.Generator) -> None:
    log_densities = drawn(20_000, generator)
    weights = torch.randint(1, 4, (20_000,), generator=generator)
    weighted, repeated = Rarity.of(log_densities, weights), Rarity.of(log_densities.repeat_interleave(weights))
    assert weighted.log_densities.tolist() == pytest.approx(repeated.log_densities.tolist(), rel=1e-12)


@pytest.mark.parametrize("weight", [1e-5, 0.37, 1.0])
def test_equal_weights_of_at_most_one_change_nothing(weight: float, generator: torch.Generator) -> None:
    log_densities = drawn(321, generator)
    weighted, plain = Rarity.of(log_densities, torch.full((321,), weight)), Rarity.of(log_densities)
    ours = [weighted.threshold(share) for share in SHARES]
    assert ours == pytest.approx([plain.threshold(share) for share in SHARES], rel=1e-9)


def test_equal_log_densities_are_one_knot_or_two(generator: torch.Generator) -> None:
    log_densities = torch.randint(0, 5, (30_000,), generator=generator).double()
    rarity = Rarity.of(log_densities)
    assert len(rarity.levels) == 10
    theirs = np.quantile(log_densities.numpy(), SHARES)
    assert [rarity.threshold(share) for share in SHARES] == pytest.approx(theirs, abs=1e-10)


@pytest.mark.parametrize("n_points", [1, 2, 7, 20_000])
@pytest.mark.parametrize("smallest", [1e-12, 0.1, 2.5])
def test_levels_ascend_from_zero_to_one_whatever_the_weights(
    n_points: int, smallest: float, generator: torch.Generator
) -> None:
    weights = smallest + 10 * torch.rand(n_points, generator=generator)
    rarity = Rarity.of(drawn(n_points, generator).float(), weights)
    assert rarity.levels.dtype == rarity.log_densities.dtype == torch.float64
    assert (float(rarity.levels[0]), float(rarity.levels[-1])) == (0, 1)
    assert (rarity.levels.diff() >= 0).all()
    assert (rarity.log_densities.diff() >= 0).all()
    assert all(np.isfinite(rarity.threshold(share)) for share in SHARES)


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_a_share_lies_between_zero_and_one(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Rarity.of(torch.arange(10)).threshold(share)


@pytest.mark.parametrize(
    ("log_densities", "weights", "clue"),
    [
        (torch.empty(0), None, "at least one point"),
        (torch.ones(2, 2), None, r"\(2, 2\)"),
        (torch.tensor([1.0, float("nan"), float("-inf")]), None, "2 of 3 log-densities"),
        (torch.ones(3), torch.ones(2), "each needs one"),
        (torch.ones(3), torch.tensor([1.0, 0.0, -1.0]), "2 of 3 weights"),
        (torch.ones(3), torch.tensor([1.0, float("nan"), float("inf")]), "2 of 3 weights"),
    ],
)
def test_what_has_no_order_is_refused(log_densities: torch.Tensor, weights: torch.Tensor | None, clue: str) -> None:
    with pytest.raises(ValueError, match=clue):
        Rarity.of(log_densities, weights)
