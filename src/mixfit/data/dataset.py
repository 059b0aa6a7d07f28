"""Points in three parts: to fit, to choose by, and to judge on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from mixfit.data.partition import Partition, generator, part_sizes
from mixfit.data.truth import Truth
from mixfit.errors import InputError
from mixfit.mixtures.density import Density
from mixfit.mixtures.initializers.start import MOST_POINTS
from mixfit.mixtures.moments import AT_ONCE, Moments, slices
from mixfit.mixtures.rarity import MOST_POINTS as MOST_FOR_RARITY
from mixfit.mixtures.reservoir import Reservoir

__all__ = ["Blocks", "Dataset", "Part", "Rows", "drawn", "generator", "part_sizes", "split"]


class Blocks(Protocol):
    """What can be gone through a block at a time, as often as one likes."""

    @property
    def dim(self) -> int:
        """D."""
        ...

    @property
    def is_small(self) -> bool:
        """Whether it is in memory, and one block."""
        ...

    def blocks(self) -> Iterator[Part]:
        """All points, some at a time, in memory; the same in every pass."""
        ...


class Rows(Blocks, Protocol):
    """Some of the points, in memory or not."""

    def __len__(self) -> int: ...

    @property
    def points(self) -> Tensor:
        """(N, D), float64, all of them at once: for whoever knows that they fit into memory."""
        ...

    @property
    def labels(self) -> Tensor | None:
        """(N,), their true groups where these are known, likewise."""
        ...

    @property
    def weights(self) -> Tensor | None:
        """(N,), how often each point counts; None for once."""
        ...

    @property
    def total_weight(self) -> float:
        """How many points there are, counted with their weights."""
        ...

    @property
    def n_labels(self) -> int:
        """How many true groups the labels count, from 0; none where the groups are not known."""
        ...

    @property
    def moments(self) -> Moments:
        """Of the points, each counted once; there must be one."""
        ...

    @property
    def weighted_moments(self) -> Moments:
        """The same, counted with the weights."""
        ...

    @property
    def sample(self) -> Part:
        """All points in their order if they are few; or of more than `MOST_POINTS` so many, drawn at random."""
        ...

    def batches(self, size: int, order: torch.Generator | None, rank: int, n_ranks: int) -> Iterator[Blocks]:
        """This process's share of each batch, over all processes of `size` points.

        Without a generator the points stay in their order. All processes get as many batches, of which a share may be
        empty, and all shares of a batch together are the batch.
        """
        ...


@dataclass(frozen=True)
class Part:
    """Some of the points, in memory.

    Attributes:
        points: (N, D), float64, in the data's units; N may be 0 for validation and test.
        labels: (N,), integers, where the points' true groups are known; never shown to a fit.
        weights: (N,), positive: how often each point counts; None for once.
    """

    points: Tensor
    labels: Tensor | None = None
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.points)

    @property
    def dim(self) -> int:
        """D."""
        return self.points.shape[1]

    @property
    def total_weight(self) -> float:
        """How many points there are, counted with their weights."""
        return float(len(self)) if self.weights is None else float(self.weights.sum())

    @property
    def n_labels(self) -> int:
        """One more than the largest label; none where there are no labels."""
        return 0 if self.labels is None or not len(self) else int(self.labels.max()) + 1

    @cached_property
    def moments(self) -> Moments:
        """Of the points, each counted once."""
        return Moments.of(self.points)

    @cached_property
    def weighted_moments(self) -> Moments:
        """The same, counted with the weights."""
        return self.moments if self.weights is None else Moments.of(self.points, self.weights)

    @cached_property
    def sample(self) -> Part:
        """All of it, or of more than `MOST_POINTS` points so many, drawn at random but always the same."""
        if len(self) <= MOST_POINTS:
            return self
        drawn = sampling()
        for rows in slices(self.points):
            drawn.add(torch.arange(rows.start, min(rows.stop, len(self))))
        return self.take(drawn.columns[0].to(self.points.device))

    @property
    def is_small(self) -> bool:
        """Whether it is one block."""
        return self.points.numel() <= AT_ONCE

    def blocks(self) -> Iterator[Part]:
        """All of it at once if it is small, and else slices of it."""
        if self.is_small:
            yield self
        else:
            yield from map(self.take, slices(self.points))

    def batches(self, size: int, order: torch.Generator | None, rank: int, n_ranks: int) -> Iterator[Part]:
        """Slices of the points, or of the points in a random order, and of each every `n_ranks`-th point."""
        rows = None if order is None else torch.randperm(len(self), generator=order)
        for first in range(0, len(self), size):
            mine = slice(first + rank, first + size, n_ranks)
            yield self.take(mine if rows is None else rows[mine])

    def take(self, rows: Tensor | slice) -> Part:
        """The points at the given rows."""
        labels, weights = (column if column is None else column[rows] for column in (self.labels, self.weights))
        return Part(self.points[rows], labels, weights)


@dataclass(frozen=True)
class Dataset:
    """What a source of data returns.

    Attributes:
        train: the points that are fitted.
        val: held out to choose the best checkpoint; may be empty.
        test: held out to judge; may be empty.
        columns: D names.
        truth: what the points were drawn from, where it is known.
        origin: what errors call the points, as one types it.
    """

    train: Rows
    val: Rows
    test: Rows
    columns: tuple[str, ...]
    truth: Truth | None = None
    origin: str = ""

    @property
    def named_columns(self) -> list[str]:
        """The names as a sentence has them: one that is a number is called a column."""
        return [f"column {name}" if name.isdigit() else name for name in self.columns]

    @property
    def true_components(self) -> Density | None:
        """The truth, where it is a mixture of a few components, to compare those of a fit with."""
        return self.truth if isinstance(self.truth, Density) else None


def sampling() -> Reservoir:
    """What draws a part's sample, in memory and on disk alike: the same rows of as many."""
    return Reservoir(MOST_POINTS, generator(1, 7))


def sampling_for_rarity() -> Reservoir:
    """What draws the points that say how rare a density is, for a run and an estimator alike."""
    return Reservoir(MOST_FOR_RARITY, generator(0, 7))


def drawn(truth: Truth, n_samples: int, n_val: int, n_test: int, seed: int) -> Dataset:
    """Independent draws from a true density; each part depends on the seed and its own size alone."""
    sizes = {"data.n_samples": n_samples, "data.n_val": n_val, "data.n_test": n_test}
    for key, size in sizes.items():
        least = 1 if key == "data.n_samples" else 0
        if size < least:
            raise InputError(f"{key}={size}: there must be at least {least} points; raise {key}")
    train, val, test = (
        Part(*truth.sample(size, generator(seed, stream))) for stream, size in enumerate(sizes.values())
    )
    columns = tuple(f"x{axis}" for axis in range(train.dim))
    return Dataset(train, val, test, columns, truth)


def split(everything: Part, columns: tuple[str, ...], val_fraction: float, test_fraction: float, seed: int) -> Dataset:
    """A random partition; fractions are of all points, and what is left is fitted."""
    partition = Partition.of(len(everything), val_fraction, test_fraction, seed)
    train, val, test = (
        everything if size == len(everything) else everything.take(partition.rows(part))
        for part, size in enumerate(partition.sizes)
    )
    return Dataset(train, val, test, columns)
