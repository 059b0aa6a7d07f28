"""One family with every number of components, each begun at its neighbours: a ladder that is climbed and descended.

The best mixture of K components is close to that of K - 1 with a component split, and to that of K + 1 with two put
together (Ueda, Nakano, Ghahramani & Hinton 2000). So a rung gets three kinds of candidates, side by side: all splits of
the rung below, draws of its own, and, on the way down, the cheapest pair of the rung above merged. A better optimum on
one rung is handed on to the next ones in both directions, until no rung changes any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from math import inf

import torch
from torch import Tensor

from mixfit.mixtures.agreement import adjusted_rand
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.merging import merged
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.moves import Points
from mixfit.mixtures.ranking import Rank, measure_floor, needed, ranks_with, spikes
from mixfit.mixtures.restarts import Restarts
from mixfit.mixtures.search import Search, draws, search
from mixfit.mixtures.selection.splitting import splits
from mixfit.mixtures.settling import best_first, is_better, settled
from mixfit.mixtures.ties import REPEATED, Ties

DRAWS, LEAST_DRAWS = 8, 4
"""Starts of a rung's own where nobody says how many: of few points, and of many."""

TRYING, FINALISTS = 15, 4
"""Passes of EM after which the best few candidates are chosen."""

LINGERING, AT_REST = 100, 300
"""More passes of EM for the best candidate before it is compared, and for every rung in the end."""

WORTH = 0.5
"""Nats of all points together: less is less than one of the BIC, which says nothing (Kass & Raftery 1995)."""

TURNS = 4
"""How often a ladder is descended and climbed again: with too many components there is always one more optimum."""


class Rung:
    """K components: the best mixture so far, and how far the ends of different draws agree.

    `lowest_of_ties` is the lowest objective seen of a mixture with a component on equal values.
    """

    def __init__(
        self, family: Covariance, floor: float, points: Points, ties: Ties, how: Search, random: torch.Generator
    ) -> None:
        self.points = points
        self.ties = ties
        self.n_components = family.n_components
        n_draws = how.restarts or points.affordable(family, LEAST_DRAWS, DRAWS)
        begun = draws(family, floor, points, replace(how, restarts=max(2, n_draws)), random)
        ends = settled(points.after(begun, how.n_passes), points)
        self.stability = _stability(ends, points)
        self.lowest_of_ties = inf
        self.best, self.rank = self._best(ends)
        self._tried: dict[str, Restarts] = {}

    @property
    def components(self) -> Components:
        """Of the best mixture."""
        return self.best.one(0)

    def improve_by(self, candidates: Restarts, least: float = inf) -> bool:
        """Takes the best of the candidates for its own if it is better, and says whether it is.

        One with fewer spikes than its own has to be below `least`, in nats per point.
        """
        if len(candidates) > FINALISTS:
            tried = self.points.after(candidates, TRYING)
            found = self._ranked(tried)
            candidates = tried[best_first(found)[:FINALISTS]]
        best, rank = self._best(settled(candidates, self.points))
        improves = is_better(rank, self.rank, self._worth)
        improves &= rank.n_spikes == self.rank.n_spikes or rank.objective < least
        if improves:
            self.best, self.rank = best, rank
        return improves

    def from_below(self, below: Rung) -> bool:
        """Whether it is better to split a component of the rung below.

        What gains nothing upon that rung has a component twice, and is no mixture of so many: it would hide that every
        one of so many has a spike.
        """
        return self._is_new("below", below) and self.improve_by(
            splits(below.best), least=below.rank.objective - self._worth
        )

    def from_above(self, above: Rung) -> bool:
        """Whether it is better to put two components of the rung above together."""
        if not self._is_new("above", above):
            return False
        looked = self.points.seen_by(above.best)
        fewer = merged(above.best.of_one(looked, 0), self.best.family, self.n_components, self.best.floor)
        return self.improve_by(self.best.made_of([fewer]))

    def rest(self, below: Rung | None) -> None:
        """EM to the end, at a place no less likely than the rung below, which is at rest and has as many spikes."""
        both = self.best
        if below is not None and below.rank.n_spikes == self.rank.n_spikes:
            both += splits(below.best)[[-1]]
        both = settled(both, self.points, AT_REST)
        found = self._ranked(both)
        self.rank = min(found)
        self.best = both[[found.index(self.rank)]]

    def _best(self, restarts: Restarts) -> tuple[Restarts, Rank]:
        """The best mixture, and its rank."""
        best = settled(restarts[best_first(self._ranked(restarts))[:1]], self.points, LINGERING)
        return best, self._ranked(best)[0]

    def _ranked(self, restarts: Restarts) -> list[Rank]:
        """The rank of each; that of one with a component on equal values is noted, for it never wins."""
        points, looked = self.points, self.points.seen_by(restarts)
        tied = self.ties.held_by(restarts)
        spiked = spikes(restarts, looked, points.unit, points.closer, tied)
        found = ranks_with(spiked, restarts, looked, points.assignment)
        if points.is_soft:
            enough = looked.count.view_as(spiked) >= needed(restarts.family) * points.unit
            of_ties = (spiked & tied & enough).any(1) | measure_floor(restarts)
            lows = [rank.objective for rank, is_one in zip(found, of_ties.tolist(), strict=True) if is_one]
            self.lowest_of_ties = min([self.lowest_of_ties, *lows])
        return found

    @property
    def _worth(self) -> float:
        """What has to be gained, in nats per point."""
        return WORTH / float(self.points.weights.sum())

    def _is_new(self, side: str, neighbour: Rung) -> bool:
        """Whether the neighbour's mixture is one that was not handed on from there yet."""
        before, self._tried[side] = self._tried.get(side), neighbour.best
        return before is not neighbour.best


@torch.no_grad()
def ladder(
    family: type[Covariance],
    n_components: Sequence[int],
    floor: float,
    points: Points,
    how: Search,
    random: torch.Generator,
) -> list[Rung]:
    """The best mixture of each number of components, which follow each other."""
    rungs: list[Rung] = []
    ties = Ties(points.points, points.weights, REPEATED * points.unit)
    if len(n_components) == 1:
        return [_alone(family(n_components[0], points.points.shape[1]), floor, points, ties, how, random)]
    for k in n_components:
        rung = Rung(family(k, points.points.shape[1]), floor, points, ties, how, random)
        if rungs:
            rung.from_below(rungs[-1])
        rungs.append(rung)
    for _ in range(TURNS):
        down = [rungs[i].from_above(rungs[i + 1]) for i in reversed(range(len(rungs) - 1))]
        up = [rungs[i].from_below(rungs[i - 1]) for i in range(1, len(rungs))]
        if not (any(down) or any(up)):
            break
    for below, rung in zip([None, *rungs], rungs, strict=False):
        rung.rest(below)
    return rungs


def _alone(family: Covariance, floor: float, points: Points, ties: Ties, how: Search, random: torch.Generator) -> Rung:
    """A rung without neighbours: in their place a search has moves."""
    rung = Rung(family, floor, points, ties, how, random)
    rung.improve_by(Restarts.of(family, floor, [search(family, floor, points, how, random).components]))
    rung.rest(None)
    return rung


def _stability(ends: Restarts, points: Points) -> float:
    """The mean adjusted Rand index between the groups that any two of the mixtures make of the points."""
    groups = [_groups(ends, which, points) for which in range(len(ends))]
    weights = points.weights.cpu()
    indices = [adjusted_rand(one, other, weights) for one, other in combinations(groups, 2)]
    return sum(indices) / len(indices)


def _groups(restarts: Restarts, which: int, points: Points) -> Tensor:
    """The component that holds most of each point, (N,)."""
    mixture = Mixture(restarts.family, restarts.floor).to(points.points)
    mixture.set_(*restarts.one(which))
    return mixture.responsibilities(points.points, points.assignment).argmax(1).cpu()
