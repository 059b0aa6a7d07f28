"""How far is each component of one density from each of another? Between two Gaussians this is known exactly.

KL(N(μ, LLᵀ) ‖ N(ν, SSᵀ)) = ½ (‖S⁻¹L‖² + ‖S⁻¹(μ - ν)‖² - D) + log|S| - log|L|. Whitening the columns of L gives the
first norm for every pair of families, and no covariance is formed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.parameters import components_in_data_units, standardized_components


def component_divergences(density: Density, other: Density) -> Tensor:
    """KL(component k of `density` ‖ component j of `other`) in nats, (K, J)."""
    covariance, (_, means, scale) = density.mixture.covariance, components_in_data_units(density)
    other_scale = standardized_components(other).scale
    axes = torch.eye(covariance.dim, dtype=torch.float64)
    columns = torch.stack([covariance.color(scale, axis.expand_as(means)) for axis in axes], 1)
    lengths = torch.stack([_squared_lengths(other, *pair) for pair in zip(means, columns, strict=True)])
    log_det = covariance.log_det(scale).expand(len(means))
    other_log_det = other.mixture.covariance.log_det(other_scale) + other.standardization.log_volume
    return 0.5 * (lengths - covariance.dim) + other_log_det - log_det[:, None]


def _squared_lengths(other: Density, mean: Tensor, columns: Tensor) -> Tensor:
    """‖S_j⁻¹L‖² + ‖S_j⁻¹(μ - ν_j)‖² for one component, (J,), from μ (D,) and the columns of L (D, D) as rows."""
    _, other_means, other_scale = standardized_components(other)
    deviations = other.standardization(mean[None], other_means) - other_means
    scaled = columns / other.standardization.scale
    vectors = torch.cat([deviations[:, None], scaled.expand(len(other_means), *scaled.shape)], 1)
    return other.mixture.covariance.whiten(other_scale, vectors).square().sum((1, 2))
