"""The door: whatever people keep points in, as a tensor, and results in the form that the points came in.

Arrays, lists and data frames pass scikit-learn's own checks, so that they are accepted and refused as everywhere else
in its world; what it would convert in silence (text that looks like numbers, dates) is refused before, by `numbers`. A
torch tensor stays where it is, and what is computed from it is a tensor on the same device.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data
from torch import Tensor

from mixfit.data.dataset import Part
from mixfit.errors import InputError
from mixfit.estimator.numbers import of_numbers, real_numbers

FEATURES = ("n_features_in_", "feature_names_in_")
"""What scikit-learn remembers of the points that an estimator was fitted to."""


@dataclass(frozen=True)
class Points:
    """Points as they came.

    Attributes:
        rows: (N, D), on their own device.
        is_tensor: whether they came as a tensor.
        features: the number of features and, where there are any, the names of the columns, as `FEATURES`.
    """

    rows: Tensor
    is_tensor: bool
    features: dict[str, Any]

    def answer(self, result: Tensor) -> Any:
        """A result as the points came: a tensor on their device, or a NumPy array."""
        return result.to(self.rows.device) if self.is_tensor else result.numpy(force=True)


def points_of(estimator: BaseEstimator, x: Any, is_first: bool) -> Points:
    """The points in X; unless they are the first, their features are compared with those that the estimator knows.

    The estimator itself is not changed, so that it stays as it was if these points cannot be fitted.

    Raises:
        ValueError: for NaN, infinity, text, complex numbers, no rows, no columns, one or three dimensions, or another
            number or other names of columns than the estimator was fitted with.
        TypeError: for sparse matrices.
    """
    looker, x = copy(estimator), x.detach() if isinstance(x, Tensor) else of_numbers(x)
    if not (estimator._expects_names or hasattr(x, "columns")):
        vars(looker).pop("feature_names_in_", None)
    if isinstance(x, Tensor):
        rows = _checked_tensor(looker, x, is_first)
    else:
        rows = _tensor_of(_validated(looker, x, is_first))
    features = {name: value for name, value in vars(looker).items() if name in FEATURES}
    return Points(rows, isinstance(x, Tensor), features)


REMEDIES = {
    "contains infinity": "such a point has no density; leave these rows out",
    "Found array with dim": "reshape it to one row per point and one column per axis",
}
"""What scikit-learn's errors leave to the user to find out."""


def _validated(looker: BaseEstimator, x: Any, is_first: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    """X as scikit-learn checks and converts it, with its own errors."""
    try:
        return validate_data(looker, x, reset=is_first, dtype=np.float64)
    except ValueError as error:
        remedy = next((remedy for words, remedy in REMEDIES.items() if words in str(error)), None)
        if remedy is None:
            raise
        raise InputError(f"{str(error).rstrip('.')}: {remedy}") from error


def part_of(points: Points, sample_weight: Any) -> Part:
    """The points that count, and how often each does; raises `InputError` for weights that cannot be."""
    weights = weights_of(sample_weight, len(points.rows))
    if weights is None:
        return Part(points.rows)
    counts = weights > 0
    return Part(points.rows[counts.to(points.rows.device)], weights=weights[counts])


def balanced(part: Part) -> Part:
    """The same points with weights of mean one: to a fit only their ratios matter, and huge ones would overflow."""
    if part.weights is None:
        return part
    weights = part.weights / part.weights.max()
    return Part(part.points, weights=weights / weights.mean())


def counted(part: Part) -> Part:
    """The same points, each as often as its weight says, which a criterion counts; balanced if none could count so."""
    if part.weights is None or 1e-100 < float(part.weights.sum()) < 1e100:
        return part
    return balanced(part)


def weights_of(sample_weight: Any, n_points: int) -> Tensor | None:
    """Weights (N,) in float64; None where none are given.

    Raises:
        ValueError: unless there is one number for each point, none negative or infinite and not all of them zero.
    """
    if sample_weight is None:
        return None
    array = real_numbers("sample_weight", sample_weight)
    weights = np.broadcast_to(array, (n_points,)) if array.ndim == 0 else array
    if weights.shape != (n_points,):
        raise InputError(f"sample_weight has the shape {weights.shape}, but there are {n_points} points: give one each")
    found = torch.from_numpy(weights.copy())
    bad = ~((found >= 0) & found.isfinite())
    if bad.any():
        row = int(bad.int().argmax())
        raise InputError(f"sample_weight[{row}] is {float(found[row])}: a weight is finite and not negative")
    if not found.any():
        raise InputError("sample_weight is zero everywhere, so no point counts; give some points a weight")
    return found


def _tensor_of(array: np.ndarray[Any, np.dtype[np.float64]]) -> Tensor:
    """The array as a tensor; a copy where it may not be written to, or runs backwards, which torch has no word for."""
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()
    return torch.from_numpy(array)


def _checked_tensor(looker: BaseEstimator, x: Tensor, is_first: bool) -> Tensor:
    """The tensor itself; its shape is checked by a stand-in that needs no memory, its numbers where they are."""
    if x.is_complex():
        raise InputError("Complex data not supported: a density of real points needs real numbers")
    if x.layout != torch.strided:
        raise TypeError("Sparse data was passed, but dense data is required: call to_dense() on it first")
    if x.ndim < 2:
        raise InputError(
            f"Expected 2D array, got a tensor of the shape {tuple(x.shape)} instead. Reshape it using "
            "x.reshape(-1, 1) if your data has a single feature or x.reshape(1, -1) if it contains a single sample."
        )
    validate_data(looker, np.broadcast_to(np.float64(0), tuple(x.shape)), reset=is_first)
    if x.is_floating_point() and not bool(x.isfinite().all()):
        what = "NaN" if bool(x.isnan().any()) else "infinity"
        raise InputError(f"Input X contains {what}: such a point has no density; leave these rows out")
    return x
