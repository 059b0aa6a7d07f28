"""k-means++ seeds (Arthur & Vassilvitskii 2007), greedy: far from each other, yet where the points are."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor

from mixfit.mixtures.initializers.seeds import nearest_seed


def kmeans_plusplus(points: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
    """Responsibilities (N, K) of the nearest of K seeds.

    Each next seed is drawn with probability proportional to the squared distance to the nearest seed so far; of
    2 + ⌊log K⌋ candidates the one that leaves the smallest sum of squares is kept. O(N K D log K).
    """
    n_candidates = 2 + int(log(n_components))
    seeds = points[torch.randint(len(points), (1,), generator=generator)]
    squared = _squared_distances(points, seeds)[:, 0]
    while len(seeds) < n_components:
        candidates = points[_drawn(squared, n_candidates, generator)]
        left = torch.minimum(squared[:, None], _squared_distances(points, candidates))
        best = left.sum(0).argmin()
        seeds = torch.cat([seeds, candidates[best, None]])
        squared = left[:, best]
    return nearest_seed(points, seeds)


def _drawn(squared: Tensor, n_draws: int, generator: torch.Generator) -> Tensor:
    """Indices drawn in proportion to `squared`, or uniformly where every point already is a seed."""
    cumulative = squared.cumsum(0)
    if cumulative[-1] <= 0:
        return torch.randint(len(squared), (n_draws,), generator=generator)
    levels = cumulative[-1] * torch.rand(n_draws, generator=generator, dtype=squared.dtype)
    return torch.searchsorted(cumulative, levels).clamp_max(len(squared) - 1)


def _squared_distances(points: Tensor, seeds: Tensor) -> Tensor:
    return torch.cdist(points, seeds, compute_mode="donot_use_mm_for_euclid_dist").square()
