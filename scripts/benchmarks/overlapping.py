"""Points of a mixture whose truth is known: means 3·N(0, I), covariances A Aᵀ/D with A of N(0, 1), equal weights.

Components are as wide as they are long in some directions and very flat in others, so that a fit needs full
covariances; their means are a few standard deviations apart.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.data.dataset import generator
from mixfit.mixtures.density import Density

SPREAD = 3.0
"""Standard deviation of each coordinate of the means."""


class Drawn(NamedTuple):
    """Points to fit (N, D), points to judge by (M, D), both float64, and the density that both were drawn from."""

    train: Tensor
    held_out: Tensor
    truth: Density


def overlapping(seed: int, n_points: int, n_held_out: int, dim: int, n_components: int) -> Drawn:
    """The truth and both sets of points, which depend on the arguments alone."""
    random = generator(seed, 0)
    means = SPREAD * torch.randn(n_components, dim, dtype=torch.float64, generator=random)
    factors = torch.randn(n_components, dim, dim, dtype=torch.float64, generator=random)
    weights = torch.full((n_components,), 1 / n_components, dtype=torch.float64)
    truth = Density.of(weights, means, factors @ factors.mT / dim)
    train, held_out = (
        truth.sample(size, generator(seed, 1 + part))[0] for part, size in enumerate((n_points, n_held_out))
    )
    return Drawn(train, held_out, truth)
