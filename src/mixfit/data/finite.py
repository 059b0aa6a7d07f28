"""Is every cell of the points a finite number?

Neither EM nor a gradient survives a NaN, and to fill gaps is a decision about the data that a reader of files must
not take. The whole file is counted before it is refused, so that its owner knows whether one cell is missing or a
million.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mixfit.data.columns import Column
from mixfit.errors import InputError


class FiniteCheck:
    """Counts the cells that hold no finite number, chunk after chunk."""

    def __init__(self) -> None:
        self._missing = 0
        self._infinite = 0
        self._first = ""

    def passes(self, points: npt.NDArray[np.float64], columns: Sequence[Column]) -> bool:
        """Whether all cells so far are finite, these points (n, D) of the columns included."""
        finite = np.isfinite(points)
        if not finite.all():
            row, j = divmod(int(finite.argmin()), len(columns))
            self._first = self._first or columns[j].place(row + 1)
            missing = int(np.isnan(points).sum())
            self._missing += missing
            self._infinite += finite.size - int(finite.sum()) - missing
        return not self._first

    def check(self) -> None:
        """InputError if a cell was not finite anywhere."""
        if self._first:
            counts = {"missing or NaN": self._missing, "infinite or beyond the range of float64": self._infinite}
            found = ", ".join(f"{what}: {number}" for what, number in counts.items() if number)
            raise InputError(
                f"cells that are {found}; the first is {self._first}. Such a point has no density: fill these cells, "
                "delete their rows, or leave their columns out by data.columns=[...]"
            )
