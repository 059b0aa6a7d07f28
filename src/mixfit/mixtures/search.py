"""From many draws to one place worth going on from: short runs, the best few settled, and moves out of bad places.

Where a fit starts decides where it ends. So many starts are made side by side, in the same matrix products, on no more
points than a start needs to be told from another; the best few are settled by EM; and then moves propose other places,
which EM settles too, and what is better stays. What is found is nearly an optimum; any optimizer goes on from there.

Nothing is ever given up for something worse: a proposal takes a mixture's place only if its rank is better, and every
one that does is logged. A search knows which points there are and how often, and nothing else, so rows in another
order, or a weight in place of repeated rows, lead to the same fit.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.initializer import Initializer
from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.moves import Move, Points
from mixfit.mixtures.moves.alternating import alternating
from mixfit.mixtures.ranking import Rank, can_avoid_spikes
from mixfit.mixtures.restarts import Restarts
from mixfit.mixtures.settling import SETTLED, best_first, is_better, ranked, settled

logger = logging.getLogger(__name__)

MOST_RESTARTS, LEAST_RESTARTS = 128, 2
"""Starts that are made where nobody says how many: of few points, and of many."""

MOST_FINALISTS, LEAST_FINALISTS = 16, 2
"""So many starts are settled, and moved: of few points, and of many."""

SHARE = 1 / 8
"""Of the work of a pass over the starts, which finalists may cost: they are looked at for many turns."""

TRYING = 15
"""Passes of EM after which the best of several proposals for one mixture is chosen."""

PATIENCE, LEAST_PATIENCE = 6, 2
"""Turns without a gain after which a search ends, where nobody says how many: of few points, and of many. Two moves in
turn have three each of six; of four, searches of classic data stop short of the best place now and then."""

MOST_RESTING, RESTING, AT_REST = 500, 8, 1e-10
"""So many passes at most, for so many times the work of one that costs little, until one gains less, in nats per point:
some mixtures of few points creep for long, and then sink."""

WORTHWHILE = 0.01
"""Nats, of all points together: a turn that gains less is one without a gain, for EM creeping on a ridge gains a little
for ever."""


@dataclass(frozen=True)
class Search:
    """How hard to look.

    Attributes:
        initializer: draws a start.
        restarts: how many are drawn; None for as many as cost little, or for one where there are no moves.
        n_passes: of EM, before the best few are chosen.
        move: proposes other places for these.
        patience: turns without a gain after which the search ends; zero makes no move. None is `PATIENCE` from draws,
            less where a pass is dear or where the best draws have come to one place, and zero from a given start.
    """

    initializer: Initializer = kmeans_plusplus
    restarts: int | None = None
    n_passes: int = 20
    move: Move = alternating
    patience: int | None = None


@dataclass(frozen=True)
class Landscape:
    """How hard it was to find: objectives are in nats per point, in the coordinates of the points.

    Attributes:
        drawn: the objective of each start after its short run, in the order of the draws.
        ended: the objectives of the different places where the finalists ended, the best first.
        winner: from which start the best place was found.
        gains: of every move that was accepted; a spike that went away may cost likelihood.
    """

    drawn: list[float]
    ended: list[float]
    winner: int
    gains: list[float]


class Found(NamedTuple):
    """What a search has come to: the best place, and what the search has seen on the way."""

    components: Components
    landscape: Landscape


@torch.no_grad()
def search(family: Covariance, floor: float, points: Points, how: Search, generator: torch.Generator) -> Found:
    """The best mixture that a search finds from draws.

    The best of several draws settle even where nothing moves: one that leads after a short run may be on its way into a
    spike. One draw alone, or draws that are to be compared as they are, without a pass, stay as they are.

    Of too few points for the family each mixture measures the floor, and the likeliest says no more than any: one draw
    has to do unless more are asked for, and none is moved.
    """
    if not can_avoid_spikes(family, points.n_points):
        how = replace(how, patience=0)
    drawn = points.after(draws(family, floor, points, how, generator), how.n_passes)
    found = ranked(drawn, points)
    objectives = [rank.objective for rank in found]
    settles = how.patience != 0 or (len(drawn) > 1 and how.n_passes > 0)
    n_finalists = points.affordable(family, LEAST_FINALISTS, MOST_FINALISTS, SHARE) if settles else 1
    best = best_first(found)[:n_finalists]
    pool = _Pool(drawn[best], [found[which] for which in best], best, points)
    if settles:
        pool.settle()
    return pool.found(objectives, how.move, _patience(how, pool, family, points), generator)


def _patience(how: Search, pool: _Pool, family: Covariance, points: Points) -> int:
    """As many turns as are asked for; if that is left open, fewer where all starts have come to one place."""
    if how.patience is not None:
        return how.patience
    most = LEAST_PATIENCE if pool.agrees else PATIENCE
    return points.affordable(family, 1 if pool.agrees else LEAST_PATIENCE, most)


@torch.no_grad()
def search_from(
    start: Components, family: Covariance, floor: float, points: Points, how: Search, generator: torch.Generator
) -> Found:
    """The best that is found from one given place."""
    given = Restarts.of(family, floor, [start])
    pool = _Pool(given, ranked(given, points), [0], points)
    objective = pool.ranks[0].objective
    if how.patience:
        pool.settle()
    return pool.found([objective], how.move, how.patience or 0, generator)


class _Pool:
    """The mixtures that a search goes on with, the best first, no two alike, and the draws that they came from."""

    def __init__(self, restarts: Restarts, found: Sequence[Rank], origins: Sequence[int], points: Points) -> None:
        self.points = points
        self._keep(restarts, found, origins)

    @property
    def agrees(self) -> bool:
        """Whether all have come to one place."""
        return len(self.ranks) == 1

    def settle(self) -> None:
        at_rest = settled(self.restarts, self.points)
        self._keep(at_rest, ranked(at_rest, self.points), self.origins)

    def found(self, drawn: list[float], move: Move, patience: int, generator: torch.Generator) -> Found:
        """Tries the move until nothing was worth going on for, for so many turns in a row.

        What the best gains by settling further is none of a move's doing, and is no reason to go on. Gains are counted
        from the best of all turns, and not from the last: what settles may sink into a spike, and a move that takes it
        out again would count as a gain for ever. What was better before it sank was on its way there, and is not kept.
        """
        gains: list[float] = []
        waited = 0
        if patience:
            self._rest()
        reached, worthwhile = self.ranks[0], max(SETTLED, WORTHWHILE / self.points.n_points)
        while waited < patience:
            accepted, is_new = self._moved(move, waited, generator)
            if is_new:
                self._rest()
            gains, waited = gains + accepted, waited + 1
            if is_better(self.ranks[0], reached, worthwhile):
                reached, waited = self.ranks[0], 0 if is_new else waited
        ended = [rank.objective for rank in self.ranks]
        return Found(self.restarts.one(0), Landscape(drawn, ended, self.origins[0], gains))

    def _rest(self) -> None:
        """Lets the best come to rest; one that sinks into a spike meanwhile leaves its place to the next."""
        for _ in range(len(self.ranks)):
            best, before = self._at_rest(self.restarts[[0]]), self.ranks[0]
            found = ranked(best, self.points)
            self._keep(best + self.restarts[1:], found + self.ranks[1:], self.origins)
            if found[0].n_spikes <= before.n_spikes:
                break

    def _at_rest(self, restarts: Restarts) -> Restarts:
        """Those after as many passes as they take to arrive, or as can be afforded."""
        most = self.points.affordable(restarts.family, 1, MOST_RESTING, RESTING)
        return settled(restarts, self.points, most, gain=AT_REST)

    def _moved(self, move: Move, waited: int, generator: torch.Generator) -> tuple[list[float], bool]:
        """Takes proposals in place of mixtures that rank worse; what each was better by, and whether the best is new.

        Those that stay go on settling meanwhile, so that only what a move has gained counts.
        """
        n_before = len(self.restarts)
        proposals = self._best_of_each(move(self.restarts, self.points, waited, generator))
        both = settled(self.restarts + proposals, self.points, n_rivals=n_before)
        both, found = self._with_leaders_at_rest(both, n_before)
        pairs = list(zip(found[:n_before], found[n_before:], strict=True))
        taken = [is_better(after, before) for before, after in pairs]
        accepted = [pair for pair, better in zip(pairs, taken, strict=True) if better]
        for before, after in accepted:
            logger.info(
                "a move was accepted, from %.9g nats per point with %d spikes to %.9g with %d",
                *(before.objective, before.n_spikes, after.objective, after.n_spikes),
            )
        chosen = [which + n_before if better else which for which, better in enumerate(taken)]
        place = self._keep(both[chosen], [found[which] for which in chosen], self.origins)
        return [before.objective - after.objective for before, after in accepted], place != 0 or taken[0]

    def _with_leaders_at_rest(self, both: Restarts, n_before: int) -> tuple[Restarts, list[Rank]]:
        """Mixtures and proposals, of which those that would be the best of all have come to rest; and their ranks.

        On its way into a spike a proposal would lead, and what it took the place of would be lost when it sinks.
        """
        found = ranked(both, self.points)
        best = found[best_first(found[:n_before])[0]]
        leading = [which for which in range(n_before, len(both)) if is_better(found[which], best)]
        if not leading:
            return both, found
        both = both.with_(leading, self._at_rest(both[leading]))
        return both, ranked(both, self.points)

    def _best_of_each(self, proposals: Restarts) -> Restarts:
        """Of several proposals for each mixture, which are R apart, the one that is best after a few passes."""
        n_mixtures = len(self.restarts)
        if len(proposals) == n_mixtures:
            return proposals
        tried = self.points.after(proposals, TRYING)
        found = ranked(tried, self.points)
        order = best_first(found)
        return tried[[next(place for place in order if place % n_mixtures == which) for which in range(n_mixtures)]]

    def _keep(self, restarts: Restarts, found: Sequence[Rank], origins: Sequence[int]) -> int:
        """Of mixtures that have come to the same place, one; where the best stood among those given."""
        order: list[int] = []
        for which in best_first(found):
            if not order or is_better(found[order[-1]], found[which]):
                order.append(which)
        self.restarts, self.ranks = restarts[order], [found[which] for which in order]
        self.origins = [origins[which] for which in order]
        return order[0]


def draws(family: Covariance, floor: float, points: Points, how: Search, generator: torch.Generator) -> Restarts:
    """The starts of a search, as they are drawn."""
    restarts = how.restarts or (1 if how.patience == 0 else points.affordable(family, LEAST_RESTARTS, MOST_RESTARTS))
    at, weights = points.points.cpu(), points.weights.cpu()
    each = [how.initializer(at, weights, family.n_components, generator) for _ in range(restarts)]
    shares = torch.stack(each).to(points.points) * points.weights[:, None]
    return Restarts.at_zero(family, floor, points.points).begun(points.points, shares)
