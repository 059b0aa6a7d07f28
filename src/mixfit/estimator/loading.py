"""An estimator from the two files of `mixfit.portable`, which `save` writes and which every run leaves in its folder.

What a file says of the arguments is only data: names that the estimator does not have are refused, and values are
checked where they are used, as anybody's.
"""

from __future__ import annotations

import inspect
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from mixfit import portable
from mixfit.errors import InputError
from mixfit.estimator.gaussian_mixture import GaussianMixture


def load(folder: str | Path) -> GaussianMixture:
    """The fitted estimator in a run's folder, or in one that `GaussianMixture.save` wrote.

    Raises:
        InputError: no such folder, a run that is not finished, files of a newer format, or files whose checksum, shapes
            or values do not agree.
    """
    return estimator_of(portable.read(Path(folder)), Path(folder))


def estimator_of(model: portable.Model, source: Path) -> GaussianMixture:
    """The estimator that the model describes; `source` is named in errors."""
    known = inspect.signature(GaussianMixture).parameters
    if foreign := sorted(set(model.settings) - set(known)):
        raise InputError(f"{source}: model.json names {', '.join(foreign)}, which is no argument of GaussianMixture")
    settings: dict[str, Any] = dict(model.settings)
    estimator = GaussianMixture(**settings)
    estimator.density_, estimator._rarity = model.density, model.rarity
    estimator.lower_bounds_ = (-model.history[:, 1]).tolist()
    estimator.lower_bound_ = estimator.lower_bounds_[-1] if estimator.lower_bounds_ else nan
    estimator.n_iter_, estimator.converged_ = round(_number(model, "passes")), bool(model.fitted.get("converged"))
    estimator._n_seen, estimator._optimizer_state = _number(model, "n_points"), None
    estimator.n_features_in_ = model.density.means.shape[1]
    if model.columns is not None:
        estimator.feature_names_in_ = np.array(model.columns, dtype=object)
    return estimator


def _number(model: portable.Model, name: str) -> float:
    value = model.fitted.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0
