"""k-means (Lloyd 1982) from k-means++ seeds, run to its end: the start that most programs have."""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.initializers.seeds import nearest_seed

MOST_STEPS = 300


def kmeans(points: Tensor, weights: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
    """Responsibilities (N, K): each point belongs to the nearest mean. O(N K D) a step.

    A group that loses all its points keeps its last mean.
    """
    shares = kmeans_plusplus(points, weights, n_components, generator)
    means = points.new_zeros(n_components, points.shape[1])
    for _ in range(MOST_STEPS):
        mass = shares.T * weights
        held = mass.sum(1, keepdim=True)
        means = torch.where(held > 0, mass @ points / held.clamp_min(torch.finfo(points.dtype).tiny), means)
        before, shares = shares, nearest_seed(points, means)
        if torch.equal(shares, before):
            break
    return shares
