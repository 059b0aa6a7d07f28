"""A start that the user knows: weights, means and precisions in scikit-learn's shapes, any of them or all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mixfit.conversion.precisions import scale_of_precisions
from mixfit.data.dataset import Part
from mixfit.errors import InputError
from mixfit.estimator.numbers import real_numbers
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.initializers.seeds import nearest_seed
from mixfit.mixtures.initializers.start import begin_


@dataclass(frozen=True)
class Initial:
    """Parameters in the data's units to begin at; None leaves what the initializer found.

    Attributes:
        weights: (K,), positive, of sum one.
        means: (K, D).
        scale: in the family's shape.
    """

    weights: Tensor | None
    means: Tensor | None
    scale: Tensor | None

    @classmethod
    def of(cls, covariance: Covariance, weights_init: Any, means_init: Any, precisions_init: Any) -> Initial:
        """The start that the estimator's arguments ask for; raises `InputError` for one that cannot be."""
        n_components, dim = covariance.n_components, covariance.dim
        return cls(
            None if weights_init is None else _weights(_array("weights_init", weights_init, (n_components,))),
            None if means_init is None else _array("means_init", means_init, (n_components, dim)),
            None
            if precisions_init is None
            else scale_of_precisions(covariance, real_numbers("precisions_init", precisions_init)),
        )

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to an initializer."""
        return self.weights is not None and self.means is not None and self.scale is not None

    def put_(self, density: Density, train: Part) -> None:
        """Puts the density there; what is not given beside the means is that of the points nearest to each mean."""
        if self.weights is None and self.means is None and self.scale is None:
            return  # to set what is there already would round it once more
        mixture, standardization = density.mixture, density.standardization
        if self.means is not None and not self.is_complete:
            means = standardization(self.means, mixture.mean_origin)
            points = density.standardized(train.sample.points)
            weights = train.sample.weights
            begin_(mixture, points, lambda x, *_: nearest_seed(x, means.cpu()), torch.Generator(), weights)
        log_weights, means, scale = (tensor.detach() for tensor in mixture.components)
        if self.weights is not None:
            log_weights = self.weights.log()
        if self.means is not None:
            means = standardization(self.means, means)
        if self.scale is not None:
            scale = mixture.covariance.stretched(self.scale, standardization.scale.reciprocal())
        mixture.set_(log_weights, means, scale)
        mixture.bound_()


def _weights(weights: Tensor) -> Tensor:
    if not bool((weights > 0).all()) or abs(float(weights.sum()) - 1) > 1e-6:
        raise InputError(f"weights_init={weights.tolist()}: the weights of a mixture are positive and add up to one")
    return weights / weights.sum()


def _array(name: str, given: Any, shape: tuple[int, ...]) -> Tensor:
    array = real_numbers(name, given)
    if array.shape != shape:
        raise InputError(f"{name} has the shape {array.shape}, but n_components and the points need {shape}")
    if not np.isfinite(array).all():
        raise InputError(f"{name} has entries that are NaN or infinite; give finite numbers")
    return torch.from_numpy(array)
