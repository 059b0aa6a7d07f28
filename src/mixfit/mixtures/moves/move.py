"""What a move is: from R mixtures to R others of the same points."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.passes.formulation import wide
from mixfit.mixtures.restarts import Restarts
from mixfit.mixtures.statistics import Statistics, weight_of_one

WORK = 2**23
"""Numbers that one pass over several mixtures may look at, points times components times features: 20 milliseconds."""

MOST_PROPOSALS = 64
"""Proposals of one turn for all mixtures together: the fewer mixtures are left, the more is tried for each."""


class Points(NamedTuple):
    """What a search looks at, and how.

    Attributes:
        points: (N, D), standardized, no two alike.
        weights: (N,), how often each counts.
        assignment: `soft` for a mixture, `nearest` for k-means.
    """

    points: Tensor
    weights: Tensor
    assignment: Assignment = soft

    @property
    def unit(self) -> float:
        """The weight that counts as one point."""
        return weight_of_one(self.weights)

    @property
    def n_points(self) -> float:
        """How many points they stand for."""
        return float(self.weights.sum()) / self.unit

    @property
    def is_soft(self) -> bool:
        """Whether every component has its share of every point."""
        return self.assignment is soft

    def affordable(self, family: Covariance, least: int, most: int, share: float = 1.0) -> int:
        """As many mixtures of this family as a pass can look at for little, or a share of it, within these bounds."""
        n_features = 1 + family.dim + sum(tile.size for tile in family.products(family.dim, 2**20))
        return min(most, max(least, int(share * WORK) // (len(self.points) * family.n_components * n_features)))

    def proposals_for_each(self, restarts: Restarts) -> int:
        """How many proposals for each of some mixtures a pass can look at for little; at least one."""
        return max(1, self.affordable(restarts.family, 1, MOST_PROPOSALS) // len(restarts))

    def seen_by(self, restarts: Restarts) -> Statistics:
        """One pass for all mixtures."""
        return restarts.statistics(self.points, self.weights, self.assignment)

    def closer(self, restarts: Restarts) -> tuple[Restarts, Statistics]:
        """The mixtures in float64, on the CPU where their device has none, and what they see there in one pass."""
        device = self.points.device
        home = device if wide(device) is torch.float64 else torch.device("cpu")
        points, weights = (tensor.to(home, torch.float64) for tensor in (self.points, self.weights))
        restarts = restarts.to(points)
        return restarts, restarts.statistics(points, weights, self.assignment)

    def after(self, restarts: Restarts, n_passes: int) -> Restarts:
        """The mixtures after so many steps of EM, or of k-means."""
        return restarts.after(n_passes, self.points, self.weights, self.assignment)


class Move(Protocol):
    """Proposes other places for each of some mixtures."""

    def __call__(self, restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
        """R other mixtures for R mixtures; or several times as many, those for the same mixture R apart.

        Args:
            restarts: as EM has left them.
            points: that they are fitted to.
            turn: how many have gone by since something was gained; in the first the move may do what it thinks is most
                likely to help.
            generator: on the CPU, for whatever is left to chance.
        """
        ...
