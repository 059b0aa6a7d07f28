"""Groups of points, and mixtures of them that EM has looked at for a while."""

from __future__ import annotations

import numpy as np
import torch

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.distinct import distinct
from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.moves import Points
from mixfit.mixtures.restarts import Restarts

FLOOR = 1e-6


def groups(n_groups: int = 5, each: int = 30, dim: int = 2, seed: int = 0, apart: float = 4) -> Points:
    """Groups of Gaussian points about places drawn at random, each point of some weight."""
    random = np.random.default_rng(seed)
    centres = apart * random.normal(size=(n_groups, 1, dim))
    points = (centres + random.normal(size=(n_groups, each, dim))).reshape(-1, dim)
    return Points(*distinct(torch.tensor(points), torch.tensor(random.uniform(0.5, 2, len(points)))))


def settled(
    family: type[Covariance], points: Points, n_components: int = 4, n_mixtures: int = 3, n_passes: int = 20
) -> Restarts:
    """Different mixtures after some steps of EM."""
    generator = torch.Generator().manual_seed(1)
    instance = family(n_components, points.points.shape[1])
    draws = [kmeans_plusplus(points.points, points.weights, n_components, generator) for _ in range(n_mixtures)]
    begun = Restarts.at_zero(instance, FLOOR, points.points).begun(
        points.points, torch.stack(draws) * points.weights[:, None]
    )
    return points.after(begun, n_passes)
