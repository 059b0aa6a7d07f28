"""What is p of some of the axes, whatever the others are?

A marginal of Gaussian components has their weights, and those entries of their means and covariances. Every family is
closed under it. It stays in the standardized coordinates of its axes, so it is as exact as the density itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Components
from mixfit.mixtures.operations.axes import positions
from mixfit.mixtures.operations.parameters import density_of, standardized_components
from mixfit.mixtures.standardization import Standardization


def marginal(density: Density, axes: Sequence[int]) -> Density:
    """p(x_axes): a mixture of the same family over the given axes, in the given order, in float64.

    Args:
        density: in D dimensions.
        axes: of 0 to D - 1, or negative to count from the end.

    Raises:
        ValueError: no axes, one out of range, or one given twice.
    """
    covariance, standardization = density.mixture.covariance, density.standardization
    chosen = positions(axes, covariance.dim)
    log_weights, means, scale = standardized_components(density)
    return density_of(
        type(covariance)(covariance.n_components, len(chosen)),
        Components(log_weights, means[:, chosen], covariance.marginal(scale, chosen)),
        Standardization(standardization.shift[chosen], standardization.scale[chosen]),
    )
