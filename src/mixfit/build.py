"""From a composed configuration to what Lightning fits: the points, the mixture and its optimizer, the trainer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.callbacks import ModelCheckpoint

from mixfit.checkpoint_files import FirstCheckpoints, WholeFiles
from mixfit.data.dataset import Rows
from mixfit.data.module import MixtureDataModule
from mixfit.effort import passes_per_visit
from mixfit.errors import InputError
from mixfit.folder import SkippedError
from mixfit.given.given import Given
from mixfit.lightning import OwnSignals
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.initializer import Initializer
from mixfit.mixtures.search import Search
from mixfit.module import MixtureModule
from mixfit.parts import called, move_of, optimizer_of, part, start_of
from mixfit.processes import EndsOthers
from mixfit.selecting import begin_at


def options_of(node: DictConfig) -> dict[str, Any]:
    """A group of the configuration in plain values."""
    options = OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    assert isinstance(options, dict)  # a group of the configuration is a mapping by its schema
    return {str(key): value for key, value in options.items()}


def build_datamodule(config: DictConfig) -> MixtureDataModule:
    """The points that `data` names."""
    options = options_of(config.data)
    batch_size = options.pop("batch_size")
    return MixtureDataModule(called("data", part("data", options, object), options), batch_size, config.seed)


def build_module(config: DictConfig, datamodule: MixtureDataModule, found: Components | None = None) -> MixtureModule:
    """The mixture and the way to fit it that `model`, `covariance`, `init` and `optimizer` name.

    It begins at the components that a selection has found, where it has found some.
    """
    make_optimizer, stopping, family = optimizer_of(options_of(config.optimizer))
    family = family or part("covariance", options_of(config.covariance), Covariance)
    covariance = family(config.model.n_components, datamodule.dataset.train.dim)
    return MixtureModule(
        n_components=config.model.n_components,
        covariance=family,
        optimizer=make_optimizer,
        stopping=stopping,
        floor=config.model.floor,
        max_passes=config.trainer.max_epochs,
        passes_per_visit=passes_per_visit(numbers_per_pass(config, datamodule)),
        batches_per_step=config.trainer.accumulate_grad_batches,
        seed=config.seed,
        **_beginning(config, covariance, datamodule.dataset.train, found),
    )


def _beginning(config: DictConfig, covariance: Covariance, train: Rows, found: Components | None) -> dict[str, Any]:
    """What the module is told of where the fit begins: how to search, or that the start is given."""
    options, moves = options_of(config.init), options_of(config.moves)
    start = start_of(options)
    if isinstance(start, Given):
        initial = start.initial(covariance)
        move, patience = move_of(moves)
        return {
            "search": Search(move=move, patience=patience),
            "adjust": partial(initial.put_, train=train),
            "reseeds": not initial.is_complete,
            "start_is_given": True,
        }
    search = search_of(start, options, moves)
    if found is None:
        return {"search": search}
    return {"search": search, "adjust": partial(begin_at, found), "start_is_given": True}


def search_of(start: Initializer, options: dict[str, Any], moves: dict[str, Any]) -> Search:
    """The search from the draws of an initializer that the options of `init` and `moves` ask for."""
    for key in ("restarts", "n_passes"):
        if key not in options:
            raise InputError(f"init.{key} is missing: give init.{key}=...")
    return Search(start, options["restarts"], options["n_passes"], *move_of(moves))


def ignores_covariance(config: DictConfig, module: MixtureModule) -> bool:
    """Whether the optimizer insists on a family other than the one that `covariance` names."""
    return not str(config.covariance.get("_target_")).endswith(f".{module.family.__name__}")


def numbers_per_pass(config: DictConfig, datamodule: MixtureDataModule) -> int:
    """N·K·D: what a pass over the training points looks at."""
    return max(1, len(datamodule.dataset.train) * datamodule.dataset.train.dim * config.model.n_components)


def build_trainer(
    config: DictConfig, folder: Path, module: MixtureModule, datamodule: MixtureDataModule, callbacks: list[pl.Callback]
) -> pl.Trainer:
    """Lightning's trainer with the checkpoints and callbacks of a run."""
    options = options_of(config.trainer)
    del options["accumulate_grad_batches"]  # the module's, for Lightning leaves it to a manual loop
    monitor = "nll/val" if len(datamodule.dataset.val) else "nll/train"
    accelerator = options["accelerator"]
    precision = options["precision"] or ("32-true" if _is_mps(accelerator) else "64-true")
    best = ModelCheckpoint(
        dirpath=folder / "checkpoints",
        filename="best",
        monitor=monitor,
        auto_insert_metric_name=False,
        enable_version_counter=False,
    )
    last = ModelCheckpoint(
        dirpath=folder / "checkpoints", filename="last", save_on_train_epoch_end=True, enable_version_counter=False
    )
    try:
        return pl.Trainer(
            **options | {"precision": precision},
            callbacks=[EndsOthers(), best, last, FirstCheckpoints(folder), OwnSignals(), *callbacks],
            plugins=[WholeFiles()],
            default_root_dir=folder,
            logger=False,
            num_sanity_val_steps=0,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
    except (MisconfigurationException, ValueError, TypeError) as error:
        if _is_missing(accelerator):
            raise SkippedError(f"no {accelerator} here; choose trainer=cpu or trainer=auto") from error
        raise InputError(f"trainer: {error}") from error


def _is_mps(accelerator: str) -> bool:
    automatic = accelerator == "auto" and not torch.cuda.is_available() and torch.backends.mps.is_available()
    return accelerator == "mps" or automatic


def _is_missing(accelerator: str) -> bool:
    has = {
        "gpu": torch.cuda.is_available(),
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    return not has.get(accelerator, True)
