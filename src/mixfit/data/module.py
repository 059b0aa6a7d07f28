"""Any source of points, as a LightningDataModule.

Batches are slices of the points in memory, or blocks of those on disk as they pass by, so there are no worker
processes, no copies and no padding. With several processes each takes its own share of every batch, and the shares of
a batch add up to it exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from pytorch_lightning import LightningDataModule

from mixfit.data.batch import Batch
from mixfit.data.dataset import Dataset, Rows, generator
from mixfit.errors import InputError


class Source(Protocol):
    """Where points come from."""

    def load(self, seed: int) -> Dataset:
        """The points; the same for the same seed."""
        ...


class MixtureDataModule(LightningDataModule):
    """Training, validation and test points in batches.

    Args:
        source: where the points come from.
        batch_size: rows per step over all processes; None for all of them, the full batch.
        seed: of synthetic points, of the partition and of the order of batches.
    """

    def __init__(self, source: Source, batch_size: int | None = None, seed: int = 0) -> None:
        super().__init__()
        if batch_size is not None and batch_size < 1:
            raise InputError(
                f"data.batch_size={batch_size}: a batch holds at least one row; null means all of them at once"
            )
        if seed < 0:
            raise InputError(f"seed={seed}: a seed is a whole number from 0 up")
        self.source = source
        self.batch_size = batch_size
        self.seed = seed
        self._dataset: Dataset | None = None

    @property
    def dataset(self) -> Dataset:
        """The points, loaded when first asked for."""
        if self._dataset is None:
            self._dataset = self.source.load(self.seed)
        return self._dataset

    @property
    def full_batch(self) -> bool:
        """Whether one batch is all there is to fit."""
        return self.batch_size is None or self.batch_size >= len(self.dataset.train)

    def setup(self, stage: str) -> None:
        """Loads the points."""
        _ = self.dataset

    def train_dataloader(self) -> Batches:
        """The training points, in a new order each epoch unless they make one batch."""
        size = len(self.dataset.train) if self.batch_size is None else self.batch_size
        self._check_shares()
        return self._batches(self.dataset.train, size, shuffled=not self.full_batch)

    def val_dataloader(self) -> Batches | list[Batches]:
        """The validation points; nothing where there are none."""
        return self._held_out(self.dataset.val)

    def test_dataloader(self) -> Batches | list[Batches]:
        """The test points; nothing where there are none."""
        return self._held_out(self.dataset.test)

    def on_before_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Points in the mixture's own coordinates: subtracted and divided in float64, before they change device."""
        module: Any = self.trainer and self.trainer.lightning_module  # a MixtureModule, which this file cannot import
        return batch.seen_by(module.density.standardized)

    def _check_shares(self) -> None:
        """Raises `InputError` for fewer points than processes, of which one could never see any."""
        n_points, n_ranks = len(self.dataset.train), self.trainer.world_size if self.trainer else 1
        if n_points < n_ranks:
            raise InputError(
                f"{self.dataset.origin}{self.dataset.origin and ': '}{n_points} training points are fewer than the "
                f"{n_ranks} processes that share them; lower trainer.devices, or give more points"
            )

    def _held_out(self, part: Rows) -> Batches | list[Batches]:
        return self._batches(part, len(part), shuffled=False) if len(part) else []

    def _batches(self, part: Rows, size: int, shuffled: bool) -> Batches:
        trainer = self.trainer
        rank, n_ranks = (trainer.global_rank, trainer.world_size) if trainer else (0, 1)
        return Batches(part, size, self.seed if shuffled else None, self, rank, n_ranks)

    @property
    def epoch(self) -> int:
        """The training epoch that is under way: it decides the order of the batches."""
        return self.trainer.current_epoch if self.trainer else 0


class Batches:
    """A re-iterable over batches of some points, this process's share of each.

    Args:
        part: all of the points.
        size: rows per batch over all processes.
        seed: of the order, which changes with the epoch; None keeps the points as they are.
        datamodule: knows the epoch.
        rank: which process this is.
        n_ranks: how many there are.
    """

    def __init__(
        self, part: Rows, size: int, seed: int | None, datamodule: MixtureDataModule, rank: int, n_ranks: int
    ) -> None:
        self.part = part
        self.size = size
        self.seed = seed
        self.datamodule = datamodule
        self.rank = rank
        self.n_ranks = n_ranks

    def __len__(self) -> int:
        return -(-len(self.part) // self.size)

    def __iter__(self) -> Iterator[Batch]:
        # a generator, for whoever goes on asks for its batches before it knows the epoch
        order = None if self.seed is None else generator(self.seed, 5 + 8 * self.datamodule.epoch)
        yield from map(Batch, self.part.batches(self.size, order, self.rank, self.n_ranks))
