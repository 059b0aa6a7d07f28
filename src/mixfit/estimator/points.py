"""The door: whatever people keep points in, as a tensor, and results in the form that the points came in.

Arrays, lists and data frames pass scikit-learn's own checks, so that they are accepted and refused as everywhere else
in its world; what it would convert in silence (text that looks like numbers, dates) is refused before. A torch tensor
stays where it is, and what is computed from it is a tensor on the same device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data
from torch import Tensor

from mixfit.data.dataset import Part
from mixfit.errors import InputError

NUMERIC = "biuf"
"""NumPy's kinds of real numbers: booleans, integers, floats."""

UNKNOWN = "?"
"""What is not an array yet: scikit-learn's own check makes one of it, or says why not."""


@dataclass(frozen=True)
class Points:
    """Points (N, D) as they came, on their own device, and whether they came as a tensor."""

    rows: Tensor
    is_tensor: bool

    def answer(self, result: Tensor) -> Any:
        """A result as the points came: a tensor on their device, or a NumPy array."""
        return result.to(self.rows.device) if self.is_tensor else result.numpy(force=True)


def points_of(estimator: BaseEstimator, x: Any, reset: bool) -> Points:
    """The points in X; `reset` makes the estimator remember their number of features and the names of the columns.

    Raises:
        ValueError: for NaN, infinity, text, complex numbers, no rows, no columns, one or three dimensions, or another
            number or other names of columns than the estimator was fitted with.
        TypeError: for sparse matrices.
    """
    if isinstance(x, Tensor):
        return Points(_checked_tensor(estimator, x.detach(), reset), is_tensor=True)
    _check_kind(x)
    array = validate_data(estimator, x, reset=reset, dtype=np.float64)
    return Points(_tensor_of(array), is_tensor=False)


def part_of(points: Points, sample_weight: Any) -> Part:
    """The points that count, and how often each does; raises `InputError` for weights that cannot be."""
    weights = weights_of(sample_weight, len(points.rows))
    if weights is None:
        return Part(points.rows)
    counts = weights > 0
    return Part(points.rows[counts.to(points.rows.device)], weights=weights[counts])


def weights_of(sample_weight: Any, n_points: int) -> Tensor | None:
    """Weights (N,) in float64; None where none are given.

    Raises:
        ValueError: unless there is one number for each point, none negative or infinite and not all of them zero.
    """
    if sample_weight is None:
        return None
    raw = sample_weight.detach().cpu() if isinstance(sample_weight, Tensor) else sample_weight
    array = np.asarray(raw)
    if array.dtype.kind not in NUMERIC + "O":
        raise InputError(f"sample_weight holds {array.dtype}, and a weight is a real number")
    weights = np.broadcast_to(array, (n_points,)) if array.ndim == 0 else array
    if weights.shape != (n_points,):
        raise InputError(f"sample_weight has the shape {weights.shape}, but there are {n_points} points: give one each")
    found = torch.from_numpy(weights.astype(np.float64))
    bad = ~((found >= 0) & found.isfinite())
    if bad.any():
        row = int(bad.int().argmax())
        raise InputError(f"sample_weight[{row}] is {float(found[row])}: a weight is finite and not negative")
    if not found.any():
        raise InputError("sample_weight is zero everywhere, so there is no point to fit; give some points a weight")
    return found


def _tensor_of(array: np.ndarray[Any, np.dtype[np.float64]]) -> Tensor:
    """The array as a tensor; a copy where it may not be written to, or runs backwards, which torch has no word for."""
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()
    return torch.from_numpy(array)


def _checked_tensor(estimator: BaseEstimator, x: Tensor, reset: bool) -> Tensor:
    """The tensor itself; its shape is checked by a stand-in that needs no memory, its numbers where they are."""
    if x.is_complex():
        raise InputError("Complex data not supported: a density of real points needs real numbers")
    if x.layout != torch.strided:
        raise TypeError("Sparse data was passed, but dense data is required: call to_dense() on it first")
    validate_data(estimator, np.broadcast_to(np.float64(0), tuple(x.shape)), reset=reset)
    if x.is_floating_point() and not bool(x.isfinite().all()):
        what = "NaN" if bool(x.isnan().any()) else "infinity"
        raise InputError(f"Input X contains {what}: such a point has no density; leave these rows out")
    return x


def _check_kind(x: Any) -> None:
    """Refuses what would be converted to numbers in silence."""
    if hasattr(x, "columns"):
        _check_columns(x)
        return
    kind = x.dtype.kind if isinstance(x, np.ndarray) else _kind_of_list(x)
    if kind in "USVmM":
        raise InputError("Input X holds text or dates, and a point is made of numbers; convert them first")
    if kind == "O" and any(isinstance(cell, (str, bytes)) for cell in np.asarray(x, dtype=object).flat):
        raise InputError("Input X holds text, and a point is made of numbers; convert it first")


def _kind_of_list(x: Any) -> str:
    if not isinstance(x, (list, tuple)):
        return UNKNOWN
    try:
        return np.asarray(x).dtype.kind
    except ValueError:  # rows of unequal length: the check that follows says so
        return UNKNOWN


def _check_columns(x: Any) -> None:
    import narwhals.stable.v2 as nw

    frame = nw.from_native(x, pass_through=True)
    if not isinstance(frame, (nw.DataFrame, nw.LazyFrame)):
        return
    if isinstance(frame, nw.LazyFrame):
        raise TypeError("Input X is a lazy frame, whose rows are not there yet: call collect() on it first")
    numeric = (nw.Boolean, nw.Object, nw.Unknown)
    for name, kind in frame.schema.items():
        if not (kind.is_numeric() or isinstance(kind, numeric)):
            raise InputError(
                f"column {name!r} of X holds {kind}, and a point is made of numbers; convert it or leave it out"
            )
