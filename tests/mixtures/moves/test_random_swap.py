"""Does a swap take one component from where it is not needed, and put one where points are?"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical
from mixfit.mixtures.moves import Points
from mixfit.mixtures.moves.move import MOST_PROPOSALS
from mixfit.mixtures.moves.random_swap import random_swap
from mixfit.mixtures.ranking import spikes
from mixfit.mixtures.restarts import Restarts
from tests.mixtures.moves.grouped import FLOOR, groups, settled


def test_all_components_but_one_pair_stay_and_one_is_born_among_the_points(family: type[Covariance]) -> None:
    points = groups(5, apart=20)
    restarts = settled(family, points, n_components=5)
    proposals = random_swap(restarts, points, 0, torch.Generator().manual_seed(0))
    low, high = points.points.amin(0), points.points.amax(0)
    for which, means in enumerate(proposals.components.means):
        nearest = torch.cdist(points.after(restarts, 1).components.means[which % len(restarts)], means).amin(1)
        assert int((nearest < 1e-9).sum()) >= 3
        assert bool(((means[-1] >= low) & (means[-1] <= high)).all())


def test_proposals_for_the_same_mixture_differ_by_where_the_new_component_is(family: type[Covariance]) -> None:
    points = groups(5)
    proposals = random_swap(settled(family, points, n_mixtures=1), points, 0, torch.Generator().manual_seed(0))
    born = proposals.components.means[:, -1]
    assert len(proposals) == MOST_PROPOSALS
    assert len(born.unique(dim=0)) > 0.9 * MOST_PROPOSALS


@pytest.mark.parametrize("family", [Full, Diag, Spherical])
def test_a_spike_goes_before_any_pair_is_put_together(family: type[Covariance]) -> None:
    points = groups(3, apart=30)
    rows = torch.cat([points.points, torch.tensor([[5.0, 5.0], [5.0, 5.001], [5.001, 5.0]], dtype=torch.float64)])
    points = Points(rows, torch.ones(len(rows)))
    places = torch.cat([rows[[0, 40, 80]], rows[-1:]])
    instance = family(4, 2)
    scale = instance.identity().clone()
    scale[-1] *= 0.01
    start = Restarts.of(instance, FLOOR, [Components(torch.full((4,), 0.25).log(), places, scale)])
    spiked = points.after(start, 50)
    found = spikes(spiked, points.seen_by(spiked))[0]
    assert found.tolist() == [False, False, False, True]
    means = random_swap(spiked, points, 0, torch.Generator().manual_seed(0)).components.means
    np.testing.assert_allclose(means[:, :3], spiked.components.means[:, :3].expand_as(means[:, :3]), atol=1e-3)


def test_of_two_components_one_is_left_and_one_is_born(family: type[Covariance]) -> None:
    points = groups(2)
    proposals = random_swap(settled(family, points, 2, 1), points, 0, torch.Generator().manual_seed(0))
    mean = (points.weights @ points.points) / points.weights.sum()
    torch.testing.assert_close(proposals.components.means[:, 0], mean.expand(MOST_PROPOSALS, -1), rtol=1e-9, atol=1e-9)
