"""Mixtures side by side come to rest, and which of two is better: after each change of a search or a selection."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite

import torch

from mixfit.mixtures.moves import Points
from mixfit.mixtures.ranking import Rank, ranks
from mixfit.mixtures.restarts import Restarts

LEAST_SETTLING, MOST_SETTLING = 20, 60
"""Passes of EM in which a mixture settles: it will not arrive, but show where it is going."""

SETTLED = 1e-7
"""A pass that gains less, in nats per point, ends the settling of a mixture; and what is better has to gain more."""


def is_better(one: Rank, other: Rank, by: float = SETTLED) -> bool:
    """Whether one has fewer spikes than the other, or as many and an objective that is lower by so much."""
    return (one.n_spikes, one.objective + by) < (other.n_spikes, other.objective)


def best_first(found: Sequence[Rank]) -> list[int]:
    """The places of ranks, the best first; of those alike the first to come.

    So which of several mixtures that have come to the same place is kept does not hang on a rounding error, and data in
    other units lead to the same one.
    """

    def place(which: int) -> tuple[int, float]:
        n_spikes, objective = found[which]
        return n_spikes, round(objective / SETTLED) if isfinite(objective) else inf

    return sorted(range(len(found)), key=place)


def ranked(restarts: Restarts, points: Points) -> list[Rank]:
    """The rank of each mixture among these points."""
    return ranks(restarts, points.seen_by(restarts), points.assignment, points.unit, points.closer)


def settled(
    restarts: Restarts, points: Points, most: int | None = None, n_rivals: int = 0, gain: float = SETTLED
) -> Restarts:
    """The mixtures after so many passes of EM as settle them, or `most`; fewer for those that gain less by one.

    The first `n_rivals` have each a proposal as many places behind, which is given up once it would not catch up in as
    many passes at its present pace.
    """
    n_passes = most or points.affordable(restarts.family, LEAST_SETTLING, MOST_SETTLING)
    moving, last = list(range(len(restarts))), torch.full((len(restarts),), torch.inf, dtype=torch.float64)
    for _ in range(n_passes):
        some = restarts[moving]
        looked = points.seen_by(some)
        restarts = restarts.with_(moving, some.maximized(looked))
        now = last.clone()
        now[moving] = looked.nll.cpu().to(torch.float64)
        gains, last = last - now, now
        moves = gains > gain
        if not points.is_soft:  # hard steps lower no likelihood, and stay where they no longer change it
            moves = gains.abs() > gain
        elif n_rivals:
            moves[n_rivals:] &= now[n_rivals:] - now[:n_rivals] <= n_passes * gains[n_rivals:]
        moving = [which for which in moving if bool(moves[which])]
        if not moving:
            break
    return restarts
