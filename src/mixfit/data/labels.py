"""To which group does each row belong, by the words or numbers in its cell of the label column?

Groups are counted from 0 in the order in which they first appear in the file. The count goes on from one chunk of the
file to the next, so a chunk's codes are those that reading the file at once would give.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from mixfit.data.columns import Column, texts, without_dictionary
from mixfit.errors import InputError

MISSING_LABELS = ("", "nan", "NaN")  # "NA" and "None" may well be the name of a class


class LabelCodes:
    """The codes of the label column, chunk after chunk."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._missing = 0
        self._first_missing = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What the codes stand for, so far."""
        return tuple(self._codes)

    def of(self, column: Column) -> npt.NDArray[np.int64]:
        """The codes (n,) of the column's next cells; missing labels get one too, and `check` refuses them later."""
        import pyarrow.compute as pc

        cells = _label_text(column)
        self._look_for_missing(cells, column)
        names = pc.unique(cells)
        codes = np.array([self._codes.setdefault(name, len(self._codes)) for name in names.to_pylist()], np.int64)
        return codes[pc.index_in(cells, value_set=names).to_numpy()]

    @property
    def complete(self) -> bool:
        """Whether every row had a label so far."""
        return not self._missing

    def check(self) -> None:
        """InputError if a label was missing anywhere."""
        if self._missing:
            raise InputError(
                f"missing labels: {self._missing}, the first in {self._first_missing}; "
                "fill these cells, or choose another column in data.label"
            )

    def _look_for_missing(self, cells: Any, column: Column) -> None:
        import pyarrow.compute as pc

        missing = pc.is_in(cells, value_set=texts(MISSING_LABELS))
        count = pc.sum(missing).as_py() or 0
        if count and not self._missing:
            self._first_missing = column.place(pc.index(missing, True).as_py() + 1)
        self._missing += count


def _label_text(column: Column) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        text = pc.cast(without_dictionary(column.cells), pa.string())
        return pc.utf8_trim_whitespace(pc.fill_null(text, ""))
    except pa.ArrowException as error:
        raise InputError(
            f"column {column.name!r} is of type {column.cells.type}, and labels are text or numbers: "
            "choose another column in data.label"
        ) from error
