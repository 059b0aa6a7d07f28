"""The two moves that are worth most, in turn: one cuts what looks like two, the other finds small groups."""

from __future__ import annotations

import torch

from mixfit.mixtures.moves.double_and_merge import double_and_merge
from mixfit.mixtures.moves.move import Points
from mixfit.mixtures.moves.random_swap import random_swap
from mixfit.mixtures.moves.split_and_merge import split_and_merge
from mixfit.mixtures.restarts import Restarts


def alternating(restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
    """`split_and_merge`, `random_swap`, and so on; of two components there is no third to cut, and all are doubled."""
    cut = split_and_merge if restarts.family.n_components > 2 else double_and_merge
    move = random_swap if turn % 2 else cut
    return move(restarts, points, turn // 2, generator)
