"""A fit as `python train.py` makes it, without a folder: the same module, data module and trainer of Lightning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Trainer
from pytorch_lightning.plugins.precision import Precision
from torch import Tensor

from mixfit.data.dataset import Dataset, Part, sampling_for_rarity
from mixfit.data.module import MixtureDataModule
from mixfit.effort import passes_per_visit, with_threads
from mixfit.errors import InputError
from mixfit.lightning import interruptible, quiet_lightning
from mixfit.mixtures.density import Density
from mixfit.mixtures.floor import why_on_floor
from mixfit.mixtures.rarity import MOST_POINTS, Rarity
from mixfit.module import MixtureModule
from mixfit.portable import settle_


class OfTheMixture(Precision):
    """The mixture has its type, and points take it over; torch's default type is left alone.

    Lightning's own double precision changes that default for the whole process while it takes a step, so that fits in
    several threads would leave it changed.
    """

    def __init__(self, dtype: torch.dtype) -> None:
        self.precision = "64-true" if dtype is torch.float64 else "32-true"


@dataclass(frozen=True)
class Ended:
    """What a fit has come to.

    Attributes:
        density: fitted, on the device that it was fitted on.
        rarity: of the training points, or of very many of them, drawn at random as a run draws them.
        nlls: of the training points at the beginning of each pass, in nats per point and the data's units.
        passes: over the training points.
        converged: whether it ended by itself.
        doubts: what the user should know, in sentences.
    """

    density: Density
    rarity: Rarity
    nlls: list[float]
    passes: float
    converged: bool
    doubts: list[str]


@dataclass(frozen=True)
class Given:
    """Points that are there already, as a source of data: all of them are fitted."""

    train: Part

    def load(self, seed: int) -> Dataset:
        """The points, whatever the seed."""
        nothing = Part(self.train.points[:0])
        columns = tuple(str(axis) for axis in range(self.train.points.shape[1]))
        return Dataset(self.train, nothing, nothing, columns)


def fitted(
    make_module: Callable[..., MixtureModule],
    train: Part,
    *,
    start: Density | None,
    n_components: int,
    batch_size: int | None,
    max_passes: int,
    seed: int,
    dtype: torch.dtype,
    device: torch.device,
) -> Ended:
    """Fits a module that `make_module` makes, from `start`, which changes, or, if that is None, from its own start."""
    numbers = train.points.numel() * n_components
    module = make_module(max_passes=max_passes, passes_per_visit=passes_per_visit(numbers), seed=seed)
    if start is not None:
        module.begin_at(start, train.weights)
    datamodule = MixtureDataModule(Given(train), batch_size, seed)
    with quiet_lightning(), with_threads(numbers):
        trainer = _trainer(max_passes, dtype, device)
        with interruptible(trainer):
            trainer.fit(module, datamodule)
        module.density.to(device)
        return _ended(module, train)


def _ended(module: MixtureModule, train: Part) -> Ended:
    """The state at the end; or the best one, if a fit that was cut short had seen a better."""
    density = module.density
    seen = None if module.stopped else density.log_density(train.points)
    if seen is not None and module.fitter.settle_(_nll(seen, train) - density.standardization.log_volume):
        seen = None
    if settle_(density):  # what scores is what is saved, to the last bit
        seen = None
    rows = _drawn(len(train))
    among = train.take(rows)
    log_densities = density.log_density(among.points) if seen is None else seen[rows]
    columns = [f"column {axis}" for axis in range(train.points.shape[1])]
    doubts = (
        why_on_floor(density, train.sample.points, columns, len(train)),
        module.doubt,
    )
    return Ended(
        density=density,
        rarity=Rarity.of(log_densities, among.weights),
        nlls=[nll for _, nll in module.history["nll/train"]],
        passes=module.passes,
        converged=module.converged,
        doubts=[doubt for doubt in doubts if doubt],
    )


def _drawn(n_points: int) -> Tensor | slice:
    """Those that say how rare a density is: all, or of very many points so many rows."""
    if n_points <= MOST_POINTS:
        return slice(None)
    drawn = sampling_for_rarity()
    for first in range(0, n_points, MOST_POINTS):  # some at a time: keys of all are more than all that is kept
        drawn.add(torch.arange(first, min(first + MOST_POINTS, n_points)))
    return drawn.columns[0]


def _nll(log_densities: Tensor, train: Part) -> float:
    values = log_densities.to(torch.float64)
    if train.weights is None:
        return -float(values.mean())
    return -float((values.cpu() * train.weights).sum() / train.weights.sum())


def _trainer(max_epochs: int, dtype: torch.dtype, device: torch.device) -> Trainer:
    where: dict[str, Any] = {"accelerator": device.type, "devices": [device.index or 0]}
    if device.type == "cpu":
        where["devices"] = 1
    try:
        return Trainer(
            **where,
            plugins=[OfTheMixture(dtype), LightningEnvironment()],  # alone, whatever cluster this process is part of
            max_epochs=max_epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
    except (MisconfigurationException, ValueError) as error:
        raise InputError(f"device={device}: {error}") from error
