"""What are the mean and the covariance of the whole mixture?

Both come from the components by the laws of total expectation and total variance. They are formed in standardized
coordinates, about the mixture's own mean, and only the results are put into the data's units.
"""

from __future__ import annotations

from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.parameters import standardized_components


def mean(density: Density) -> Tensor:
    """E[x] = Σ_k π_k μ_k, (D,), in the data's units."""
    log_weights, means, _ = standardized_components(density)
    return density.standardization.inverse(log_weights.exp() @ means)


def covariance(density: Density) -> Tensor:
    """Cov[x] = Σ_k π_k (Σ_k + (μ_k - E[x]) (μ_k - E[x])ᵀ), (D, D), in the data's units squared."""
    log_weights, means, scale = standardized_components(density)
    weights = log_weights.exp()
    deviations = means - weights @ means
    within = (weights[:, None, None] * density.mixture.covariance.dense(scale)).sum(0)
    between = (weights[:, None] * deviations).mT @ deviations
    return density.standardization.covariances(within + between)
