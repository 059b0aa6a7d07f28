"""The points themselves, without the accidents of how they were written down: their order, and doubles."""

from __future__ import annotations

import torch
from torch import Tensor


def distinct(points: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The different rows of points (N, D) in lexicographic order (M, D), and the sum of each one's weights (M,)."""
    order = torch.arange(len(points), device=points.device)
    for axis in reversed(range(points.shape[1])):
        order = order[points[order, axis].argsort(stable=True)]
    points, weights = points[order], weights[order]
    new = torch.ones(len(points), dtype=torch.bool, device=points.device)
    new[1:] = (points[1:] != points[:-1]).any(1)
    return points[new], torch.zeros_like(weights[new]).index_add_(0, new.cumsum(0) - 1, weights)
