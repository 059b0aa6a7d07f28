"""The user's own points, from CSV, TSV, Parquet, NPY or NPZ, or from a folder of Parquet files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from mixfit.data.dataset import Dataset, Part, split
from mixfit.data.memory import is_too_large
from mixfit.data.stored_part import streamed
from mixfit.data.stored_table import StoredTable
from mixfit.data.tables import read_table, size_of


class File:
    """A table of numbers, partitioned at random.

    Args:
        path: of the file, or of a folder whose *.parquet files are one table.
        columns: which columns to fit, by name or number; None for every column but the label and an index of the rows.
        label: the column that holds the true group of each point, used for the adjusted Rand index only.
        header: whether the first line names the columns; None to find out.
        val_fraction: share of the points that chooses the best checkpoint; 0 fits on them too.
        test_fraction: share of the points that the fit is judged on; 0 fits on them too.
        stream: whether the points stay on disk and are read anew for every pass, which Parquet and NPY allow; None does
            so where they would take more of the memory than a fit can spare.
    """

    def __init__(
        self,
        path: str | Path,
        columns: Sequence[str | int] | None = None,
        label: str | int | None = None,
        header: bool | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
        stream: bool | None = None,
    ) -> None:
        self.path = path
        self.columns = columns
        self.label = label
        self.header = header
        self.fractions = (val_fraction, test_fraction)
        self.stream = stream

    def load(self, seed: int) -> Dataset:
        """The points of the file; only the partition depends on the seed."""
        return self._on_disk(seed) if self._stays_on_disk() else self._in_memory(seed)

    def _stays_on_disk(self) -> bool:
        if self.stream is not None:
            return self.stream
        size = size_of(self.path, self.columns, self.label)
        return size is not None and is_too_large(size)

    def _on_disk(self, seed: int) -> Dataset:
        table = StoredTable(Path(self.path), self.columns, self.label)
        self._tell(table.left_out)
        return streamed(table, *self.fractions, seed)

    def _in_memory(self, seed: int) -> Dataset:
        table = read_table(self.path, self.columns, self.label, self.header)
        self._tell(table.left_out)
        labels = None if table.labels is None else torch.from_numpy(table.labels)
        dataset = split(Part(torch.from_numpy(table.points), labels), table.columns, *self.fractions, seed)
        return replace(dataset, origin=f"data.path={self.path}")

    def _tell(self, left_out: tuple[str, ...]) -> None:
        if left_out:
            sys.stderr.write(
                f"data.path={self.path}: column {' and '.join(map(repr, left_out))} is an index of the rows "
                "and is not fitted; data.columns=[...] would\n"
            )
