"""Are mixtures side by side the same mixtures as one by one, whatever their family?"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, nearest, soft
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.initializers.start import begin_
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.restarts import Restarts

N_POINTS, DIM, K, R = 300, 3, 4, 5
FLOOR = 1e-3


def points_and_weights() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    points = torch.randn(N_POINTS, DIM, dtype=torch.float64, generator=generator)
    points[::2] += 3
    return points, 0.5 + torch.rand(N_POINTS, dtype=torch.float64, generator=generator)


def mixtures_of(family: type[Covariance], points: Tensor, weights: Tensor) -> list[Mixture]:
    """Different starts, one by one."""
    begun = []
    for seed in range(R):
        mixture = Mixture(family(K, DIM), FLOOR).to(points.dtype)
        begin_(mixture, points, kmeans_plusplus, torch.Generator().manual_seed(seed), weights)
        begun.append(mixture)
    return begun


def same(left: Components, right: Components) -> bool:
    return all(torch.allclose(a, b, rtol=1e-9, atol=1e-11) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("assignment", [soft, nearest])
def test_steps_side_by_side_are_the_steps_one_by_one(family: type[Covariance], assignment: Assignment) -> None:
    points, weights = points_and_weights()
    alone = mixtures_of(family, points, weights)
    together = Restarts.of(alone[0].covariance, FLOOR, [mixture.components for mixture in alone])
    together = together.after(7, points, weights, assignment)
    looked = together.statistics(points, weights, assignment)
    for which, mixture in enumerate(alone):
        for _ in range(7):
            mixture.maximize_(mixture.statistics(points, assignment, weights=weights))
        assert same(together.one(which), mixture.components)
        nll = mixture.statistics(points, assignment, weights=weights).nll
        assert float(looked.nll[which]) == pytest.approx(float(nll), abs=1e-12)


def test_draws_side_by_side_begin_as_draws_one_by_one(family: type[Covariance]) -> None:
    points, weights = points_and_weights()
    alone = mixtures_of(family, points, weights)
    shares = [kmeans_plusplus(points, weights, K, torch.Generator().manual_seed(seed)) for seed in range(R)]
    empty = Restarts.of(alone[0].covariance, FLOOR, [alone[0].components])
    begun = empty.begun(points, torch.stack(shares) * weights[:, None])
    assert len(begun) == R
    assert all(same(begun.one(which), mixture.components) for which, mixture in enumerate(alone))


def test_a_mixture_with_a_component_on_the_floor_leaves_its_neighbours_alone(family: type[Covariance]) -> None:
    points, weights = points_and_weights()
    alone = mixtures_of(family, points, weights)[:2]
    points[:40] = points[0]  # forty times the same
    together = Restarts.of(alone[0].covariance, FLOOR, [mixture.components for mixture in alone]).after(20, points)
    for which, mixture in enumerate(alone):
        for _ in range(20):
            mixture.maximize_(mixture.statistics(points))
        assert same(together.one(which), mixture.components)


def test_some_of_them_and_more_of_them_are_the_same_ones(family: type[Covariance]) -> None:
    points, weights = points_and_weights()
    alone = mixtures_of(family, points, weights)
    together = Restarts.of(alone[0].covariance, FLOOR, [mixture.components for mixture in alone])
    again = together[[3, 1]] + together[:2]
    assert [same(again.one(which), alone[origin].components) for which, origin in enumerate([3, 1, 0, 1])] == [True] * 4
