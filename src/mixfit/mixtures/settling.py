"""Mixtures side by side come to rest, and which of two is better: after each change of a search or a selection."""

from __future__ import annotations

import torch

from mixfit.mixtures.moves import Points
from mixfit.mixtures.ranking import Rank, ranks
from mixfit.mixtures.restarts import Restarts

SETTLING = 60
"""Passes of EM in which a mixture settles."""

SETTLED = 1e-7
"""A pass that gains less, in nats per point, ends the settling of a mixture; and what is better has to gain more."""


def is_better(one: Rank, other: Rank, by: float = SETTLED) -> bool:
    """Whether one has fewer spikes than the other, or as many and an objective that is lower by so much."""
    return (one.n_spikes, one.objective + by) < (other.n_spikes, other.objective)


def ranked(restarts: Restarts, points: Points) -> list[Rank]:
    """The rank of each mixture among these points."""
    return ranks(restarts, points.seen_by(restarts), points.assignment)


def settled(restarts: Restarts, points: Points, most: int = SETTLING) -> Restarts:
    """The mixtures after up to so many passes of EM, fewer for those that move no more."""
    moving, last = list(range(len(restarts))), torch.full((len(restarts),), torch.inf, dtype=torch.float64)
    for _ in range(most):
        some = restarts[moving]
        looked = points.seen_by(some)
        nll = looked.nll.cpu().to(torch.float64)
        restarts = restarts.with_(moving, some.maximized(looked))
        still = (last[moving] - nll > SETTLED) if points.is_soft else torch.ones_like(nll, dtype=torch.bool)
        last[moving] = nll
        moving = [which for which, moves in zip(moving, still.tolist(), strict=True) if moves]
        if not moving:
            break
    return restarts
