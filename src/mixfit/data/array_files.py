"""Which columns does an NPY or NPZ file hold?

Pickled objects are never loaded: unpickling runs whatever code the file carries.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mixfit.data.columns import Column
from mixfit.data.damage import damage_reported
from mixfit.errors import InputError

POINTS_NAMES = ("points", "data", "X")
FIRST_BYTES = (b"\x93NUMPY", b"PK")
PLAIN_KINDS = "biufU"  # booleans, integers, floats, text


def array_columns(path: Path) -> list[Column]:
    """The columns of an NPY array (N, D) or (N,), or of an NPZ archive; InputError if it holds something else.

    An archive of 1-D arrays of one length has one column for each, by the array's name. Of any other archive the
    only array is taken, or the first that is there of `points`, `data` and `X`.
    """
    arrays = _arrays(path)
    shapes = [array.shape for array in arrays.values()]
    if path.suffix.lower() == ".npz" and len(set(shapes)) == 1 and len(shapes[0]) == 1:
        return [_column(name, array) for name, array in arrays.items()]
    name = _points_name(arrays)
    if arrays[name].ndim not in (1, 2):
        raise InputError(
            f"array {name!r} has shape {arrays[name].shape}, and points are a matrix of N rows by D columns (or a "
            "vector, for D=1): reshape it, or name another file in data.path"
        )
    return [_column(str(j), values) for j, values in enumerate(np.atleast_2d(arrays[name].T))]


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    with damage_reported("a NumPy file, from which pickled Python objects are never loaded"), path.open("rb") as file:
        if not file.read(6).startswith(FIRST_BYTES):
            raise InputError("does not begin as NPY and NPZ files do: correct the suffix, or name another in data.path")
        file.seek(0)
        loaded = np.load(file, allow_pickle=False)
        return {path.stem: loaded} if isinstance(loaded, np.ndarray) else dict(loaded)


def _points_name(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    if len(arrays) == 1:
        return next(iter(arrays))
    for name in POINTS_NAMES:
        if name in arrays:
            return name
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    raise InputError(
        f"it is not clear which array holds the points: there are {shapes or 'none'}. Name one of them "
        f"{', '.join(POINTS_NAMES)}, or keep 1-D arrays of one length in a file of their own and name it in data.path"
    )


def _column(name: str, values: npt.NDArray[Any]) -> Column:
    import pyarrow as pa

    if values.dtype.kind not in PLAIN_KINDS:
        raise InputError(
            f"the array of column {name!r} has dtype {values.dtype}, and points are real numbers: "
            "store it as a plain array of numbers, or name another file in data.path"
        )
    with damage_reported("an array of numbers or text"):
        return Column(name, pa.chunked_array([pa.array(_native(values))]))


def _native(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Floats of any width as float64 (a longdouble beyond it becomes infinite), the rest in native byte order."""
    with np.errstate(all="ignore"):
        kind = np.dtype(np.float64) if values.dtype.kind == "f" else values.dtype.newbyteorder("=")
        return np.ascontiguousarray(values, dtype=kind)
