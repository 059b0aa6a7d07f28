"""A start that the user knows: weights, means and precisions in scikit-learn's shapes, any of them or all."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mixfit.conversion.precisions import scale_of_precisions
from mixfit.errors import InputError
from mixfit.estimator.numbers import real_numbers
from mixfit.given.initial import Initial
from mixfit.mixtures.covariances import Covariance


def initial_of(covariance: Covariance, weights_init: Any, means_init: Any, precisions_init: Any) -> Initial:
    """The start that the estimator's arguments ask for; raises `InputError` for one that cannot be."""
    n_components, dim = covariance.n_components, covariance.dim
    return Initial(
        None if weights_init is None else _weights(_array("weights_init", weights_init, (n_components,))),
        None if means_init is None else _array("means_init", means_init, (n_components, dim)),
        None
        if precisions_init is None
        else scale_of_precisions(covariance, real_numbers("precisions_init", precisions_init)),
    )


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
