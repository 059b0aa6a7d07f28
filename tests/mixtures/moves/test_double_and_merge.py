"""Are components that are where they are not needed brought to where they are?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, nearest, soft
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.moves import Points
from mixfit.mixtures.moves.double_and_merge import double_and_merge, split
from mixfit.mixtures.restarts import Restarts
from tests.mixtures.moves.grouped import FLOOR, groups, settled

CENTRES = torch.tensor([[0.0, 0.0], [6.0, 0.0], [100.0, 0.0], [106.0, 0.0], [100.0, 9.0]], dtype=torch.float64)
"""Two places far from each other, with two groups in one and three in the other."""

MISALLOCATED = [
    [[-0.5, 0.0], [0.5, 0.0], [6.0, 0.0], [103.0, 0.0], [100.0, 9.0]],
    [[3.0, 0.0], [99.5, 0.0], [100.5, 0.0], [106.0, 0.0], [100.0, 9.0]],
]
"""Two components in one group and one over two, in either place."""


def placed() -> Points:
    random = np.random.default_rng(0)
    points = CENTRES.numpy()[:, None] + random.normal(size=(5, 50, 2))
    return Points(torch.tensor(points.reshape(-1, 2)), torch.ones(250))


def at(family: type[Covariance], means: Tensor) -> Restarts:
    instance = family(5, 2)
    start = Components(torch.full((5,), 0.2).log(), means, instance.identity())
    return Restarts.of(instance, FLOOR, [start])


@pytest.mark.parametrize("assignment", [soft, nearest])
@pytest.mark.parametrize("misallocated", MISALLOCATED)
def test_components_in_the_wrong_places_are_mended_at_once_where_em_leaves_them(
    family: type[Covariance], misallocated: list[list[float]], assignment: Assignment
) -> None:
    points = placed()._replace(assignment=assignment)
    stuck = points.after(at(family, torch.tensor(misallocated)), 100)
    mended = points.after(double_and_merge(stuck, points, 0, torch.Generator().manual_seed(0)), 20)
    distances = [torch.cdist(CENTRES, which.components.means[0]).amin(1).max() for which in (stuck, mended)]
    assert distances[0] > 2
    assert distances[1] < 0.5


def test_halves_together_weigh_what_the_whole_does_and_have_its_mean(family: type[Covariance]) -> None:
    restarts = settled(family, groups())
    for turn in (0, 1):
        halves = split(restarts, turn, torch.Generator().manual_seed(0))
        log_weights, means, _ = halves.components
        weights = log_weights.exp().view(len(restarts), 2, -1)
        torch.testing.assert_close(weights.sum(1), restarts.components.log_weights.exp(), rtol=1e-12, atol=0)
        torch.testing.assert_close(means.view(len(restarts), 2, -1, 2).mean(1), restarts.components.means)
        torch.testing.assert_close(halves.dense, restarts.dense.repeat(1, 2, 1, 1))


def test_halves_lie_first_along_the_longest_axis_of_a_component(family: type[Covariance]) -> None:
    restarts = settled(family, groups(dim=3))
    means = split(restarts, 0, torch.Generator()).components.means.view(len(restarts), 2, -1, 3)
    half = ((means[:, 0] - means[:, 1]) / 2).flatten(0, 1).numpy()
    for step, covariance in zip(half, restarts.dense.flatten(0, 1).numpy(), strict=True):
        largest = np.linalg.eigvalsh(covariance)[-1]
        np.testing.assert_allclose(covariance @ step, largest * step, atol=1e-9)
        np.testing.assert_allclose(np.square(step).sum(), 2 / np.pi * largest, rtol=1e-12)
