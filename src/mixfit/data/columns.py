"""What do the cells of one column say: which numbers?

Every reader hands over its cells as pyarrow arrays and leaves text as text, because only the request (data.label)
decides whether "01" is the number 1 or a name. So one grammar of numbers serves CSV, text in Parquet and text in NPZ.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mixfit.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

NUMBER = r"(?i)^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$|^[+-]?(inf|infinity|nan)$"
GROUPED = r"[+-]?[0-9]+([.,'_ \u00a0\u202f\u2019][0-9]+)+"
MISSING_NUMBERS = ("", "NA", "N/A", "#N/A", "<NA>", "nan", "NaN", "NAN", "null", "NULL", "None")


@dataclass(frozen=True)
class Column:
    """Consecutive cells of one column, `first_row` rows below the first one of the file."""

    name: str
    cells: "pa.ChunkedArray"
    line: Callable[[int], int | None] | None = None
    within: Callable[[int], str] | None = None
    first_row: int = 0

    def place(self, row: int) -> str:
        """The 1-based `row` of these cells in words: row, the line or the file that it is in, and column."""
        row += self.first_row
        line = self.line(row) if self.line else None
        note = f"line {line} of the file" if line else self.within(row) if self.within else "counted from 1"
        return f"row {row} ({note}), column {self.name!r}"


def is_number(cell: str) -> bool:
    """True if the text is a decimal number, an infinity or NaN, blanks around it aside."""
    return re.search(NUMBER, cell.strip()) is not None


def is_grouped(cell: str) -> bool:
    """True if the text is a number as people write it: with a decimal comma, or with its thousands set apart."""
    return re.fullmatch(GROUPED, cell.strip()) is not None


def numbers(column: Column) -> npt.NDArray[np.floating[Any]]:
    """The (N,) cells as float64 or float32, NaN where one is missing; InputError if one is no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = without_dictionary(column.cells)
    kind = cells.type
    if cells.null_count == 0 and (pa.types.is_float64(kind) or pa.types.is_float32(kind)):
        return array_of(cells)  # to widen a float later changes nothing
    if pa.types.is_decimal(kind):  # pyarrow rounds decimals twice on the direct way, text is rounded once
        cells = pc.cast(cells, pa.string())
    if _is_text(cells.type):
        cells = _numeric_text(column, cells)
    elif not any(is_kind(kind) for is_kind in _numeric_kinds()):
        raise InputError(
            f"column {column.name!r} is of type {kind}, and points need numbers: "
            "leave it out by listing the others in data.columns"
        )
    cells = pc.cast(cells, pa.float64(), safe=False)
    return array_of(pc.fill_null(cells, np.nan) if cells.null_count > 0 else cells)


def _numeric_text(column: Column, cells: Any) -> Any:
    """Trimmed text with nulls for missing cells; every other cell is sure to be a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(cells)
    missing = pc.is_in(trimmed, value_set=texts(MISSING_NUMBERS).cast(trimmed.type))
    present = pc.if_else(missing, pa.scalar(None, trimmed.type), trimmed)
    row = pc.index(pc.fill_null(pc.match_substring_regex(present, NUMBER), True), False).as_py()
    if row >= 0:
        _refuse_text(column, row + 1, present[row].as_py())
    return present


def _refuse_text(column: Column, row: int, text: str) -> None:
    point = " Decimals need a point, not a comma, and thousands nothing between them." if is_grouped(text) else ""
    unnamed = column.line and column.name.isdecimal()
    header = " If the first line holds the names of the columns, set data.header=true." if unnamed else ""
    raise InputError(
        f"{column.place(row)}: {text[:40]!r} stands where a number belongs. If the column is a label, set "
        f"data.label={column.name}; to leave it out, list the others: data.columns=[...].{point}{header}"
    )


def array_of(cells: Any) -> npt.NDArray[Any]:
    """The numbers (N,) of cells of which none is missing, where they lie if they lie in one piece.

    pyarrow's `to_numpy` says the same and imports pandas for it wherever that is installed: 25 MB of every fit of a
    file, and a third of a second.
    """
    dtype = np.dtype(cells.type.to_pandas_dtype())
    chunks = [
        np.frombuffer(chunk.buffers()[1], dtype, len(chunk), chunk.offset * dtype.itemsize)
        for chunk in cells.chunks
        if len(chunk) > 0
    ]
    return chunks[0] if len(chunks) == 1 else np.concatenate([np.empty(0, dtype), *chunks])


def without_dictionary(cells: Any) -> Any:
    """The cells themselves where a dictionary and its codes stand for them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(cells, cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _numeric_kinds() -> tuple[Callable[[Any], bool], ...]:
    from pyarrow import types

    return types.is_integer, types.is_floating, types.is_boolean, types.is_null


def texts(words: tuple[str, ...]) -> Any:
    """Words as an array of pyarrow."""
    import pyarrow as pa

    return pa.array(words, pa.string())
