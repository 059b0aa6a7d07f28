"""The composition root: the one module that sees the configuration.

`run` reads top to bottom as the life of an experiment: build, fit, take the best checkpoint, measure, record.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
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
from mixfit.build_question import build_question, with_choice
from mixfit.checkpoint import check_checkpoints, loaded
from mixfit.data.module import MixtureDataModule
from mixfit.disk import check_space, refusing_plainly
from mixfit.effort import use_threads
from mixfit.errors import InputError, sentence
from mixfit.folder import BEST, LAST, SkippedError, checkpoint_of, claimed, clear, recorded, tidy
from mixfit.lightning import interruptible, quiet_lightning
from mixfit.loopback import loopback_only
from mixfit.mixtures.selection import Selection
from mixfit.module import MixtureModule
from mixfit.one_move import write_in_one_move
from mixfit.portable import settle_
from mixfit.processes import as_typed_alone, is_first
from mixfit.program import typed_with
from mixfit.provenance import Provenance
from mixfit.restoring import restoring
from mixfit.resuming import check_belongs, is_finished, keep, left_by, never_began, resumed, text_of, with_own_path
from mixfit.selecting import AUTO, Question
from mixfit.settings import settings_of
from mixfit.signals import ending_though_waiting
from mixfit.sweep import name_of, quoted
from mixfit.tracking import metrics, selection_file
from mixfit.tracking.event_file import failing
from mixfit.tracking.progress import Progress
from mixfit.tracking.record import record, record_model
from mixfit.tracking.selected import picture_of, print_selection, values_of
from mixfit.tracking.table import print_line, print_table
from mixfit.tracking.tensorboard import TensorBoard


def run(config: DictConfig) -> Mapping[str, metrics.Value]:
    """Runs one experiment in the folder that Hydra made for it, or goes on with an old one in its own folder.

    Returns what the folder's `metrics.json` says.
    """
    hydra = HydraConfig.get()
    if not is_first():
        return lend_a_hand(config, Path(hydra.runtime.output_dir), hydra.overrides.task)
    if config.resume is not None:
        return go_on(config, hydra.overrides.task)
    folder = Path(hydra.runtime.output_dir)
    if hydra.mode is RunMode.MULTIRUN:
        return run_job(config, folder)
    with claimed(folder):
        checkpoint = left_by(folder, config)
        if checkpoint is None:
            clear(folder)
        else:
            print(f"{folder}: goes on where it was interrupted")
        return run_alone(config, folder, checkpoint)


def lend_a_hand(config: DictConfig, folder: Path, overrides: Sequence[str]) -> Mapping[str, metrics.Value]:
    """A fit that another process claims and records; where it begins is what that process finds in the folder too."""
    if config.resume is None:
        return fit(config, folder, left_by(folder, config))
    folder, config = resumed(Path(config.resume), overrides)
    if is_finished(folder, config):
        return {}
    return fit(config, folder, checkpoint_of(folder))


def run_alone(config: DictConfig, folder: Path, checkpoint: Path | None = None) -> Mapping[str, metrics.Value]:
    """A run that is no job of a sweep; says how to go on with it if it is interrupted."""
    try:
        return attempt(config, folder, checkpoint)
    except KeyboardInterrupt:
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
    """Resumes the run that `resume` names, unless it is finished; from the start if it never came to a checkpoint."""
    folder, config = resumed(Path(config.resume), overrides)
    with claimed(folder):
        if never_began(folder):
            clear(folder)
            return run_alone(config, folder)
        if is_finished(folder, config):
            print(f"{folder} is finished; a larger trainer.max_epochs would go on unless it has converged")
            return metrics.read(folder)
        check_checkpoints(folder, n_components_in(folder, config))
        check_belongs(folder / LAST, config)
        keep(config, folder)
        return run_alone(config, folder, folder / LAST)


def attempt(config: DictConfig, folder: Path, checkpoint: Path | None = None) -> Mapping[str, metrics.Value]:
    """A fit in a folder whose `status` is true throughout; from a checkpoint if there is one."""
    tidy(folder)
    before = metrics.read(folder) if checkpoint and metrics.status(folder) else {}
    remedy = f"go on with resume={quoted(str(folder))}"
    with recorded(folder, before), failing(folder, *swept_in(config)), refusing_plainly(folder, remedy):
        check_space(folder, parameters=0)
        if checkpoint:
            check_checkpoints(folder, n_components_in(folder, config))
        return fit(config, folder, checkpoint)


@quiet_lightning()
def fit(config: DictConfig, folder: Path, checkpoint: Path | None = None) -> Mapping[str, metrics.Value]:
    """Builds, fits, takes the best checkpoint, measures and records."""
    began = time.perf_counter()
    here = with_own_path(config, folder)
    datamodule = build_datamodule(here)
    alone = is_first() and HydraConfig.get().mode is not RunMode.MULTIRUN
    question = build_question(here)
    selection = chosen_for(question, datamodule, folder, goes_on=checkpoint is not None, alone=alone)
    here = with_choice(here, None if selection is None else selection.chosen)
    use_threads(numbers_per_pass(here, datamodule))
    module = build_module(here, datamodule, None if selection is None else selection.components)
    if alone and ignores_covariance(here, module):
        print("this optimizer has one covariance of its own, so covariance= is not used")
    nll_true = metrics.true_nll(datamodule.dataset)
    board = TensorBoard(folder, OmegaConf.to_yaml(config, resolve=True), nll_true, *swept_in(config))
    progress = Progress(config.trainer.max_epochs, nll_true, leave=alone)
    provenance = Provenance(text_of(config), datamodule.dataset)
    trainer = build_trainer(config, folder, module, datamodule, [provenance, progress, board])
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
        fitted |= values_of(selection)
        pictures = {} if selection is None else {"selection": picture_of(selection)}
        doubt = None if question is None or selection is None else question.doubt(selection, datamodule.dataset)
        values = record(folder, module, datamodule.dataset, board, fitted, began, pictures, doubt)
    record_model(folder, module, datamodule.dataset, settings_in(folder, here, module, selection), values)
    metrics.write(folder, values)  # the last word: a folder that says done has everything
    if alone:
        print_table(folder, module.density, datamodule.dataset, values)
    else:
        print_line(folder, values)
    return values


def chosen_for(
    question: Question | None, datamodule: MixtureDataModule, folder: Path, *, goes_on: bool, alone: bool
) -> Selection | None:
    """What is chosen for this run, if anything is left to choose; a run that goes on keeps what it has chosen."""
    if question is None:
        return None
    if goes_on:
        return selection_file.read(folder, question.criterion)
    if alone:
        print(f"choosing between {_in_words(question)} by {question.criterion}", flush=True)
    use_threads(question.numbers(datamodule.dataset))
    selection = question.answer(datamodule.dataset)
    if is_first():
        selection_file.write(folder, selection)
        write_in_one_move(folder / "selection.png", picture_of(selection))
    if alone:
        print_selection(selection)
    return selection


def _in_words(question: Question) -> str:
    components = f"1 to {question.most} components" if question.n_components is None else ""
    families = f"the families {', '.join(question.families)}" if len(question.families) > 1 else ""
    return " and ".join(filter(None, (components, families)))


def n_components_in(folder: Path, config: DictConfig) -> int:
    """K of the run in the folder, which may have chosen it."""
    if config.model.n_components != AUTO:
        return int(config.model.n_components)
    return selection_file.read(folder, config.model.criterion).chosen.n_components


def train(trainer: pl.Trainer, module: MixtureModule, datamodule: MixtureDataModule, checkpoint: Path | None) -> None:
    """Lightning's fit, with Ctrl-C as Python has it: Lightning would end the process, and ignore the next Ctrl-C."""
    with ExitStack() as around:
        if is_first():
            around.enter_context(loopback_only(trainer))
            around.enter_context(as_typed_alone(trainer, checkpoint))
        if trainer.world_size > 1:
            around.enter_context(ending_though_waiting())
        around.enter_context(interruptible(trainer))
        around.enter_context(restoring(trainer, checkpoint))
        trainer.fit(module, datamodule, ckpt_path=checkpoint, weights_only=True)


def settings_in(folder: Path, config: DictConfig, module: MixtureModule, selection: Selection | None) -> dict[str, Any]:
    """The arguments of `GaussianMixture` that ask for this fit; a resumed run has the choices that it began with."""
    dtype = str(module.density.mixture.mean_origin.dtype).removeprefix("torch.")
    choices = dict(runs.read(folder).choices)
    if selection is not None:
        choices["covariance"] = selection.chosen.covariance
    return settings_of(options_of(config), choices, dtype)


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
