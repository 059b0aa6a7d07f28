"""Which points does a file hold?

Whatever the format, the coordinates become float64 first and are checked after, so that the same numbers in CSV, TSV,
Parquet, NPY and NPZ give the same points to the last bit. Every cell must hold a finite number: neither EM nor a
gradient survives a NaN, and to fill gaps is a decision about the data that a reader of files must not take.
"""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mixfit.data.columns import Column, labels, numbers
from mixfit.data.readers import read_columns
from mixfit.errors import InputError

NAMES_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Table:
    """Points (N, D) in float64, the D names of their columns and, where asked for, one label for each point.

    `labels` (N,) counts the values from 0 in the order of their first appearance; `label_names` (L,) are the values.
    """

    points: npt.NDArray[np.float64]
    columns: tuple[str, ...]
    labels: npt.NDArray[np.int64] | None
    label_names: tuple[str, ...]


def read_table(
    path: str | Path,
    columns: Sequence[str | int] | None = None,
    label: str | int | None = None,
    header: bool | None = None,
) -> Table:
    """The points of a CSV, TSV, TXT, Parquet, NPY or NPZ file, which its suffix tells apart.

    A column is chosen by name or by number from 0 (also as text, when no column bears that name); None takes all but
    the label. `header` says whether a text file begins with a line of names, None looks (see `delimited_text`).
    Raises InputError if the file, the choice or a cell is bad.
    """
    try:
        return _table(read_columns(Path(path), header), columns, label)
    except InputError as problem:
        raise InputError(f"data.path={path}: {problem}") from problem


def _table(file: Sequence[Column], columns: Sequence[str | int] | None, label: str | int | None) -> Table:
    if not file:
        raise InputError("holds no columns: there is no point in it; name another file in data.path")
    label_position = None if label is None else _position(file, label, "data.label")
    chosen = [file[j] for j in _feature_positions(file, columns, label_position)]
    _check_rows(file)
    codes, label_names = (None, ()) if label_position is None else labels(file[label_position])
    return Table(_points(chosen), tuple(column.name for column in chosen), codes, label_names)


def _feature_positions(
    file: Sequence[Column], columns: Sequence[str | int] | None, label_position: int | None
) -> list[int]:
    """The positions of the columns that are coordinates, in the order asked for."""
    if isinstance(columns, str):
        raise InputError(f"data.columns={columns} is one name: it must be a list, data.columns=[{columns}]")
    if columns is None:
        positions = [j for j in range(len(file)) if j != label_position]
    else:
        positions = [_position(file, column, "data.columns") for column in columns]
    if not positions:
        raise InputError("no column is left for the points: data.columns must name one that data.label does not")
    twice = [j for j, times in Counter([*positions, label_position]).items() if times > 1 and j is not None]
    if twice:
        name = file[twice[0]].name
        raise InputError(f"column {name!r} is chosen twice: name it once in data.columns and data.label together")
    return positions


def _position(file: Sequence[Column], wanted: str | int, key: str) -> int:
    """Where the wanted column stands; `key` is the config key that asked for it."""
    names = [column.name for column in file]
    bearing = [j for j, name in enumerate(names) if name == wanted]
    if len(bearing) > 1:
        numbered = ", ".join(map(str, bearing))
        raise InputError(f"{len(bearing)} columns are named {wanted!r}: choose by number in {key}, one of {numbered}")
    if bearing:
        return bearing[0]
    digits = str(wanted)
    if digits.isascii() and digits.isdecimal() and len(digits) < 10 and int(digits) < len(file):
        return int(digits)
    raise InputError(f"{key} asks for column {wanted!r}, and there is none. {_existing(file, digits)}")


def _existing(file: Sequence[Column], wanted: str) -> str:
    names = [column.name for column in file]
    shown = ", ".join(names[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")
    near = difflib.get_close_matches(wanted, names, n=1)
    nearest = f" The nearest is {near[0]!r}." if near else ""
    unnamed = file[0].line is not None and names[0] == "0"
    header = " If the first line holds names, set data.header=true." if unnamed else ""
    return f"The {len(names)} columns, which also go by the numbers from 0, are: {shown}.{nearest}{header}"


def _check_rows(file: Sequence[Column]) -> None:
    if len(file[0].cells) == 0:
        names = ", ".join(column.name for column in file[:NAMES_SHOWN])
        header = "; if its only line is a point, set data.header=false" if file[0].line else ""
        raise InputError(f"has columns ({names}) but no rows: name a file with points in data.path{header}")


def _points(chosen: Sequence[Column]) -> npt.NDArray[np.float64]:
    points = np.empty((len(chosen[0].cells), len(chosen)))
    for j, column in enumerate(chosen):
        points[:, j] = numbers(column)
    _check_finite(points, chosen)
    return points


def _check_finite(points: npt.NDArray[np.float64], chosen: Sequence[Column]) -> None:
    bad = ~np.isfinite(points)
    if not bad.any():
        return
    row, j = divmod(int(bad.argmax()), len(chosen))
    missing = int(np.isnan(points).sum())
    raise InputError(
        f"cells that are missing or NaN: {missing}, infinite or beyond the range of float64: {bad.sum() - missing}; "
        f"the first is {chosen[j].place(row + 1)}. Such a point has no density: fill these cells, delete their rows, "
        "or leave their columns out by data.columns=[...]"
    )
