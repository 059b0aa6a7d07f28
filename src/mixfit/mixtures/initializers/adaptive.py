"""Seeds where the mixture of the seeds so far explains the points worst (Blömer & Bujna 2016, arXiv:1312.5946).

k-means++ asks how far a point is from the seeds; this asks how unlikely it is, so that a wide group gets no second seed
for being wide. After each seed the points are shared among the nearest means, and every group becomes a component.
Half of each draw goes by the points' weights alone, one of their choices, which keeps it from finding outliers only.
They measure by Mahalanobis' distance from the nearest component, and here it is by the density of all components.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.assignments import log_sum
from mixfit.mixtures.initializers.draws import drawn
from mixfit.mixtures.initializers.seeds import nearest_seed

UNIFORM = 0.5
"""The share of a draw that goes by the points' weights alone."""

FLOOR = 1e-6
"""The smallest variance, of axes along which nothing varies; the points' own is about one."""


def adaptive(points: Tensor, weights: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
    """Responsibilities (N, K) of the nearest of K means, of which some may hold nothing where points coincide.

    The first component is that of all points. Each next seed is drawn with the probability
    w_n·((1 - u)·m_n / Σ w m + u / Σ w), where m_n = max log p - log p(x_n) under the mixture so far and u is `UNIFORM`.
    Components are axis-aligned whatever family is fitted, which takes O(N K² D) in all.
    """
    wide, mass = points.double(), weights.double()
    means = (mass @ wide / mass.sum())[None]
    shares = torch.ones_like(mass)[:, None]
    while len(means) < n_components:
        log_density = _log_density(wide, mass, shares, means)
        unlikely = log_density.max() - log_density
        most = (mass @ unlikely).clamp_min(torch.finfo(mass.dtype).tiny)
        chances = mass * ((1 - UNIFORM) * unlikely / most + UNIFORM / mass.sum())
        seeds = torch.cat([means, wide[drawn(chances, 1, generator)]])
        shares = nearest_seed(wide, seeds)
        held = mass @ shares
        means = torch.where(held[:, None] > 0, (shares.T * mass) @ wide / held.clamp_min(1e-300)[:, None], seeds)
    return shares.to(points.dtype)


def _log_density(points: Tensor, weights: Tensor, shares: Tensor, means: Tensor) -> Tensor:
    """log p(x_n) (N,), but for a constant, under the mixture that one-hot shares (N, k) with these means (k, D) make.

    A component's variances are those of its points and of one more that has the average ones, so that a group of a
    single point is no spike.
    """
    mass = shares.T * weights
    count = mass.sum(1)
    squares = (points - shares @ means).square()
    average = weights @ squares / weights.sum()
    variances = ((mass @ squares + average) / (count[:, None] + 1)).clamp_min(FLOOR)
    precisions = variances.reciprocal()
    squared = precisions @ points.T.square() - 2 * (means * precisions) @ points.T
    squared += (means.square() * precisions).sum(1, keepdim=True)
    return log_sum((count / count.sum()).log()[:, None] - 0.5 * (squared + variances.log().sum(1, keepdim=True)))
