"""The composition root: the one module that sees the configuration.

`run` reads top to bottom as the life of an experiment: build, fit, take the best checkpoint, measure, record.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from mixfit import runs
from mixfit.build import (
    build_datamodule,
    build_module,
    build_trainer,
    ignores_covariance,
    numbers_per_pass,
    options_of,
)
from mixfit.checkpoint import check_checkpoints, loaded
from mixfit.configuration import check
from mixfit.data.module import MixtureDataModule
from mixfit.effort import use_threads
from mixfit.errors import InputError, sentence
from mixfit.folder import BEST, LAST, SkippedError, checkpoint_of, claimed, clear, recorded
from mixfit.lightning import interruptible, quiet_lightning
from mixfit.module import MixtureModule
from mixfit.one_move import write_in_one_move
from mixfit.portable import settle_
from mixfit.processes import as_typed_alone, is_first
from mixfit.program import typed_with
from mixfit.settings import settings_of
from mixfit.sweep import name_of, quoted
from mixfit.tracking import metrics
from mixfit.tracking.event_file import failing
from mixfit.tracking.progress import Progress
from mixfit.tracking.record import record, record_model
from mixfit.tracking.table import print_line, print_table
from mixfit.tracking.tensorboard import TensorBoard


def run(config: DictConfig) -> Mapping[str, metrics.Value]:
    """Runs one experiment in the folder that Hydra made for it, or goes on with an old one in its own folder.

    Returns what the folder's `metrics.json` says.
    """
    hydra = HydraConfig.get()
    if not is_first():  # this process lends a hand to a run that another one claims and records
        return fit(config, Path(hydra.runtime.output_dir))
    if config.resume is not None:
        return go_on(config, hydra.overrides.task)
    folder = Path(hydra.runtime.output_dir)
    if hydra.mode is RunMode.MULTIRUN:
        return run_job(config, folder)
    with claimed(folder):
        clear(folder)
        return run_alone(config, folder)


def run_alone(config: DictConfig, folder: Path, checkpoint: Path | None = None) -> Mapping[str, metrics.Value]:
    """A run that is no job of a sweep; says how to go on with it if it is interrupted."""
    try:
        return attempt(config, folder, checkpoint)
    except KeyboardInterrupt:
        if checkpoint_of(folder):
            sys.stderr.write(f"\ninterrupted; to go on, type\n{typed_with(f'resume={quoted(str(folder))}')}\n")
        raise


def run_job(config: DictConfig, folder: Path) -> Mapping[str, metrics.Value]:
    """A job of a sweep: done once at most, continued where a kill cut it off, skipped where the machine lacks a part.

    The sweeper has made sure that whatever lies in the folder is of the same configuration.
    """
    try:
        with claimed(folder):
            if metrics.status(folder) == "done":
                return metrics.read(folder)
            checkpoint = checkpoint_of(folder)
            if checkpoint is None:
                clear(folder)
            return attempt(config, folder, checkpoint)
    except SkippedError as error:
        print(f"{folder.name}: skipped: {error}")
        return metrics.read(folder)
    except Exception as error:
        failure = sentence(error)
        sys.stderr.write(f"error: {folder.name}: {failure}\n")
    raise InputError(failure)  # a new error, because the old one keeps the whole model alive through its traceback


def go_on(config: DictConfig, overrides: Sequence[str]) -> Mapping[str, metrics.Value]:
    """Resumes the run that `resume` names, unless it is finished."""
    folder, config = resumed(Path(config.resume), overrides)
    with claimed(folder):
        before = metrics.read(folder)
        if before["converged"] or (before["passes"] or 0) >= config.trainer.max_epochs:
            print(f"{folder} is finished; a larger trainer.max_epochs would go on unless it has converged")
            return before
        check_checkpoints(folder, config.model.n_components)
        keep(config, folder)
        return run_alone(config, folder, folder / LAST)


def attempt(config: DictConfig, folder: Path, checkpoint: Path | None = None) -> Mapping[str, metrics.Value]:
    """A fit in a folder whose `status` is true throughout; from a checkpoint if there is one."""
    with recorded(folder, metrics.read(folder) if checkpoint else {}), failing(folder, *swept_in(config)):
        if checkpoint:
            check_checkpoints(folder, config.model.n_components)
        return fit(config, folder, checkpoint)


@quiet_lightning()
def fit(config: DictConfig, folder: Path, checkpoint: Path | None = None) -> Mapping[str, metrics.Value]:
    """Builds, fits, takes the best checkpoint, measures and records."""
    began = time.perf_counter()
    datamodule = build_datamodule(config)
    use_threads(numbers_per_pass(config, datamodule))
    module = build_module(config, datamodule)
    alone = is_first() and HydraConfig.get().mode is not RunMode.MULTIRUN
    if alone and ignores_covariance(config, module):
        print("this optimizer has one covariance of its own, so covariance= is not used")
    nll_true = metrics.true_nll(datamodule.dataset)
    board = TensorBoard(folder, OmegaConf.to_yaml(config, resolve=True), nll_true, *swept_in(config))
    progress = Progress(config.trainer.max_epochs, nll_true, leave=alone)
    trainer = build_trainer(config, folder, module, datamodule, [progress, board])
    fit_began = time.perf_counter()
    train(trainer, module, datamodule, checkpoint)
    fitted: dict[str, metrics.Value] = {"steps": trainer.global_step, "seconds/fit": time.perf_counter() - fit_began}
    if not trainer.is_global_zero:
        return {}
    with board.closing():
        best = loaded(folder / BEST)
        module.load_state_dict(best["state_dict"])
        settle_(module.density)  # what is measured is what is written, to the last bit
        fitted["passes/best"] = module.passes_of(best["fit"]["rows"])
        values = record(folder, module, datamodule.dataset, board, fitted, began)
    record_model(folder, module, datamodule.dataset, settings_in(folder, config, module), values)
    metrics.write(folder, values)  # the last word: a folder that says done has everything
    if alone:
        print_table(folder, module.density, datamodule.dataset, values)
    else:
        print_line(folder, values)
    return values


def train(trainer: pl.Trainer, module: MixtureModule, datamodule: MixtureDataModule, checkpoint: Path | None) -> None:
    """Lightning's fit, with Ctrl-C as Python has it: Lightning would end the process, and ignore the next Ctrl-C."""
    with as_typed_alone(trainer) if is_first() else nullcontext(), interruptible(trainer):
        trainer.fit(module, datamodule, ckpt_path=checkpoint, weights_only=True)


def resumed(folder: Path, overrides: Sequence[str]) -> tuple[Path, DictConfig]:
    """The folder and its own configuration, checked; of the overrides only `trainer.max_epochs` may differ."""
    if not folder.is_dir():
        raise InputError(
            f"resume={folder}: there is no such folder; give the folder of a run, as in resume=logs/runs/..."
        )
    for name in (".hydra/config.yaml", ".hydra/hydra.yaml", "metrics.json", "checkpoints/last.ckpt"):
        if not (folder / name).is_file():
            raise InputError(f"resume={folder}: there is no {name} in it, so there is nothing to go on with")
    if metrics.status(folder) is None:
        raise InputError(f"resume={folder}: its metrics.json is damaged, so nothing says how far it came; run it again")
    config = OmegaConf.load(folder / ".hydra" / "config.yaml")
    for override in overrides:
        key, _, value = override.partition("=")
        if key not in ("resume", "trainer.max_epochs"):
            raise InputError(
                f"{override}: a resumed run keeps its own configuration; only trainer.max_epochs may change"
            )
        if key == "trainer.max_epochs":
            OmegaConf.update(config, key, OmegaConf.from_dotlist([f"value={value}"]).value)
    choices = OmegaConf.load(folder / ".hydra" / "hydra.yaml").hydra.runtime.choices
    check(DictConfig(config), choices)
    return folder, DictConfig(config)


def keep(config: DictConfig, folder: Path) -> None:
    """Writes the configuration that a resumed run has from now on to where a sweep looks for it, in one move."""
    write_in_one_move(folder / ".hydra" / "config.yaml", OmegaConf.to_yaml(config).encode())


def settings_in(folder: Path, config: DictConfig, module: MixtureModule) -> dict[str, Any]:
    """The arguments of `GaussianMixture` that ask for this fit; a resumed run has the choices that it began with."""
    dtype = str(module.density.mixture.mean_origin.dtype).removeprefix("torch.")
    return settings_of(options_of(config), runs.read(folder).choices, dtype)


def swept_in(config: DictConfig) -> tuple[dict[str, metrics.Value], str]:
    """What this run has of the keys that its sweep gives several values, and a name that it shares with other seeds.

    Runs that differ in the seed alone answer one question together, so the seed is a key only if it is the only one.
    """
    hydra = HydraConfig.get()
    keys = list(hydra.sweeper.get("swept") or [])
    if keys == ["seed"]:
        return {"seed": config.seed}, name_of(hydra.overrides.task)
    swept = {key: hydra.runtime.choices.get(key) or _plain(OmegaConf.select(config, key)) for key in keys}
    swept.pop("seed", None)
    return swept, name_of([typed for typed in hydra.overrides.task if not typed.startswith("seed=")]) if keys else ""


def _plain(value: object) -> metrics.Value:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
