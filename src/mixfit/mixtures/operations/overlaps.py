"""How often is a point of one component taken for one of another?

A point x of component i is taken for one of j where π_j N(x; μ_j, Σ_j) is the larger. With x = μ_i + L_i V y, where
Σ_i = L_i L_iᵀ and L_i⁻¹ Σ_j L_i⁻ᵀ = V diag(λ) Vᵀ, and with δ = Vᵀ L_i⁻¹ (μ_i - μ_j), that is where

    Σ_d (1/λ_d - 1) y_d² + 2 δ_d/λ_d y_d  <  2 log(π_j/π_i) - Σ_d log λ_d - Σ_d δ_d²/λ_d,

a quadratic function of standard normal y (R. Maitra & V. Melnykov (2010), "Simulating data to study performance of
finite mixture modeling and clustering algorithms", Journal of Computational and Graphical Statistics 19, 354-376).
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.parameters import standardized_components
from mixfit.mixtures.operations.quadratic import probability_below

SAME = 1e-13
"""Covariances that differ by less along an axis, as a part of a variance, are equal along it but for rounding."""


def overlap(density: Density) -> Tensor:
    """P(component j has the larger weighted density | x is of component i) for each pair i, j: (K, K), in float64.

    The diagonal is zero. The sum with its transpose is the pairwise overlap ω_ij of Maitra & Melnykov (2010).
    """
    log_weights, means, scale = standardized_components(density)
    covariances = density.mixture.covariance.dense(scale).expand(len(means), -1, -1)
    return misclassification(log_weights, means, covariances)


def misclassification(log_weights: Tensor, means: Tensor, covariances: Tensor) -> Tensor:
    """The same from log π (K,), of any sum and -∞ for a weight of zero, μ (K, D) and Σ (K, D, D), all float64.

    Raises:
        torch.linalg.LinAlgError: a covariance is not positive definite.
    """
    n_components = len(means)
    factors = torch.linalg.cholesky(covariances)
    shifts = (2 * (log_weights - log_weights[:, None])).nan_to_num(nan=0.0, posinf=torch.inf, neginf=-torch.inf)
    conditions = [_taken_for_another(i, shifts[i], means, factors) for i in range(n_components)]
    squares, linear, threshold = (torch.cat(columns) for columns in zip(*conditions, strict=True))
    return probability_below(squares, linear, threshold).view(n_components, n_components).fill_diagonal_(0.0)


def _taken_for_another(i: int, shift: Tensor, means: Tensor, factors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Where points of component i are taken for those of each j, from 2 log(π_j/π_i) (K,), μ (K, D) and L (K, D, D).

    Returns what stands before y² and before y, (K, D), and what it must be below, (K,).
    """
    relative = torch.linalg.solve_triangular(factors[i], factors, upper=False)  # L_i⁻¹ L_j
    axes, lengths, _ = torch.linalg.svd(relative)
    whitened = torch.linalg.solve_triangular(factors[i], (means[i] - means)[..., None], upper=False)
    offsets = (axes.mT @ whitened).squeeze(-1)
    variances = lengths.square()
    squares = 1 / variances - 1
    is_same = squares.abs() < SAME
    log_volume = variances.log().masked_fill(is_same, 0.0).sum(1)
    threshold = shift - log_volume - (offsets.square() / variances).sum(1)
    return squares.masked_fill(is_same, 0.0), 2 * offsets / variances, threshold
