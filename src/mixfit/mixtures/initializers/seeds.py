"""Responsibilities from seeds: every point belongs to the nearest one."""

from __future__ import annotations

import torch
from torch import Tensor


def nearest_seed(points: Tensor, seeds: Tensor) -> Tensor:
    """One-hot responsibilities (N, K) of points (N, D) for the nearest of the seeds (K, D)."""
    nearest = torch.cdist(points, seeds, compute_mode="donot_use_mm_for_euclid_dist").argmin(1)
    return torch.nn.functional.one_hot(nearest, len(seeds)).to(points.dtype)
