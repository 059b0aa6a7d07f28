"""One component less where it is cheap, and one more elsewhere: among the neighbours of a point drawn at random.

Fränti (2018) shows for k-means that trial and error of this kind finds the best clustering in a number of trials that
hardly depends on K, because a swap need only bring the component near its place. Which pair is put together is drawn
too, each half as likely as the one that is next cheaper, for the cheapest is not always the one to spare, and would be
the same in every trial. Neighbourhoods are of any size from the smallest that a component can hold to an average
component's, so that small, dense groups are found as well.
"""

from __future__ import annotations

from math import log2

import torch

from mixfit.mixtures.merging import Moments, Parts
from mixfit.mixtures.moves.move import Points
from mixfit.mixtures.ranking import spikes
from mixfit.mixtures.restarts import Restarts
from mixfit.mixtures.statistics import Statistics


@torch.no_grad()
def random_swap(restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
    """As many proposals for each mixture as cost little, those for the same one R apart; itself if K is one.

    A spike goes before any pair is put together; and the first proposal is always for the cheapest pair.
    """
    family = restarts.family
    if family.n_components == 1:
        return restarts
    looked = points.seen_by(restarts)
    spiked = spikes(restarts, looked, points.unit, points.closer)
    parts = [Parts(restarts.of_one(looked, which), family, restarts.floor) for which in range(len(restarts))]
    pairs = [of_one.pairs for of_one in parts]
    proposals: list[Statistics] = []
    for trial in range(points.proposals_for_each(restarts)):
        for of_one, by_cost, spike in zip(parts, pairs, spiked, strict=True):
            born = _neighbourhood(restarts, points, generator)
            rank = _geometric(generator) if trial else 0
            if bool(spike.any()):
                proposals.append(of_one.with_(of_one.all_but(int(spike.int().argmax())), born))
                continue
            i, j = by_cost[rank % len(by_cost)]
            both = of_one.joined(*(torch.tensor([which], device=looked.count.device) for which in (i, j)))
            proposals.append(of_one.with_(of_one.all_but(i, j), both, born))
    return restarts.made_of(proposals)


def _geometric(generator: torch.Generator) -> int:
    """Zero with chance 1/2, one with 1/4, and so on."""
    return int(-log2(1 - float(torch.rand((), generator=generator, dtype=torch.float64))))


def _neighbourhood(restarts: Restarts, points: Points, generator: torch.Generator) -> Moments:
    """A component that holds some point and its nearest neighbours, all of them."""
    n_points, family = len(points.points), restarts.family
    least, most = min(family.dim + 2, n_points), max(family.dim + 2, n_points // family.n_components)
    chance = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
    size = min(n_points, round(least * (most / least) ** chance[0]))
    middle = points.points[int(chance[1] * n_points)]
    nearest = (points.points - middle).square().sum(1).topk(size, largest=False).indices
    there, weights = points.points[nearest], points.weights[nearest]
    mean = (weights @ there / weights.sum())[None]
    away = there - mean
    outer = family.own(size, family.dim).outer(weights[:, None] * away, away)
    return Moments(weights.sum()[None], mean, outer.sum(0, keepdim=True))
