"""Rows drawn at random from more rows than anybody counts beforehand: one pass, and memory for the drawn ones alone.

Every row gets a random key, and those with the smallest keys are kept (Efraimidis & Spirakis 2006). The keys come from
one stream of random numbers in the order of the rows, so which rows are kept does not depend on the blocks that bring
them.
"""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor


class Reservoir:
    """Keeps at most `size` rows, each row of all with the same chance, in the order in which they came.

    Args:
        size: how many.
        generator: of the keys, on the CPU; with equal seeds, equal rows.
    """

    def __init__(self, size: int, generator: torch.Generator) -> None:
        self.size = size
        self.generator = generator
        self._most = inf  # a row with a larger key is not among the first `size`
        self._kept: list[tuple[Tensor, ...]] = []

    def add(self, *columns: Tensor) -> None:
        """The next rows, as columns of which each is (n, ...)."""
        keys = torch.rand(len(columns[0]), generator=self.generator, dtype=torch.float64)
        rows = (keys < self._most).nonzero().flatten()
        self._kept.append((keys[rows], *(column[rows.to(column.device)] for column in columns)))
        if sum(len(keys) for keys, *_ in self._kept) > 2 * self.size:
            self._thin()

    @property
    def columns(self) -> tuple[Tensor, ...]:
        """The rows that are kept, in the columns in which they came."""
        self._thin()
        return self._kept[0][1:]

    def _thin(self) -> None:
        """Forgets all rows but those with the smallest keys."""
        columns = [torch.cat(column) for column in zip(*self._kept, strict=True)]
        if len(columns[0]) > self.size:
            rows = columns[0].argsort()[: self.size].sort().values
            columns = [column[rows.to(column.device)] for column in columns]
            self._most = float(columns[0].max())
        self._kept = [tuple(columns)]
