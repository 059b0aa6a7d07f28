"""Deterministic annealing: what every component holds is blurred, and the blur is taken back in steps.

With responsibilities ∝ (π_k N(x_n; μ_k, Σ_k))^β and β below one, components share points with those farther away, small
humps of the likelihood are smoothed out, and EM walks across them; as β rises to one they return (Ueda & Nakano 1998).
From β = 0 all components would come to one place and part by chance, so annealing begins from the present mixtures at a
β that lets them overlap but not coincide, and that is lower with every turn.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment
from mixfit.mixtures.moves.move import Points
from mixfit.mixtures.restarts import Restarts

FIRST, FACTOR = 0.5, 0.7
"""β where the first turn begins; and what it is multiplied by with every turn."""

STEP = 1.25
"""What β rises by."""

N_PASSES = 8
"""Of EM at every β."""


@torch.no_grad()
def annealed(restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
    """The mixtures blurred and made sharp again; what chance is needed is in the points."""
    beta = FIRST * FACTOR**turn
    while beta < 1:
        restarts = restarts.after(N_PASSES, points.points, points.weights, tempered(beta))
        beta *= STEP
    return restarts


def tempered(beta: float) -> Assignment:
    """p(k | x_n) with every joint density to the power of β."""

    def shares(log_joint: Tensor, log_weights: Tensor) -> Tensor:
        return torch.softmax(beta * log_joint, -2)

    return shares
