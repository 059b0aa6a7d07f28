"""Σ_k = σ_k² I: one standard deviation per component."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from mixfit.mixtures.covariances.covariance import Covariance
from mixfit.mixtures.products import norm


class Spherical(Covariance):
    """Each component has one variance for all axes; scale (K,) holds σ_k, second moments (K,) hold Σ r ‖d‖².

    A ball stays a ball only under one common scale, so the data are never rescaled axis by axis.
    """

    per_axis = False
    products = staticmethod(norm)
    triangular = False

    @property
    def n_parameters(self) -> int:
        return self.n_components

    @property
    def n_needed(self) -> int:
        return 3

    @property
    def own(self) -> type[Covariance]:
        return Spherical

    def identity(self) -> Tensor:
        return torch.ones(self.n_components)

    def moved(self, origin: Tensor, offset: Tensor, unit: Tensor) -> Tensor:
        return origin * torch.exp(offset * unit / sqrt(2 * self.dim))

    def offset_of(self, scale: Tensor, origin: Tensor, unit: Tensor) -> Tensor:
        return torch.log(scale / origin) * sqrt(2 * self.dim) / unit

    def stretched(self, scale: Tensor, unit: Tensor) -> Tensor:
        return scale * unit[0]

    def marginal(self, scale: Tensor, axes: list[int]) -> Tensor:
        return scale

    def conditional(self, scale: Tensor, n_given: int) -> Tensor:
        return scale

    def whiten(self, scale: Tensor, deviations: Tensor) -> Tensor:
        return deviations / scale[:, None, None]

    def color(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return vectors * scale[:, None]

    def log_det(self, scale: Tensor) -> Tensor:
        return self.dim * scale.log()

    def precision(self, scale: Tensor) -> Tensor:
        return scale.square().reciprocal()[:, None]

    def dual(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return vectors / scale.square()[:, None]

    def second_of(self, sums: Tensor) -> Tensor:
        return sums[:, 0]

    def variances(self, scale: Tensor) -> Tensor:
        return scale.square()[:, None].expand(-1, self.dim)

    def scatter(self, scale: Tensor, responsibilities: Tensor, whitened: Tensor) -> Tensor:
        squared = torch.linalg.vecdot(whitened, whitened)
        return scale.square() * torch.linalg.vecdot(responsibilities, squared)

    def outer(self, left: Tensor, right: Tensor) -> Tensor:
        return torch.linalg.vecdot(left, right)

    def pooled(self, second: Tensor, count: Tensor) -> Tensor:
        return count * second.sum() / count.sum()

    def mahalanobis(self, scale: Tensor, second: Tensor) -> Tensor:
        return (second / scale.square()).sum()

    def factor(self, second: Tensor, count: Tensor, floor: float) -> Tensor:
        return (second / (count * self.dim)).clamp_min(floor).sqrt()

    def bounded(self, scale: Tensor, floor: float) -> Tensor:
        return scale if scale.min() >= sqrt(floor) else scale.clamp_min(sqrt(floor))

    def smallest_variance(self, scale: Tensor) -> Tensor:
        return scale.square()

    def dense(self, scale: Tensor) -> Tensor:
        return torch.diag_embed(scale.square()[:, None].expand(-1, self.dim))

    def scale_of(self, covariances: Tensor) -> Tensor:
        return covariances.diagonal(dim1=-2, dim2=-1).mean(-1).sqrt()
