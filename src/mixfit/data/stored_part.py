"""Points that stay on disk and pass by, block by block: for data larger than memory.

One look at the file leaves what a fit needs to begin: moments for the standardization, and a random sample for the
start, the pictures and all that is no sum over points. After it every pass reads the file anew, a piece ahead of the
arithmetic. A sum does not care about the order of its terms, so several processes each read some of the pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mixfit.data.ahead import ahead
from mixfit.data.dataset import Blocks, Dataset, Part
from mixfit.data.look import Look
from mixfit.data.partition import TEST, TRAIN, VAL, Partition
from mixfit.data.shuffle import shuffled
from mixfit.data.stored_table import STRETCH, StoredTable, Stretch
from mixfit.effort import with_threads
from mixfit.mixtures.moments import Moments


class StoredPart:
    """Some of the rows of a table on disk.

    Args:
        table: all rows.
        partition: which of them belong to which part.
        number: of this part.
        look: what the first pass has found.
    """

    is_small = False
    weights = None

    def __init__(self, table: StoredTable, partition: Partition, number: int, look: Look) -> None:
        self.table = table
        self.partition = partition
        self.number = number
        self.look = look

    def __len__(self) -> int:
        return self.partition.sizes[self.number]

    @property
    def dim(self) -> int:
        """D."""
        return len(self.table.columns)

    @property
    def points(self) -> Tensor:
        """(N, D), all of them, read into memory."""
        return torch.cat([block.points for block in self.blocks()])

    @property
    def labels(self) -> Tensor | None:
        """(N,), likewise."""
        return (
            torch.cat([block.labels for block in self.blocks() if block.labels is not None]) if self.n_labels else None
        )

    @property
    def total_weight(self) -> float:
        """How many points there are."""
        return float(len(self))

    @property
    def n_labels(self) -> int:
        """How many true groups there are in the whole table; none where no column names them."""
        return self.table.n_labels

    @property
    def moments(self) -> Moments:
        """Of the points."""
        return self.look.moments

    @property
    def weighted_moments(self) -> Moments:
        """The same, for stored points count once."""
        return self.moments

    @property
    def sample(self) -> Part:
        """All points in their order if they are few, and else so many, drawn at random."""
        return self.look.sample

    def blocks(self) -> Iterator[Part]:
        """All points in their order, read while the last block is used."""
        return ahead(self.read(range(len(self.table.pieces))))

    def batches(self, size: int, order: torch.Generator | None, rank: int, n_ranks: int) -> Iterator[Blocks]:
        """All points as one batch that passes by; or, in a random order, batches in memory."""
        if order is None:
            yield Share(self, range(rank, len(self.table.pieces), n_ranks))
        else:
            blocks = self.read(torch.randperm(len(self.table.pieces), generator=order).tolist())
            yield from shuffled(ahead(blocks), size, order, rank, n_ranks)

    def read(self, numbers: Iterable[int]) -> Iterator[Part]:
        """The points in the pieces with these numbers."""
        return map(self.rows_of, self.table.read(numbers))

    def rows_of(self, stretch: Stretch) -> Part:
        """Those of some rows of the table that belong to this part."""
        points, labels = stretch.points, stretch.labels
        mine = self.partition.parts(stretch.first_row, len(points)) == self.number
        if not mine.all():  # by NumPy, for torch's threads are busy with the fit
            rows = mine.nonzero()[0]
            points, labels = points.take(rows, axis=0), None if labels is None else labels.take(rows)
        return Part(torch.from_numpy(points), None if labels is None else torch.from_numpy(labels))


@dataclass(frozen=True)
class Share:
    """What one of several processes looks at: some pieces of a table, perhaps none."""

    part: StoredPart
    pieces: Sequence[int]
    is_small = False

    @property
    def dim(self) -> int:
        """D."""
        return self.part.dim

    def blocks(self) -> Iterator[Part]:
        """The points in these pieces."""
        return ahead(self.part.read(self.pieces))


def streamed(table: StoredTable, val_fraction: float, test_fraction: float, seed: int) -> Dataset:
    """The table in its three parts, after the one look that all of them need; no row is kept but the samples'."""
    partition = Partition.of(len(table), val_fraction, test_fraction, seed)
    parts = [StoredPart(table, partition, number, Look(len(table.columns))) for number in (TRAIN, VAL, TEST)]
    with with_threads(STRETCH):
        for stretch in ahead(table.read(range(len(table.pieces)))):
            for part in parts:
                part.look.add(part.rows_of(stretch))
    train, val, test = parts
    return Dataset(train, val, test, table.columns, origin=f"data.path={table.path}")
