"""Values that rows share: which components hold one of them, and whether one is there more often than its neighbours.

A component on equal values has no width but the floor's, and so whatever likelihood the floor lets it have. If all
values repeat, because they are rounded, that says nothing of any of them; a value that many rows have where others are
there once or twice is one that the data put there, as a zero for nothing or a limit for all that is beyond it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.restarts import Restarts

REPEATED = 2.5
"""Points of one value are more than two."""

OFTEN = 5
"""Times as many rows as share the value of an ordinary row: a value of so many stands out."""


class Ties:
    """The values of some points that repeat, axis by axis.

    Args:
        points: (N, D).
        weights: (N,), how often each counts.
        least: the weight from which on a value counts as one that repeats.
    """

    def __init__(self, points: Tensor, weights: Tensor, least: float) -> None:
        self.points = points
        self.weights = weights
        different = [torch.unique(axis, return_inverse=True) for axis in points.T]
        self._places = [
            (len(values), place)
            for values, place in different
            if float(weights.new_zeros(len(values)).index_add_(0, place, weights).max()) >= least
        ]

    @torch.no_grad()
    def held_by(self, restarts: Restarts) -> Tensor:
        """Which components hold more of one value of some axis than of all its other values together, (R, K)."""
        found = torch.zeros_like(restarts.components.log_weights, dtype=torch.bool)
        if not self._places:
            return found
        shares = torch.softmax(restarts.log_joint(self.points), -1) * self.weights[:, None, None]
        for n_values, place in self._places:
            held = shares.new_zeros(n_values, *found.shape).index_add_(0, place, shares)
            found |= held.amax(0) > held.sum(0) / 2
        return found


def standing_out(values: Tensor, weights: Tensor) -> float | None:
    """The share of the rows that have the value most have, where it stands out from the others; None where none does.

    Args:
        values: (N,).
        weights: (N,), how often each counts.
    """
    different, place = torch.unique(values, return_inverse=True)
    times = weights.new_zeros(len(different)).index_add_(0, place, weights)
    if len(times) < 2:
        return None
    times = times.sort().values
    most, others = times[-1], times[:-1]
    ordinary = others[int(torch.searchsorted(others.cumsum(0), others.sum() / 2).clamp_max(len(others) - 1))]
    return float(most / times.sum()) if float(most) >= OFTEN * float(ordinary) else None
