"""An estimator as the two files of `mixfit.portable`, and back; a run's folder holds the same files.

What a file says of the arguments is only data: names that the estimator does not have are refused, and values are
checked where they are used, as anybody's.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mixfit import portable
from mixfit.errors import InputError
from mixfit.estimator.arguments import dtype_of
from mixfit.estimator.gaussian_mixture import GaussianMixture


def load(folder: str | Path) -> GaussianMixture:
    """The fitted estimator in a run's folder, or in one that `GaussianMixture.save` wrote.

    Raises:
        InputError: no such folder, a run that is not finished, files of a newer format, or files whose checksum, shapes
            or values do not agree.
    """
    return estimator_of(portable.read(Path(folder)), Path(folder))


def save(estimator: GaussianMixture, folder: Path) -> None:
    """Writes a fitted estimator into the folder, which is made if it is not there."""
    model = model_of(estimator)
    folder.mkdir(parents=True, exist_ok=True)
    portable.write(folder, model)


def model_of(estimator: GaussianMixture) -> portable.Model:
    """What there is to keep of a fitted estimator."""
    density = estimator._fitted_density
    names = getattr(estimator, "feature_names_in_", None)
    nlls = [-bound for bound in estimator.lower_bounds_]
    return portable.Model(
        density=density,
        rarity=estimator.rarity_,
        history=torch.tensor(list(enumerate(nlls, start=1)), dtype=torch.float64).reshape(-1, 2),
        columns=None if names is None else tuple(map(str, names)),
        settings={name: _plain(value) for name, value in estimator.get_params(deep=False).items()},
        fitted={
            "converged": estimator.converged_,
            "passes": float(estimator.n_iter_),
            "n_points": estimator._n_seen,
            "nll/train": nlls[-1],
        },
    )


def estimator_of(model: portable.Model, source: Path) -> GaussianMixture:
    """The estimator that the model describes; `source` is named in errors."""
    known = inspect.signature(GaussianMixture).parameters
    if foreign := sorted(set(model.settings) - set(known)):
        raise InputError(f"{source}: model.json names {', '.join(foreign)}, which is no argument of GaussianMixture")
    settings: dict[str, Any] = dict(model.settings)
    estimator = GaussianMixture(**settings)
    estimator.density_, estimator._rarity = model.density, model.rarity
    estimator.lower_bounds_ = (-model.history[:, 1]).tolist()
    estimator.lower_bound_ = estimator.lower_bounds_[-1] if estimator.lower_bounds_ else float("nan")
    estimator.n_iter_, estimator.converged_ = round(_number(model, "passes")), bool(model.fitted.get("converged"))
    estimator._n_seen, estimator._optimizer_state = _number(model, "n_points"), None
    estimator.n_features_in_ = model.density.means.shape[1]
    if model.columns is not None:
        estimator.feature_names_in_ = np.array(model.columns, dtype=object)
    return estimator


def _number(model: portable.Model, name: str) -> float:
    value = model.fitted.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _plain(value: Any) -> Any:
    """An argument as JSON has it; what only lives in a process, a random generator, is left out."""
    if isinstance(value, Tensor):
        return value.tolist()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (torch.dtype, type, np.dtype)):
        return str(dtype_of(value)).removeprefix("torch.")
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if isinstance(value, (bool, int, float, str)) else None
