"""Σ_k = diag(σ_k1², …, σ_kD²): one standard deviation per component and axis."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from mixfit.mixtures.covariances.covariance import Covariance
from mixfit.mixtures.products import squares


class Diag(Covariance):
    """Axis-aligned components; scale (K, D) holds σ_kd, second moments (K, D) hold Σ r d²."""

    products = staticmethod(squares)
    triangular = False

    @property
    def n_parameters(self) -> int:
        return self.n_components * self.dim

    @property
    def n_needed(self) -> int:
        return 3

    @property
    def own(self) -> type[Covariance]:
        return Diag

    def identity(self) -> Tensor:
        return torch.ones(self.n_components, self.dim)

    def moved(self, origin: Tensor, offset: Tensor, unit: Tensor) -> Tensor:
        return origin * torch.exp(offset * unit[:, None] / sqrt(2))

    def offset_of(self, scale: Tensor, origin: Tensor, unit: Tensor) -> Tensor:
        return torch.log(scale / origin) * sqrt(2) / unit[:, None]

    def stretched(self, scale: Tensor, unit: Tensor) -> Tensor:
        return scale * unit

    def marginal(self, scale: Tensor, axes: list[int]) -> Tensor:
        return scale[:, axes]

    def conditional(self, scale: Tensor, n_given: int) -> Tensor:
        return scale[:, n_given:]

    def whiten(self, scale: Tensor, deviations: Tensor) -> Tensor:
        return deviations / scale[:, None]

    def color(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return vectors * scale

    def log_det(self, scale: Tensor) -> Tensor:
        return scale.log().sum(-1)

    def precision(self, scale: Tensor) -> Tensor:
        return scale.square().reciprocal()

    def dual(self, scale: Tensor, vectors: Tensor) -> Tensor:
        return vectors / scale.square()

    def second_of(self, sums: Tensor) -> Tensor:
        return sums

    def variances(self, scale: Tensor) -> Tensor:
        return scale.square()

    def scatter(self, scale: Tensor, responsibilities: Tensor, whitened: Tensor) -> Tensor:
        return scale.square() * (responsibilities[:, None] @ whitened.square()).squeeze(1)

    def outer(self, left: Tensor, right: Tensor) -> Tensor:
        return left * right

    def pooled(self, second: Tensor, count: Tensor) -> Tensor:
        return count[:, None] * second.sum(0) / count.sum()

    def mahalanobis(self, scale: Tensor, second: Tensor) -> Tensor:
        return (second / scale.square()).sum()

    def factor(self, second: Tensor, count: Tensor, floor: float) -> Tensor:
        return (second / count[:, None]).clamp_min(floor).sqrt()

    def bounded(self, scale: Tensor, floor: float) -> Tensor:
        return scale if scale.min() >= sqrt(floor) else scale.clamp_min(sqrt(floor))

    def smallest_variance(self, scale: Tensor) -> Tensor:
        return scale.square().amin(-1)

    def dense(self, scale: Tensor) -> Tensor:
        return torch.diag_embed(scale.square())

    def scale_of(self, covariances: Tensor) -> Tensor:
        return covariances.diagonal(dim1=-2, dim2=-1).sqrt()
