"""An estimator from the two files of `mixfit.portable`, which `save` writes and which every run leaves in its folder.

What a file says of the arguments is only data: names that the estimator does not have are refused, values are checked
as anybody's, and both have to agree with the mixture that stands beside them.
"""

from __future__ import annotations

import inspect
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from mixfit import portable
from mixfit.errors import InputError
from mixfit.estimator.agreement import check_keeps
from mixfit.estimator.gaussian_mixture import GaussianMixture

LARGEST_COUNT = 2**63
"""Nobody has counted further."""


def load(folder: str | Path) -> GaussianMixture:
    """The fitted estimator in a run's folder, or in one that `GaussianMixture.save` wrote.

    Raises:
        InputError: no such folder, a run that is not finished, files of a newer format, or files whose checksum, shapes
            or values do not agree.
    """
    return estimator_of(portable.read(Path(folder)), Path(folder))


def estimator_of(model: portable.Model, source: Path) -> GaussianMixture:
    """The estimator that the model describes; `source` is named in errors."""
    estimator = _asked_for(model, source)
    estimator.density_, estimator._rarity = model.density, model.rarity
    estimator.lower_bounds_ = (-model.history[:, 1]).tolist()
    estimator.lower_bound_ = estimator.lower_bounds_[-1] if estimator.lower_bounds_ else nan
    estimator.n_iter_ = round(_count(model, "passes", source))
    estimator.converged_ = model.fitted.get("converged") is True
    estimator._n_seen, estimator._memory = _count(model, "n_points", source), {}
    estimator.n_features_in_ = model.density.means.shape[1]
    if model.columns is not None and any(name != str(axis) for axis, name in enumerate(model.columns)):
        estimator.feature_names_in_ = np.array(model.columns, dtype=object)
        estimator._expects_names = model.fitted.get("expects_names") is True  # a run saw a file and no data frame
    return estimator


def _asked_for(model: portable.Model, source: Path) -> GaussianMixture:
    """An estimator with the model's arguments, not fitted yet."""
    known = inspect.signature(GaussianMixture).parameters
    if foreign := sorted(set(model.settings) - set(known)):
        raise InputError(f"{source}: model.json names {', '.join(foreign)}, which is no argument of GaussianMixture")
    settings: dict[str, Any] = dict(model.settings)
    try:
        estimator = GaussianMixture(**settings)
        check_keeps(estimator, model.density)
    except InputError as error:
        raise InputError(f"{source}: model.json has settings that cannot be: {error}") from error
    return estimator


def _count(model: portable.Model, name: str, source: Path) -> float:
    """Something that was counted; 0 where nobody did."""
    value = model.fitted.get(name)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < LARGEST_COUNT:
        raise InputError(f"{source}: model.json says that {name} is {value!r:.40}, and it is a count")
    return float(value)
