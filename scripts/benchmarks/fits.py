"""Fits as `train.py` makes them, but in this process: the same configuration, built by the same functions."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from mixfit.build import build_datamodule, build_module, build_trainer, numbers_per_pass
from mixfit.catalogue import CONFIGS
from mixfit.data.dataset import Dataset
from mixfit.effort import use_threads
from mixfit.mixtures.density import Density
from mixfit.module import MixtureModule
from scripts.benchmarks.race import seconds_of


@dataclass(frozen=True)
class Fit:
    """What came of a run.

    Attributes:
        density: at the best checkpoint.
        start: the means that the fit started from, (K, D), in the data's units.
        dataset: the points.
        passes: over the training points.
        converged: whether the stopping rule ended it.
        seconds: that `trainer.fit` took.
        threads: that torch used.
    """

    density: Density
    start: Tensor
    dataset: Dataset
    passes: float
    converged: bool
    seconds: float
    threads: int


def fit(*overrides: str) -> Fit:
    """Composes the configuration with the overrides, fits, and takes the best checkpoint."""
    config, start = composed(*overrides), Start()
    with TemporaryDirectory() as name, quietly(), own_threads():
        folder = Path(name)
        datamodule = build_datamodule(config)
        use_threads(numbers_per_pass(config, datamodule))
        module = build_module(config, datamodule)
        trainer = build_trainer(config, folder, module, datamodule, [start])
        seconds = seconds_of(lambda: trainer.fit(module, datamodule))
        best = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)
        module.load_state_dict(best["state_dict"])
        threads = torch.get_num_threads()
    return Fit(module.density, start.means, datamodule.dataset, module.passes, module.converged, seconds, threads)


def composed(*overrides: str) -> DictConfig:
    """What Hydra makes of `python train.py` with the overrides."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose("train", list(overrides))


class Start(Callback):
    """Remembers where a fit started."""

    means: Tensor

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if isinstance(pl_module, MixtureModule):
            self.means = pl_module.density.means


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps the bars, notices and hints of a fit out of the tables; errors come through."""
    lightning = logging.getLogger("pytorch_lightning")
    level = lightning.level
    lightning.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_utilities")
            yield
    finally:
        lightning.setLevel(level)


@contextmanager
def own_threads() -> Iterator[None]:
    """Undoes afterwards what a run decides about torch's threads for itself."""
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
