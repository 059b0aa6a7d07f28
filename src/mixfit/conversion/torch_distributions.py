"""A density as `torch.distributions.MixtureSameFamily`, and back.

Families with triangular factors become `MultivariateNormal(scale_tril=L)`, the others `Independent(Normal(σ), 1)`: the
factor itself travels, so no covariance is formed and both have the same log-densities. The way back reads the form
alone: `MultivariateNormal` is `Full` and `Normal` is `Diag`, even if the numbers would allow a smaller family.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Categorical, Distribution, Independent, MixtureSameFamily, MultivariateNormal, Normal

from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Diag, Full
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Components
from mixfit.mixtures.operations.parameters import components_in_data_units, density_of


def to_torch(density: Density) -> MixtureSameFamily:
    """The same density over points (..., D) in the data's units, in float64 on the CPU, detached."""
    log_weights, means, scale = components_in_data_units(density)
    covariance = density.mixture.covariance
    return MixtureSameFamily(Categorical(logits=log_weights), _normals(covariance, means, scale))


def from_torch(distribution: MixtureSameFamily) -> Density:
    """The density of a mixture of `MultivariateNormal`, `Independent(Normal, 1)` or, on a line, `Normal`.

    Raises:
        TypeError: not a `MixtureSameFamily`, or one of other components.
        InputError: a batch of several mixtures.
    """
    if not isinstance(distribution, MixtureSameFamily):
        raise TypeError(f"expected a torch.distributions.MixtureSameFamily, found {type(distribution).__name__}")
    if distribution.batch_shape:
        raise InputError(
            f"this MixtureSameFamily is a batch of shape {tuple(distribution.batch_shape)}; convert its mixtures singly"
        )
    family, means, scale = _parameters(distribution.component_distribution)
    log_weights = distribution.mixture_distribution.logits
    return density_of(family(*means.shape), Components(log_weights, means, scale))


def _normals(covariance: Covariance, means: Tensor, scale: Tensor) -> Distribution:
    if covariance.triangular:
        return MultivariateNormal(means, scale_tril=scale.expand(*means.shape, covariance.dim))
    return Independent(Normal(means, covariance.color(scale, torch.ones_like(means))), 1)


def _parameters(normals: Distribution) -> tuple[type[Covariance], Tensor, Tensor]:
    """The family, the means (K, D) and the scale."""
    if isinstance(normals, MultivariateNormal):
        return Full, normals.loc, normals.scale_tril
    if isinstance(normals, Normal):
        return Diag, normals.loc[:, None], normals.scale[:, None]
    if isinstance(normals, Independent) and isinstance(normals.base_dist, Normal) and len(normals.event_shape) == 1:
        return Diag, normals.base_dist.loc, normals.base_dist.scale
    raise TypeError(
        f"the components are {normals}, but a density can be made of MultivariateNormal, Independent(Normal, 1) "
        "or, on a line, Normal"
    )
