"""Are responsibilities blurred as Ueda and Nakano say, and does a good place come back?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax

from mixfit.mixtures.assignments import soft
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.moves import Points
from mixfit.mixtures.moves.annealed import annealed, tempered
from mixfit.mixtures.restarts import Restarts
from tests.mixtures.moves.grouped import FLOOR, groups, settled

LOG_JOINT = torch.tensor(np.random.default_rng(0).normal(scale=5, size=(2, 3, 7)))


@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0])
def test_shares_are_joint_densities_to_the_power_of_beta(beta: float) -> None:
    shares = tempered(beta)(LOG_JOINT, torch.zeros(2, 3))
    np.testing.assert_allclose(shares, softmax(beta * LOG_JOINT.numpy(), 1), rtol=1e-12)


def test_without_blur_shares_are_those_of_em() -> None:
    nothing = torch.zeros(2, 3)
    torch.testing.assert_close(tempered(1)(LOG_JOINT, nothing), soft(LOG_JOINT, nothing), rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(tempered(0)(LOG_JOINT, nothing), torch.full((2, 3, 7), 1 / 3, dtype=torch.float64))


def test_a_mixture_at_groups_far_apart_comes_back_to_them(family: type[Covariance]) -> None:
    centres = torch.tensor([[0.0, 0.0], [60.0, 0.0], [0.0, 60.0]], dtype=torch.float64)
    noise = torch.randn(3, 40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    points = Points((centres[:, None] + noise).flatten(0, 1), torch.ones(120))
    instance = family(3, 2)
    start = Restarts.of(instance, FLOOR, [Components(torch.full((3,), 1 / 3).log(), centres, instance.identity())])
    settled = points.after(start, 20)
    back = annealed(settled, points, 0, torch.Generator())
    torch.testing.assert_close(back.components.means, settled.components.means, rtol=0, atol=1e-6)


def test_more_blur_is_tried_with_every_turn(family: type[Covariance]) -> None:
    points = groups(5)
    restarts = settled(family, points, n_components=5, n_mixtures=1)
    first, later = (annealed(restarts, points, turn, torch.Generator()).components.means for turn in (0, 4))
    assert not torch.allclose(first, later, rtol=0, atol=1e-6)
