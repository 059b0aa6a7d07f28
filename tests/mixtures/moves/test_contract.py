"""What every move promises, over every file of the package and every family."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, nearest, soft
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.distinct import distinct
from mixfit.mixtures.moves import Move, Points
from mixfit.mixtures.restarts import Restarts
from tests.mixtures.moves.grouped import FLOOR, groups, settled

TURNS = range(4)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def is_sound(proposals: Restarts) -> bool:
    """Whether all numbers are finite, weights sum to one, and no covariance is below the floor."""
    eps = torch.finfo(proposals.components.means.dtype).eps
    total = proposals.components.log_weights.exp().sum(1)
    return (
        all(bool(tensor.isfinite().all()) for tensor in proposals.components)
        and torch.allclose(total, torch.ones_like(total), atol=32 * eps)
        and bool((proposals.smallest_variances >= FLOOR * (1 - 1e-3)).all())
    )


@pytest.mark.parametrize("assignment", [soft, nearest])
@pytest.mark.parametrize("turn", TURNS)
def test_proposals_are_mixtures_of_the_same_kind_and_some_for_each(
    move: Move, family: type[Covariance], turn: int, assignment: Assignment
) -> None:
    points = groups()._replace(assignment=assignment)
    restarts = settled(family, points)
    proposals = move(restarts, points, turn, seeded())
    assert len(proposals) % len(restarts) == 0
    assert len(proposals) > 0
    assert proposals.family.n_components == restarts.family.n_components
    assert type(proposals.family) is family
    assert proposals.floor == restarts.floor
    assert [tensor.shape[1:] for tensor in proposals.components] == [t.shape[1:] for t in restarts.components]
    assert [tensor.dtype for tensor in proposals.components] == [t.dtype for t in restarts.components]
    assert is_sound(proposals)


@pytest.mark.parametrize("turn", TURNS)
def test_equal_seeds_give_equal_proposals_and_the_mixtures_stay_as_they_were(
    move: Move, family: type[Covariance], turn: int
) -> None:
    points = groups()
    restarts = settled(family, points)
    before = [tensor.clone() for tensor in restarts.components]
    first, again = (move(restarts, points, turn, seeded(2)) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first.components, again.components, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(restarts.components, before, strict=True))


HARD: dict[str, tuple[Tensor, int]] = {
    "one component": (groups().points, 1),
    "two components": (groups().points, 2),
    "as many as points": (groups(2, 3).points, 6),
    "more than points": (groups(2, 3).points, 9),
    "one point": (torch.full((1, 2), 0.3, dtype=torch.float64), 3),
    "fewer points than dimensions": (groups(2, 5, dim=20).points, 3),
    "one dimension": (groups(dim=1).points, 4),
    "a flat column": (torch.cat([groups().points, groups().points[:, :1] * 0], 1), 4),
    "one far away": (torch.cat([groups().points, torch.full((1, 2), 1e6, dtype=torch.float64)]), 4),
}


@pytest.mark.parametrize("turn", [0, 1, 3])
@pytest.mark.parametrize("case", HARD)
def test_whatever_the_points_proposals_are_numbers(move: Move, family: type[Covariance], case: str, turn: int) -> None:
    rows, n_components = HARD[case]
    points = Points(*distinct(rows, torch.ones_like(rows[:, 0])))
    restarts = settled(family, points, n_components, n_mixtures=2)
    proposals = move(restarts, points, turn, seeded())
    assert is_sound(proposals)
    assert is_sound(points.after(proposals, 5))


@pytest.mark.parametrize("turn", [0, 1])
def test_components_that_hold_nothing_do_no_harm(move: Move, family: type[Covariance], turn: int) -> None:
    points = groups()
    log_weights, means, scale = settled(family, points, n_mixtures=2).components
    means = means.clone()
    means[0, 1] = means[1, 2] = 1e5
    lost = points.after(Restarts(family(4, 2), FLOOR, Components(log_weights, means, scale)), 1)
    assert float(points.seen_by(lost).count.min()) < 1e-9
    assert is_sound(move(lost, points, turn, seeded()))


@pytest.mark.parametrize("turn", [0, 1])
def test_float32_stays_float32(move: Move, family: type[Covariance], turn: int) -> None:
    wide = groups()
    points = Points(wide.points.float(), wide.weights.float())
    proposals = move(settled(family, points), points, turn, seeded())
    assert all(tensor.dtype == torch.float32 for tensor in proposals.components)
    assert is_sound(proposals)
