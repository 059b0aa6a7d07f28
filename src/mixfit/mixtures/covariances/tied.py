"""Σ_k = L Lᵀ for every k: all components share one shape, and the borders between them are straight."""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.covariances.cholesky import (
    below_floor,
    bounded_factor,
    factor_offset,
    lower_triangular,
    moved_factor,
    packed_precision,
)
from mixfit.mixtures.covariances.covariance import Covariance
from mixfit.mixtures.covariances.full import Full
from mixfit.mixtures.products import pairs, unpacked


class Tied(Covariance):
    """One shared covariance; scale (D, D) is its lower Cholesky factor, the second moment (D, D) sums over k."""

    products = staticmethod(pairs)
    triangular = True

    @property
    def n_parameters(self) -> int:
        return self.dim * (self.dim + 1) // 2

    @property
    def n_needed(self) -> int:
        return 0

    @property
    def own(self) -> type[Covariance]:
        return Full

    def identity(self) -> Tensor:
        return torch.eye(self.dim)

    def moved(self, origin: Tensor, offset: Tensor, unit: Tensor) -> Tensor:
        return moved_factor(origin, offset)

    def offset_of(self, scale: Tensor, origin: Tensor, unit: Tensor) -> Tensor:
        return factor_offset(scale, origin)

    def stretched(self, scale: Tensor, unit: Tensor) -> Tensor:
        return unit[:, None] * scale

    def marginal(self, scale: Tensor, axes: list[int]) -> Tensor:
        return lower_triangular(scale[axes])

    def conditional(self, scale: Tensor, n_given: int) -> Tensor:
        return scale[n_given:, n_given:]

    def whiten(self, scale: Tensor, deviations: Tensor) -> Tensor:
        return torch.linalg.solve_triangular(scale.mT, deviations, upper=True, left=False)

    def color(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return vectors @ scale.mT

    def log_det(self, scale: Tensor) -> Tensor:
        return scale.diagonal().log().sum()

    def precision(self, scale: Tensor) -> Tensor:
        return packed_precision(scale)[None]

    def dual(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return torch.cholesky_solve(vectors.mT, scale).mT

    def second_of(self, sums: Tensor) -> Tensor:
        return unpacked(sums[0], self.dim)

    def variances(self, scale: Tensor) -> Tensor:
        return scale.square().sum(-1).expand(self.n_components, -1)

    def scatter(self, scale: Tensor, responsibilities: Tensor, whitened: Tensor) -> Tensor:
        every = whitened.flatten(0, 1)
        return scale @ (every.mT @ (responsibilities.flatten()[:, None] * every)) @ scale.mT

    def outer(self, left: Tensor, right: Tensor) -> Tensor:
        return left.mT @ right

    def pooled(self, second: Tensor, count: Tensor) -> Tensor:
        return second

    def mahalanobis(self, scale: Tensor, second: Tensor) -> Tensor:
        half = torch.linalg.solve_triangular(scale, second, upper=False)
        return torch.linalg.solve_triangular(scale, half.mT, upper=False).trace()

    def factor(self, second: Tensor, count: Tensor, floor: float) -> Tensor:
        return bounded_factor(second / count.sum(), floor)

    def bounded(self, scale: Tensor, floor: float) -> Tensor:
        covariance = scale @ scale.mT
        return bounded_factor(covariance, floor) if below_floor(covariance, floor).any() else scale

    def smallest_variance(self, scale: Tensor) -> Tensor:
        return torch.linalg.svdvals(scale)[-1].square().expand(self.n_components)

    def dense(self, scale: Tensor) -> Tensor:
        return (scale @ scale.mT).expand(self.n_components, -1, -1)

    def scale_of(self, covariances: Tensor) -> Tensor:
        factor: Tensor = torch.linalg.cholesky(covariances[0])
        return factor
