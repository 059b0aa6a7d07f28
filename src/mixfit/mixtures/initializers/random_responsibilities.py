"""Every point shared at random: all components start near the mean of the data, and break the symmetry slowly."""

from __future__ import annotations

import torch
from torch import Tensor


def random_responsibilities(points: Tensor, weights: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
    """Responsibilities (N, K) drawn uniformly from the simplex, a flat Dirichlet distribution, whatever the weights."""
    uniform = torch.rand(len(points), n_components, generator=generator, dtype=torch.float64)
    exponential = -torch.log1p(-uniform)
    return (exponential / exponential.sum(1, keepdim=True)).to(points.dtype)
