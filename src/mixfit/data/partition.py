"""Which point is in which part? Decided block by block, so that memory stands in the way of no number of points.

Within a block of `BLOCK` rows a random permutation divides the rows, and each block takes of every part what is its due
of the points that are left. So a row's part depends on the seed, the number of rows and its place alone, whether the
points are in memory or pass by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mixfit.errors import InputError

BLOCK = 2**20
"""Rows of a block: its permutation takes 8 MiB for a moment."""

TRAIN, VAL, TEST = range(3)


@dataclass(frozen=True)
class Partition:
    """A random division of rows into training, validation and test.

    Attributes:
        sizes: of the three parts.
        block: rows of each block but the last.
        by_block: (n_blocks, 3), how many rows of each block belong to each part.
        seed: of the permutations.
    """

    sizes: tuple[int, int, int]
    block: int
    by_block: tuple[tuple[int, int, int], ...]
    seed: int

    @classmethod
    def of(cls, n_points: int, val_fraction: float, test_fraction: float, seed: int) -> Partition:
        """That of so many rows; raises `InputError` for fractions that leave nothing to fit."""
        for key, fraction in {"data.val_fraction": val_fraction, "data.test_fraction": test_fraction}.items():
            if not 0 <= fraction < 1:
                raise InputError(f"{key}={fraction}: a share of the points must lie in [0, 1); change {key}")
        sizes = n_train, n_val, n_test = part_sizes(n_points, val_fraction, test_fraction)
        if n_train <= 0:
            raise InputError(
                f"{n_val} validation and {n_test} test points leave none of {n_points} to fit; "
                "lower data.val_fraction or data.test_fraction"
            )
        return cls(sizes, BLOCK, tuple(_shares(sizes, BLOCK)), seed)

    def rows(self, part: int) -> Tensor:
        """The rows of a part, ascending."""
        found = [torch.from_numpy(np.flatnonzero(_parts(self, block) == part)) for block in range(len(self.by_block))]
        return torch.cat([rows + block * self.block for block, rows in enumerate(found)])

    def parts(self, first: int, n_rows: int) -> npt.NDArray[np.uint8]:
        """The part, 0 to 2, of each of so many rows from the first on, (n_rows,)."""
        pieces, end = [], first + n_rows
        while first < end:
            block, inside = divmod(first, self.block)
            n_here = min(end - first, self.block - inside)
            pieces.append(_parts(self, block)[inside : inside + n_here])
            first += n_here
        return np.concatenate(pieces) if len(pieces) != 1 else pieces[0]


def part_sizes(n_points: int, val_fraction: float, test_fraction: float) -> tuple[int, int, int]:
    """How many of all points are for training, validation and test."""
    n_val, n_test = round(val_fraction * n_points), round(test_fraction * n_points)
    return n_points - n_val - n_test, n_val, n_test


def generator(seed: int, stream: int) -> torch.Generator:
    """An independent stream of random numbers for each use of one seed."""
    return torch.Generator().manual_seed(8 * seed + stream)


def _shares(sizes: tuple[int, int, int], block: int) -> Iterator[tuple[int, int, int]]:
    """Of each block, its due of what is left of each part: no part runs out before the last block."""
    n_train, n_val, n_test = sizes
    while left := n_train + n_val + n_test:
        here = min(block, left)
        val = round(n_val * here / left)
        test = min(round(n_test * here / left), here - val)
        missing = max(0, here - val - test - n_train)  # rounded down twice where next to nothing is fitted
        val, test = val + min(missing, n_val - val), test + max(0, missing - (n_val - val))
        yield here - val - test, val, test
        n_train, n_val, n_test = n_train - (here - val - test), n_val - val, n_test - test


@lru_cache(maxsize=8)
def _parts(partition: Partition, block: int) -> npt.NDArray[np.uint8]:
    """The part of each row of a block."""
    sizes = partition.by_block[block]
    parts = np.zeros(sum(sizes), np.uint8)
    if sizes[TRAIN] < len(parts):
        order = torch.randperm(len(parts), generator=generator(partition.seed, 8 * block)).numpy()
        parts[order[sizes[TRAIN] : len(parts) - sizes[TEST]]] = VAL
        parts[order[len(parts) - sizes[TEST] :]] = TEST
    return parts
