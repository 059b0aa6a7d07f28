"""What every family with a triangular factor does: factorise under the floor, move a factor, make one triangular.

They work on one matrix (D, D) or on a batch of them (K, D, D).
"""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from mixfit.mixtures.products import packed

ROUNDING = 1e-6
"""Of the floor: by so much the variance of a bounded factor may come back above it, where rounding makes it no more."""


def bounded_factor(covariance: Tensor, floor: float) -> Tensor:
    """The lower Cholesky factor of the covariance with its eigenvalues raised to at least `floor`."""
    below = below_floor(covariance, floor)
    if not below.any():
        return torch.linalg.cholesky(covariance)
    variances, axes = torch.linalg.eigh(covariance[below])
    raised = lower_triangular(axes * variances.clamp_min(floor).sqrt()[..., None, :])
    factor = torch.linalg.cholesky(torch.where(below[..., None, None], identity_like(covariance), covariance))
    factor[below] = raised
    return factor


def identity_like(matrix: Tensor) -> Tensor:
    """The identity (D, D) of the type and on the device of a matrix (…, D, D)."""
    return torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)


def below_floor(covariance: Tensor, floor: float) -> Tensor:
    """Whether any eigenvalue of each lies below the floor, (…): Σ - floor·I has a Cholesky factor if none does.

    Where any of them holds numbers that are no numbers, none does: such a step is undone and not mended.
    """
    _, first_failed_minor = torch.linalg.cholesky_ex(covariance - floor * identity_like(covariance))
    return (first_failed_minor > 0) & covariance.isfinite().all()


def is_on_floor(variances: Tensor, floor: float) -> Tensor:
    """Whether the smallest variance of each is what the floor allows, to within rounding, (…).

    A factor has its largest entries near one, and knows its smallest singular value to a few roundings of these.
    """
    rounding = 8 * torch.finfo(variances.dtype).eps * sqrt(floor)
    return variances <= floor + max(ROUNDING * floor, rounding)


def lower_triangular(factor: Tensor) -> Tensor:
    """The lower triangular L with positive diagonal and L Lᵀ = A Aᵀ: no product is formed, so nothing is lost.

    A may have fewer rows than columns.
    """
    upper = torch.linalg.qr(factor.mT).R
    return (upper * upper.diagonal(dim1=-2, dim2=-1).sign()[..., None]).mT


def moved_factor(origin: Tensor, offset: Tensor) -> Tensor:
    """L⁰ M with M lower triangular: the offset below its diagonal, exp(offset/√2) on it.

    At M = I the Fisher information of an entry below the diagonal is one per point, and of a logarithm on the
    diagonal two, hence the √2.
    """
    diagonal = torch.exp(offset.diagonal(dim1=-2, dim2=-1) / sqrt(2))
    return origin @ (offset.tril(-1) + torch.diag_embed(diagonal))


def factor_offset(factor: Tensor, origin: Tensor) -> Tensor:
    """The offset with `moved_factor(origin, offset) == factor`."""
    relative = torch.linalg.solve_triangular(origin, factor, upper=False)
    log_diagonal = relative.diagonal(dim1=-2, dim2=-1).log() * sqrt(2)
    return relative.tril(-1) + torch.diag_embed(log_diagonal)


def inverse_factor(factor: Tensor) -> Tensor:
    """L⁻¹."""
    return torch.linalg.solve_triangular(factor, identity_like(factor), upper=False)


def packed_precision(factor: Tensor) -> Tensor:
    """(L Lᵀ)⁻¹ by `products.pairs`: off the diagonal both entries in one, (..., D(D + 1)/2)."""
    inverse = inverse_factor(factor)
    precision = inverse.mT @ inverse
    return packed(2 * precision - torch.diag_embed(precision.diagonal(dim1=-2, dim2=-1)))
