"""From a density to the parameters that an operation works on, and back.

Operations work in double precision on the CPU whatever the model's dtype and device: their tensors are K-sized, and a
marginal of a float32 model should not be worse than the model. They stay in the standardized coordinates wherever they
can. A mean of 10⁹ with a spread of one then keeps the digits that it would lose in the data's units.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.standardization import Standardization


@torch.no_grad()
def standardized_components(density: Density) -> Components:
    """log π (K,), μ (K, D) and the scale (the family's shape) in standardized coordinates, float64 on the CPU."""
    return Components(*(_double(tensor) for tensor in density.mixture.components))


def components_in_data_units(density: Density) -> Components:
    """The same three in the data's units."""
    log_weights, means, scale = standardized_components(density)
    unit = density.standardization.scale
    return Components(
        log_weights, density.standardization.inverse(means), density.mixture.covariance.stretched(scale, unit)
    )


def density_of(
    covariance: Covariance, components: Components, standardization: Standardization | None = None
) -> Density:
    """The density with the given components in the coordinates of `standardization` (default: the data's units)."""
    mixture = Mixture(covariance).to(torch.float64)
    mixture.set_(*(_double(tensor) for tensor in components))
    return Density(mixture, standardization or Standardization.identity(covariance.dim))


def about(density: Density, origin: Tensor) -> Density:
    """The density of x - origin (D,), in float64 on the CPU."""
    standardization = Standardization(density.standardization.shift - origin, density.standardization.scale)
    return density_of(density.mixture.covariance, standardized_components(density), standardization)


def _double(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu").to(torch.float64)
