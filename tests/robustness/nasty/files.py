"""A nasty data set as a file, in the format that carries its type: text, an array, or columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TEXT_CELLS = 50_000
"""More numbers than this are no joy to read as text."""


def written(points: Any, folder: Path) -> Path:
    """The file that holds the points: bytes and flags as Parquet, few floats as CSV, all others as NPY."""
    array = np.asarray(points)
    if array.ndim == 2 and array.dtype.kind in "biu" and array.itemsize == 1:
        return _parquet(array, folder / "points.parquet")
    is_plain = array.dtype == np.dtype("=f8") and array.flags.c_contiguous and array.size < TEXT_CELLS
    if array.ndim == 2 and (array.dtype.kind in "OU" or is_plain):
        return _text(array, folder / "points.csv")
    np.save(folder / "points.npy", array)
    return folder / "points.npy"


def _text(array: NDArray[Any], path: Path) -> Path:
    names = ",".join(f"x{axis}" for axis in range(array.shape[1]))
    rows = [",".join(map(_cell, row)) for row in array.tolist()]
    path.write_text("\n".join([names, *rows, ""]), encoding="utf-8")
    return path


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else str(value if isinstance(value, int) else float(value))


def _parquet(array: NDArray[Any], path: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    columns = {f"x{axis}": np.ascontiguousarray(column) for axis, column in enumerate(array.T)}
    parquet.write_table(pa.table(columns), path)
    return path
