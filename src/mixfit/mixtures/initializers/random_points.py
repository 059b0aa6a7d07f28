"""K different points drawn at random, each a seed: the classical start, and the one that Jin et al. (2016) warn of."""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.initializers.draws import drawn_apart
from mixfit.mixtures.initializers.seeds import nearest_seed


def random_points(points: Tensor, weights: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
    """Responsibilities (N, K) of the nearest of K points, drawn one after the other in proportion to their weights.

    None is drawn twice unless there are fewer than K.
    """
    order = drawn_apart(weights, len(points), generator)
    return nearest_seed(points, points[order[torch.arange(n_components) % len(points)]])
