"""The user's own points, from CSV, TSV, Parquet, NPY or NPZ."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from mixfit.data.dataset import Dataset, Part, split
from mixfit.data.tables import read_table


class File:
    """A table of numbers, partitioned at random.

    Args:
        path: of the file.
        columns: which columns to fit, by name or number; None for every column but the label and an index of the rows.
        label: the column that holds the true group of each point, used for the adjusted Rand index only.
        header: whether the first line names the columns; None to find out.
        val_fraction: share of the points that chooses the best checkpoint; 0 fits on them too.
        test_fraction: share of the points that the fit is judged on; 0 fits on them too.
    """

    def __init__(
        self,
        path: str | Path,
        columns: Sequence[str | int] | None = None,
        label: str | int | None = None,
        header: bool | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
    ) -> None:
        self.path = path
        self.columns = columns
        self.label = label
        self.header = header
        self.fractions = (val_fraction, test_fraction)

    def load(self, seed: int) -> Dataset:
        """The points of the file; only the partition depends on the seed."""
        table = read_table(self.path, self.columns, self.label, self.header)
        if table.left_out:
            sys.stderr.write(
                f"data.path={self.path}: column {' and '.join(map(repr, table.left_out))} is an index of the rows "
                "and is not fitted; data.columns=[...] would\n"
            )
        labels = None if table.labels is None else torch.from_numpy(table.labels)
        return split(Part(torch.from_numpy(table.points), labels), table.columns, *self.fractions, seed)
