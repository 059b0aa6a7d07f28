"""Are mixtures of K + 1 components that are split from one of K mixtures, and as likely as they should be?"""

from __future__ import annotations

import torch

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.moves import Points
from mixfit.mixtures.restarts import Restarts
from mixfit.mixtures.search import Search, draws
from mixfit.mixtures.selection.splitting import splits


def points() -> Points:
    rows = torch.randn(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return Points(rows, torch.ones(200, dtype=torch.float64))


def one(family: type[Covariance]) -> Restarts:
    how = Search(kmeans_plusplus, restarts=1)
    return points().after(draws(family(4, 3), 1e-6, points(), how, torch.Generator().manual_seed(0)), 5)


def test_each_component_is_split_in_turn(family: type[Covariance]) -> None:
    before = one(family)
    after = splits(before)
    assert len(after) == 5
    assert after.family.n_components == 5
    torch.testing.assert_close(after.components.log_weights.exp().sum(1), torch.ones(5, dtype=torch.float64))
    for k in range(4):
        moved = (after.components.means[k, :4] - before.components.means[0]).abs().sum(1) > 0
        assert moved.tolist() == [which == k for which in range(4)]


def test_halves_keep_the_mean_of_the_mixture(family: type[Covariance]) -> None:
    before, after = one(family), splits(one(family))
    means = (after.components.log_weights.exp()[..., None] * after.components.means).sum(1)
    whole = (before.components.log_weights.exp()[..., None] * before.components.means).sum(1)
    torch.testing.assert_close(means, whole.expand_as(means))


def test_a_component_twice_is_the_same_density(family: type[Covariance]) -> None:
    before = one(family)
    nll = points().seen_by(before).nll
    torch.testing.assert_close(points().seen_by(splits(before)[[-1]]).nll, nll)
