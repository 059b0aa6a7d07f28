"""No move at all."""

from __future__ import annotations

import torch

from mixfit.mixtures.moves.move import Points
from mixfit.mixtures.restarts import Restarts


def stay(restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
    """The mixtures as they are."""
    return restarts
