"""K different points drawn at random, each a seed: the classical start, and the one that Jin et al. (2016) warn of."""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.initializers.seeds import nearest_seed


def random_points(points: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
    """Responsibilities (N, K) of the nearest of K points drawn without replacement."""
    return nearest_seed(points, points[torch.randperm(len(points), generator=generator)[:n_components]])
