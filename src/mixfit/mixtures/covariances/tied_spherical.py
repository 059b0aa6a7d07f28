"""Σ_k = σ² I: one standard deviation for all components, the covariance that k-means assumes."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from mixfit.mixtures.covariances.covariance import Covariance
from mixfit.mixtures.covariances.spherical import Spherical
from mixfit.mixtures.products import norm


class TiedSpherical(Covariance):
    """All components share one variance; scale () holds σ, the second moment () is Σ_k Σ_n r ‖d‖².

    Under hard responsibilities that second moment is the within-component sum of squares of k-means.
    """

    per_axis = False
    products = staticmethod(norm)
    triangular = False

    @property
    def n_parameters(self) -> int:
        return 1

    @property
    def n_needed(self) -> int:
        return 0

    @property
    def own(self) -> type[Covariance]:
        return Spherical

    def identity(self) -> Tensor:
        return torch.ones(())

    def moved(self, origin: Tensor, offset: Tensor, unit: Tensor) -> Tensor:
        return origin * torch.exp(offset / sqrt(2 * self.dim))

    def offset_of(self, scale: Tensor, origin: Tensor, unit: Tensor) -> Tensor:
        return torch.log(scale / origin) * sqrt(2 * self.dim)

    def stretched(self, scale: Tensor, unit: Tensor) -> Tensor:
        return scale * unit[0]

    def marginal(self, scale: Tensor, axes: list[int]) -> Tensor:
        return scale

    def conditional(self, scale: Tensor, n_given: int) -> Tensor:
        return scale

    def whiten(self, scale: Tensor, deviations: Tensor) -> Tensor:
        return deviations / scale

    def color(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return vectors * scale

    def log_det(self, scale: Tensor) -> Tensor:
        return self.dim * scale.log()

    def precision(self, scale: Tensor) -> Tensor:
        return scale.square().reciprocal().reshape(1, 1)

    def dual(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return vectors / scale.square()

    def second_of(self, sums: Tensor) -> Tensor:
        return sums[0, 0]

    def variances(self, scale: Tensor) -> Tensor:
        return scale.square().expand(self.n_components, self.dim)

    def scatter(self, scale: Tensor, responsibilities: Tensor, whitened: Tensor) -> Tensor:
        squared = torch.linalg.vecdot(whitened, whitened)
        return scale.square() * torch.linalg.vecdot(responsibilities, squared).sum()

    def outer(self, left: Tensor, right: Tensor) -> Tensor:
        return torch.linalg.vecdot(left, right).sum()

    def pooled(self, second: Tensor, count: Tensor) -> Tensor:
        return second

    def mahalanobis(self, scale: Tensor, second: Tensor) -> Tensor:
        return second / scale.square()

    def factor(self, second: Tensor, count: Tensor, floor: float) -> Tensor:
        return (second / (count.sum() * self.dim)).clamp_min(floor).sqrt()

    def bounded(self, scale: Tensor, floor: float) -> Tensor:
        return scale if scale >= sqrt(floor) else scale.clamp_min(sqrt(floor))

    def smallest_variance(self, scale: Tensor) -> Tensor:
        return scale.square().expand(self.n_components)

    def dense(self, scale: Tensor) -> Tensor:
        identity = torch.eye(self.dim, dtype=scale.dtype, device=scale.device)
        return (scale.square() * identity).expand(self.n_components, -1, -1)

    def scale_of(self, covariances: Tensor) -> Tensor:
        return covariances.diagonal(dim1=-2, dim2=-1).mean().sqrt()
