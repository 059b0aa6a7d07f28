"""Σ_k = L_k L_kᵀ: any covariance at all, one per component."""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.covariances.cholesky import (
    below_floor,
    bounded_factor,
    factor_offset,
    inverse_factor,
    lower_triangular,
    moved_factor,
    packed_precision,
)
from mixfit.mixtures.covariances.covariance import Covariance
from mixfit.mixtures.products import pairs, unpacked


class Full(Covariance):
    """Free covariances; scale (K, D, D) holds lower Cholesky factors, second moments (K, D, D) hold Σ r d dᵀ."""

    products = staticmethod(pairs)
    triangular = True

    @property
    def n_parameters(self) -> int:
        return self.n_components * self.dim * (self.dim + 1) // 2

    @property
    def n_needed(self) -> int:
        return self.dim + 2

    @property
    def own(self) -> type[Covariance]:
        return Full

    def identity(self) -> Tensor:
        return torch.eye(self.dim).repeat(self.n_components, 1, 1)

    def moved(self, origin: Tensor, offset: Tensor, unit: Tensor) -> Tensor:
        return moved_factor(origin, offset * unit[:, None, None])

    def offset_of(self, scale: Tensor, origin: Tensor, unit: Tensor) -> Tensor:
        return factor_offset(scale, origin) / unit[:, None, None]

    def stretched(self, scale: Tensor, unit: Tensor) -> Tensor:
        return unit[:, None] * scale

    def marginal(self, scale: Tensor, axes: list[int]) -> Tensor:
        return lower_triangular(scale[:, axes])

    def conditional(self, scale: Tensor, n_given: int) -> Tensor:
        return scale[:, n_given:, n_given:]

    def whiten(self, scale: Tensor, deviations: Tensor) -> Tensor:
        return deviations @ inverse_factor(scale).mT

    def color(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return (scale @ vectors[..., None]).squeeze(-1)

    def log_det(self, scale: Tensor) -> Tensor:
        return scale.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def precision(self, scale: Tensor) -> Tensor:
        return packed_precision(scale)

    def dual(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return torch.cholesky_solve(vectors[..., None], scale).squeeze(-1)

    def second_of(self, sums: Tensor) -> Tensor:
        return unpacked(sums, self.dim)

    def variances(self, scale: Tensor) -> Tensor:
        return scale.square().sum(-1)

    def scatter(self, scale: Tensor, responsibilities: Tensor, whitened: Tensor) -> Tensor:
        return scale @ (whitened.mT @ (responsibilities[..., None] * whitened)) @ scale.mT

    def outer(self, left: Tensor, right: Tensor) -> Tensor:
        return left[:, :, None] * right[:, None, :]

    def pooled(self, second: Tensor, count: Tensor) -> Tensor:
        return count[:, None, None] * second.sum(0) / count.sum()

    def mahalanobis(self, scale: Tensor, second: Tensor) -> Tensor:
        precision_factor = inverse_factor(scale)
        return (precision_factor @ second * precision_factor).sum()

    def factor(self, second: Tensor, count: Tensor, floor: float) -> Tensor:
        return bounded_factor(second / count[:, None, None], floor)

    def bounded(self, scale: Tensor, floor: float) -> Tensor:
        covariance = scale @ scale.mT
        return bounded_factor(covariance, floor) if below_floor(covariance, floor).any() else scale

    def smallest_variance(self, scale: Tensor) -> Tensor:
        return torch.linalg.svdvals(scale)[..., -1].square()

    def dense(self, scale: Tensor) -> Tensor:
        return scale @ scale.mT

    def scale_of(self, covariances: Tensor) -> Tensor:
        factor: Tensor = torch.linalg.cholesky(covariances)
        return factor
