"""Greedy k-means++ seeds (Arthur & Vassilvitskii 2007): far from each other, yet where the points are.

Greedy is their own advice and scikit-learn's way: of several candidates for a seed the best is kept. Grunau, Özüdoğru,
Rozhoň & Tětek (2023) bound how much worse than one candidate this can be; on data that are met it is better.
"""

from __future__ import annotations

from math import log

import torch
from torch import Tensor

from mixfit.mixtures.initializers.draws import drawn
from mixfit.mixtures.initializers.seeds import nearest_seed


def kmeans_plusplus(points: Tensor, weights: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
    """Responsibilities (N, K) of the nearest of K seeds.

    The first seed is drawn by the points' weights, each next one by weight times the squared distance to the nearest
    seed so far; of 2 + ⌊log K⌋ candidates the one that leaves the smallest sum of squares is kept. O(N K D log K).
    """
    n_candidates = 2 + int(log(n_components))
    seeds = points[drawn(weights, 1, generator)]
    squared = _squared_distances(points, seeds)[:, 0]
    while len(seeds) < n_components:
        mass = weights * squared
        candidates = points[drawn(mass if mass.sum() > 0 else weights, n_candidates, generator)]
        left = torch.minimum(squared[:, None], _squared_distances(points, candidates))
        best = (weights @ left).argmin()
        seeds = torch.cat([seeds, candidates[best, None]])
        squared = left[:, best]
    return nearest_seed(points, seeds)


def _squared_distances(points: Tensor, seeds: Tensor) -> Tensor:
    return torch.cdist(points, seeds, compute_mode="donot_use_mm_for_euclid_dist").square()
