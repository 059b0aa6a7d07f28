"""Are the triples that are tried the promising ones, and are halves the halves of what was cut?"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.merging import Parts
from mixfit.mixtures.moves import Points, move
from mixfit.mixtures.moves.split_and_merge import misfits, promising, split_and_merge
from mixfit.mixtures.restarts import Restarts
from tests.mixtures.moves.grouped import FLOOR, groups, settled


def test_triples_come_by_the_sum_of_the_ranks_of_pair_and_cut() -> None:
    random = np.random.default_rng(0)
    pairs = list(combinations(range(6), 2))
    random.shuffle(pairs)
    misfit = random.uniform(size=6)
    triples = promising(pairs, torch.tensor(misfit))
    assert len(triples) == len(set(triples)) == 15 * 4
    cuts = np.argsort(-misfit).tolist()
    ranks = [pairs.index((i, j)) + [other for other in cuts if other not in (i, j)].index(k) for i, j, k in triples]
    assert ranks == sorted(ranks)
    assert triples[0][:2] == pairs[0]
    assert all(k not in (i, j) for i, j, k in triples)


def test_pairs_that_are_not_to_be_tried_are_not() -> None:
    assert promising([(0, 2)], torch.tensor([4.0, 3.0, 2.0, 1.0])) == [(0, 2, 1), (0, 2, 3)]


def test_the_misfit_is_the_divergence_that_scipy_says(family: type[Covariance]) -> None:
    points = groups()
    one = settled(family, points, n_mixtures=1)
    weights, means = one.components.log_weights[0].exp().numpy(), one.components.means[0].numpy()
    log_density = np.stack(
        [
            multivariate_normal(mean, covariance).logpdf(points.points.numpy())
            for mean, covariance in zip(means, one.dense[0].numpy(), strict=True)
        ]
    )
    log_joint = np.log(weights)[:, None] + log_density
    held = points.weights.numpy() * np.exp(log_joint - logsumexp(log_joint, 0))
    shares = held / held.sum(1, keepdims=True)
    expected = (shares * (np.log(np.maximum(shares, 1e-300)) - log_density)).sum(1)
    np.testing.assert_allclose(misfits(one, points), expected, rtol=1e-9, atol=1e-9)


def test_a_component_over_two_groups_has_the_largest_misfit_of_equal_ones() -> None:
    random = np.random.default_rng(0)
    rows = np.array([-9.0, 0, 9, 18])[:, None] + random.normal(size=(4, 200))
    points = Points(torch.tensor(rows.reshape(-1, 1)), torch.ones(800))
    means = torch.tensor([[-9.0], [0.0], [13.5]])
    start = Restarts.of(Full(3, 1), FLOOR, [Components(torch.full((3,), 1 / 3).log(), means, torch.ones(3, 1, 1))])
    assert int(misfits(points.after(start, 50), points).argmax()) == 2


@pytest.mark.parametrize("which", range(4))
def test_halves_together_are_what_was_cut(family: type[Covariance], which: int) -> None:
    points = groups(dim=3)
    restarts = settled(family, points)
    looked = restarts.of_one(points.seen_by(restarts), 1)
    parts = Parts(looked, restarts.family, FLOOR)
    count, means, second = parts.halves(which, torch.tensor([1.0, -2.0, 0.5]))
    own = restarts.family.own(2, 3)
    torch.testing.assert_close(count.sum(), parts.count[which])
    torch.testing.assert_close(means.mean(0), parts.means[which])
    away = means - parts.means[which]
    total = (second + own.outer(count[:, None] * away, away)).sum(0)
    torch.testing.assert_close(total, parts.second[which], rtol=1e-9, atol=1e-9)
    assert bool((own.smallest_variance(own.factor(second, count, FLOOR)) > 10 * FLOOR).all())


def test_the_next_turn_tries_other_triples(family: type[Covariance], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(move, "MOST_PROPOSALS", 8)
    points = groups(6)
    restarts = settled(family, points, n_components=6, n_mixtures=1)
    first, second = (
        split_and_merge(restarts, points, turn, torch.Generator().manual_seed(0)).components.means for turn in (0, 1)
    )
    assert len(first) == 8
    assert all((one - other).abs().max() > 1e-3 for one in first for other in second)


def test_what_two_components_share_and_a_third_lacks_is_mended(family: type[Covariance]) -> None:
    """Jin et al.'s (2016) trap in the plane."""
    random = np.random.default_rng(0)
    centres = np.array([[-14.0, 0], [-6, 0], [60, 0]])
    rows = (centres[:, None] + random.normal(size=(3, 80, 2))).reshape(-1, 2)
    points = Points(torch.tensor(rows), torch.ones(240))
    instance = family(3, 2)
    means = torch.tensor([[-10.0, 0], [59, 0], [61, 0]])
    start = Restarts.of(instance, FLOOR, [Components(torch.full((3,), 1 / 3).log(), means, instance.identity())])
    stuck = points.after(start, 100)
    assert float(stuck.components.means[0, :, 0].max(0).values) > 20
    tried = points.after(split_and_merge(stuck, points, 0, torch.Generator().manual_seed(0)), 60)
    best = int(points.seen_by(tried).nll.argmin())
    found = tried.components.means[best]
    np.testing.assert_allclose(found[found[:, 0].argsort()], centres, atol=0.5)
