"""Which columns of a file were asked for, by name or by number?

A name comes before a number, for a column may be named "1". The errors list what there is.
"""

import difflib
from collections import Counter
from collections.abc import Sequence

from mixfit.data.column_file import ColumnFile
from mixfit.errors import InputError

NAMES_SHOWN = 20


def positions(
    file: ColumnFile, columns: Sequence[str | int] | None, label: str | int | None
) -> tuple[list[int], int | None]:
    """Where the coordinates stand, in the order asked for, and where the label does; InputError if the choice is bad.

    None for the columns means all but the label, and but the file's index of its rows.
    """
    if not file.names:
        raise InputError("holds no columns: there is no point in it; name another file in data.path")
    label_position = None if label is None else _position(file, label, "data.label")
    return _feature_positions(file, columns, label_position), label_position


def shown(names: Sequence[str]) -> str:
    """The names, or the first ones of many."""
    return ", ".join(names[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")


def _feature_positions(file: ColumnFile, columns: Sequence[str | int] | None, label_position: int | None) -> list[int]:
    if isinstance(columns, str):
        raise InputError(f"data.columns={columns} is one name: it must be a list, data.columns=[{columns}]")
    if columns is None:
        chosen = [j for j in range(len(file.names)) if j != label_position and j not in file.index]
    else:
        chosen = [_position(file, column, "data.columns") for column in columns]
    if not chosen:
        raise InputError("no column is left for the points: data.columns must name one that data.label does not")
    twice = [j for j, times in Counter([*chosen, label_position]).items() if times > 1 and j is not None]
    if twice:
        name = file.names[twice[0]]
        raise InputError(f"column {name!r} is chosen twice: name it once in data.columns and data.label together")
    return chosen


def _position(file: ColumnFile, wanted: str | int, key: str) -> int:
    """Where the wanted column stands; `key` is the config key that asked for it."""
    bearing = [j for j, name in enumerate(file.names) if name == wanted]
    if len(bearing) > 1:
        numbered = ", ".join(map(str, bearing))
        raise InputError(f"{len(bearing)} columns are named {wanted!r}: choose by number in {key}, one of {numbered}")
    if bearing:
        return bearing[0]
    digits = str(wanted)
    if digits.isascii() and digits.isdecimal() and len(digits) < 10 and int(digits) < len(file.names):
        return int(digits)
    raise InputError(f"{key} asks for column {wanted!r}, and there is none. {_existing(file, digits)}")


def _existing(file: ColumnFile, wanted: str) -> str:
    near = difflib.get_close_matches(wanted, file.names, n=1)
    nearest = f" The nearest is {near[0]!r}." if near else ""
    unnamed = file.line is not None and file.names[0] == "0"
    header = " If the first line holds names, set data.header=true." if unnamed else ""
    n_columns = len(file.names)
    return f"The {n_columns} columns, which also go by the numbers from 0, are: {shown(file.names)}.{nearest}{header}"
