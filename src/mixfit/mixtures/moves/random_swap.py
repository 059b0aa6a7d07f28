"""One component less where it is cheapest, and one more somewhere else: among the neighbours of a random point.

Fränti (2018) shows for k-means that trial and error of this kind finds the best clustering in a number of trials that
hardly depends on K, because a swap need only bring the component near its place. Neighbourhoods are of any size from
the smallest that a component can hold to an average component's, so that small, dense groups are found as well.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mixfit.mixtures.merging import merged
from mixfit.mixtures.moves.move import Points
from mixfit.mixtures.ranking import spikes
from mixfit.mixtures.restarts import MOMENTS, Restarts
from mixfit.mixtures.statistics import Statistics

MOST_PLACES = 8
"""Proposals for each mixture; fewer where a pass is dear."""


@torch.no_grad()
def random_swap(restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
    """Up to `MOST_PLACES` proposals for each mixture, those for the same one R apart."""
    looked = points.seen_by(restarts)
    family = restarts.family
    if family.n_components == 1:
        return restarts
    spiked = spikes(restarts, looked)
    fewer = [
        _without(restarts.of_one(looked, which), int(spiked[which].int().argmax()))
        if bool(spiked[which].any())
        else merged(restarts.of_one(looked, which), family, family.n_components - 1, restarts.floor)
        for which in range(len(restarts))
    ]
    proposals = []
    for _ in range(points.affordable(family, 1, MOST_PLACES)):
        for statistics in fewer:
            born = _neighbourhood(restarts, points, generator)
            moments = {name: torch.cat([getattr(statistics, name), getattr(born, name)]) for name in MOMENTS}
            proposals.append(replace(statistics, **moments))
    return restarts.made_of(proposals)


def _without(statistics: Statistics, which: int) -> Statistics:
    """The statistics of all components but one."""
    moments = {name: getattr(statistics, name) for name in MOMENTS}
    return replace(statistics, **{name: torch.cat([all_[:which], all_[which + 1 :]]) for name, all_ in moments.items()})


def _neighbourhood(restarts: Restarts, points: Points, generator: torch.Generator) -> Statistics:
    """The statistics of a component that holds some point and its nearest neighbours, all of them."""
    n_points, family = len(points.points), restarts.family
    least, most = min(family.dim + 2, n_points), max(family.dim + 2, n_points // family.n_components)
    chance = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
    size = min(n_points, round(least * (most / least) ** chance[0]))
    middle = points.points[int(chance[1] * n_points)]
    nearest = (points.points - middle).square().sum(1).topk(size, largest=False).indices
    there, weights = points.points[nearest], points.weights[nearest]
    mean = (weights @ there / weights.sum())[None]
    away = there - mean
    one = restarts.family.own(size, family.dim)
    nothing = torch.zeros((), dtype=torch.float64)
    return Statistics(
        nothing,
        nothing,
        weights.sum()[None],
        torch.zeros_like(mean),
        _sum(one.outer(weights[:, None] * away, away)),
        mean,
    )


def _sum(outer: Tensor) -> Tensor:
    return outer.sum(0, keepdim=True)
