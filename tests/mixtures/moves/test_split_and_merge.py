"""Are the triples that are tried the promising ones, and are halves the halves of what was cut?"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import halfnorm, multivariate_normal, norm

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.merging import HALF_APART, Parts
from mixfit.mixtures.moves import Points, move
from mixfit.mixtures.moves.split_and_merge import longest_cuts, promising, split_and_merge
from mixfit.mixtures.restarts import Restarts
from tests.mixtures.moves.grouped import FLOOR, groups, settled

Array = NDArray[np.float64]


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


def test_the_gain_of_a_cut_is_what_its_halves_gain_in_likelihood(family: type[Covariance]) -> None:
    points = groups(dim=3)
    one = settled(family, points, n_mixtures=1)
    weights, means = one.components.log_weights[0].exp().numpy(), one.components.means[0].numpy()
    log_joint = np.stack(
        [
            np.log(weight) + multivariate_normal(mean, covariance).logpdf(points.points.numpy())
            for weight, mean, covariance in zip(weights, means, one.dense[0].numpy(), strict=True)
        ]
    )
    held = points.weights.numpy() * np.exp(log_joint - logsumexp(log_joint, 0))
    rows, (gains, axes) = points.points.numpy(), longest_cuts(one, points)
    for of_one, gain, axis in zip(held, gains.tolist(), axes.numpy(), strict=True):
        covariance = np.cov(rows.T, aweights=of_one, ddof=0)
        np.testing.assert_allclose(covariance @ axis, (axis @ axis) * axis, atol=1e-9)
        assert axis @ axis == pytest.approx(np.linalg.eigvalsh(covariance)[-1], rel=1e-9)
        along = (rows - np.average(rows, axis=0, weights=of_one)) @ axis
        of_halves = sum(_likelihood(along[side], of_one[side], of_one.sum()) for side in (along < 0, along >= 0))
        of_a_gaussian = of_one.sum() * (np.log(2) + np.log(halfnorm.var()) / 2)
        assert gain == pytest.approx(of_halves - _likelihood(along, of_one, of_one.sum()) + of_a_gaussian, abs=1e-7)


def _likelihood(values: Array, weights: Array, total: float) -> float:
    """Of a Gaussian of its own for some values, which are a share of all."""
    mean = np.average(values, weights=weights)
    deviation = np.sqrt(np.average((values - mean) ** 2, weights=weights))
    return float(weights @ (norm(mean, deviation).logpdf(values) + np.log(weights.sum() / total)))


def test_points_of_a_gaussian_gain_nothing_by_a_cut() -> None:
    random = np.random.default_rng(0)
    points = Points(torch.tensor(random.normal(size=(100_000, 2)) * [1.0, 2.0]), torch.ones(100_000))
    gaussian = Components(torch.zeros(1, dtype=torch.float64), torch.zeros(1, 2).double(), torch.eye(2).double()[None])
    cuts = longest_cuts(Restarts.of(Full(1, 2), FLOOR, [gaussian]), points)
    assert abs(float(cuts.gains)) / 100_000 < 0.01
    np.testing.assert_allclose(cuts.axes.abs(), [[0.0, 2.0]], atol=0.03)


def test_a_component_over_two_groups_is_cut_before_one_that_is_wide() -> None:
    random = np.random.default_rng(0)
    rows = np.concatenate([random.normal(at, wide, 200) for at, wide in ((-50.0, 9.0), (0, 1), (9, 1), (18, 1))])
    points = Points(torch.tensor(rows[:, None]), torch.ones(800))
    means = torch.tensor([[-50.0], [0.0], [13.5]])
    start = Restarts.of(Full(3, 1), FLOOR, [Components(torch.full((3,), 1 / 3).log(), means, torch.ones(3, 1, 1))])
    assert int(longest_cuts(points.after(start, 50), points).gains.argmax()) == 2


@pytest.mark.parametrize("longest", [True, False])
@pytest.mark.parametrize("which", range(4))
def test_halves_together_are_what_was_cut(family: type[Covariance], which: int, longest: bool) -> None:
    points = groups(dim=3)
    restarts = settled(family, points)
    looked = restarts.of_one(points.seen_by(restarts), 1)
    parts = Parts(looked, restarts.family, FLOOR)
    direction = torch.tensor([1.0, -2.0, 0.5])
    step = longest_cuts(restarts[[1]], points).axes[which] if longest else parts.reach(which, direction)
    count, means, second = parts.halves(which, HALF_APART * step)
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
