"""What is p of the other axes once some are known?

Put the known axes a before the others b. The factor of the reordered covariance, L = [[A, 0], [B, C]], then holds the
answer without a subtraction that could cancel: z = A⁻¹(x_a - μ_a) says how likely the component is, B z is how far its
mean moves, and C is the factor of the Schur complement Σ_bb - Σ_ba Σ_aa⁻¹ Σ_ab. The weights are normalised as
logarithms, so they are right however far the values lie from every component.

Regression by a mixture is one line: `mean(condition(density, {0: 1.5}))`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import torch
from torch import Tensor
from torch.nn.functional import pad

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Components
from mixfit.mixtures.operations.axes import positions
from mixfit.mixtures.operations.parameters import density_of, standardized_components
from mixfit.mixtures.standardization import Standardization


def condition(density: Density, values: Mapping[int, float]) -> Density:
    """p(x_rest | x_axis = value): a mixture of the same family over the other axes, in their order, in float64.

    Its weights are π_k N(x_a; μ_ka, Σ_kaa), normalised; its means μ_b + Σ_ba Σ_aa⁻¹ (x_a - μ_a).

    Args:
        density: in D dimensions.
        values: from an axis of 0 to D - 1, or negative to count from the end, to its value in the data's units.

    Raises:
        ValueError: no axes or all are given, one is out of range or given twice, or a value is not finite or more than
            about 1e150 standard deviations from every component.
    """
    covariance, standardization = density.mixture.covariance, density.standardization
    given = positions(values, covariance.dim)
    rest = [axis for axis in range(covariance.dim) if axis not in given]
    if not rest:
        raise ValueError(f"all {covariance.dim} axes are given, so nothing is left to ask about; leave one out")
    known = (_vector(values) - standardization.shift[given]) / standardization.scale[given]
    remaining = type(covariance)(covariance.n_components, len(rest))
    components = _conditional(covariance, remaining, _reordered(density, given + rest), known)
    return density_of(remaining, components, Standardization(standardization.shift[rest], standardization.scale[rest]))


def _vector(values: Mapping[int, float]) -> Tensor:
    """The values, (n,), float64."""
    for axis, value in values.items():
        if not isfinite(value):
            raise ValueError(f"the value of axis {axis} is {float(value)}; a condition needs a finite number")
    return torch.tensor([float(value) for value in values.values()], dtype=torch.float64)


def _reordered(density: Density, axes: list[int]) -> Components:
    log_weights, means, scale = standardized_components(density)
    return Components(log_weights, means[:, axes], density.mixture.covariance.marginal(scale, axes))


def _conditional(covariance: Covariance, remaining: Covariance, components: Components, known: Tensor) -> Components:
    """The components of the axes after the first len(known), given those."""
    log_weights, means, scale = components
    n_given, n_remaining = len(known), remaining.dim
    deviations = pad(known - means[:, :n_given], (0, n_remaining))
    whitened = covariance.whiten(scale, deviations[:, None])[:, 0, :n_given]
    remaining_scale = covariance.conditional(scale, n_given)
    log_det = covariance.log_det(scale) - remaining.log_det(remaining_scale)  # log|A|, for |L| = |A| |C|
    posterior = torch.log_softmax(log_weights - log_det - 0.5 * whitened.square().sum(1), 0)
    if posterior.isnan().any():
        raise ValueError(f"the values {known.tolist()} (standardized) are too far from every component to compare them")
    moves = covariance.color(scale, pad(whitened, (0, n_remaining)))[:, n_given:]
    return Components(posterior, means[:, n_given:] + moves, remaining_scale)
