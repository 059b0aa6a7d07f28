"""A mixture as a climber sees it: how high it is at a point, how steep, and how curved.

With r_k the responsibilities, P_k the precisions and the pulls s_k = P_k (μ_k - x):

    gradient of log p   g = Σ r_k s_k
    Hessian of log p    H = Σ r_k s_k s_kᵀ - g gᵀ - M
    metric              M = Σ r_k P_k, in which the standard deviation of a single Gaussian is one

On a peak g = 0, and the Hessian of p is p H, so one is negative definite where the other is.
"""

from __future__ import annotations

from math import log, pi
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.parameters import standardized_components


class Landscape(NamedTuple):
    """A mixture as a climber sees it: the logarithms of its components' heights (K,), μ (K, D), P (K, D, D)."""

    log_heights: Tensor
    means: Tensor
    precisions: Tensor

    @classmethod
    def of(cls, density: Density) -> Landscape:
        """The landscape in standardized coordinates."""
        covariance, (log_weights, means, scale) = density.mixture.covariance, standardized_components(density)
        axes = torch.eye(covariance.dim, dtype=means.dtype)
        factors = torch.stack([covariance.color(scale, axis.expand_as(means)) for axis in axes], -1)
        inverses = torch.linalg.solve_triangular(factors, axes, upper=False)
        log_heights = log_weights - covariance.log_det(scale) - 0.5 * covariance.dim * log(2 * pi)
        return cls(log_heights, means, inverses.mT @ inverses)

    def log_density(self, points: Tensor) -> Tensor:
        """log p, (M,)."""
        return torch.logsumexp(self._log_joint(points - self.means[:, None]), 0)

    def slope(self, points: Tensor) -> Slope:
        """What a step needs to know at points (M, D)."""
        deviations = points - self.means[:, None]
        log_joint = self._log_joint(deviations)
        responsibilities = torch.softmax(log_joint, 0)
        pulls = -(deviations @ self.precisions)
        gradient = (responsibilities[..., None] * pulls).sum(0)
        metric = torch.einsum("km,kde->mde", responsibilities, self.precisions)
        spread = torch.einsum("km,kmd,kme->mde", responsibilities, pulls, pulls)
        hessian = spread - gradient[:, :, None] * gradient[:, None, :] - metric
        return Slope(torch.logsumexp(log_joint, 0), gradient, metric, hessian)

    def _log_joint(self, deviations: Tensor) -> Tensor:
        """(K, M) from deviations (K, M, D)."""
        return self.log_heights[:, None] - 0.5 * (deviations @ self.precisions * deviations).sum(-1)


class Slope(NamedTuple):
    """log p (M,), its gradient (M, D), the metric Σ r_k P_k and the Hessian of log p (M, D, D)."""

    log_density: Tensor
    gradient: Tensor
    metric: Tensor
    hessian: Tensor

    @property
    def curvature(self) -> Tensor:
        """The largest eigenvalue of the Hessian in units of the metric, (M,): negative on a peak."""
        factor = torch.linalg.cholesky(self.metric)
        half = torch.linalg.solve_triangular(factor, self.hessian, upper=False)
        return torch.linalg.eigvalsh(torch.linalg.solve_triangular(factor, half.mT, upper=False))[:, -1]

    def length(self, steps: Tensor) -> Tensor:
        """The length of each step, (M,), in standard deviations."""
        return torch.einsum("md,mde,me->m", steps, self.metric, steps).clamp_min(0).sqrt()
