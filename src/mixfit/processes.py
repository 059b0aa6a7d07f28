"""How Lightning runs with several processes, alone and inside a sweep.

Lightning starts the other processes by typing the command again. What started this one may have been `train.py`,
`mixfit train` or a launcher's worker, and inside a sweep the command is the whole sweep's, so for as long as a fit
runs the command is that of the module that fits, with this run's own arguments. All processes of a run that goes on
have to begin at its checkpoint, so there the command is to resume it. What a job leaves in the process (a process
group, the variables that name its ranks) is taken away, or the next job would look for processes that have ended.

A run that breaks off ends its other processes before it does anything else. They would see their connection close and
print a traceback of that; and a thread of Lightning's, which looks every five seconds whether one of them failed, would
kill this process too, before it has said how to go on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from subprocess import Popen, TimeoutExpired

import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from lightning_fabric.utilities.rank_zero import rank_zero_only
from pytorch_lightning import Callback, LightningModule, Trainer

from mixfit.sweep import quoted

MODULE = "mixfit.commands.train"
"""What Python can start with -m, wherever it is installed."""

TYPED = "command-line"
"""Hydra's word for a directory of configurations that was typed."""

SECONDS_TO_END = 60
"""For the other processes of a run that is finished."""


class EndsOthers(Callback):
    """Ends the processes that Lightning started as soon as this one breaks off."""

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: D102
        _end(trainer)


def is_first() -> bool:
    """Whether this is the process that writes: of several that share a run, the first on the first machine.

    Until Lightning has counted them, a process started by hand on another machine knows itself by NODE_RANK alone.
    """
    return getattr(rank_zero_only, "rank", 0) == 0 and os.environ.get("NODE_RANK", "0") == "0"


@contextmanager
def as_typed_alone(trainer: Trainer, checkpoint: Path | None) -> Iterator[None]:
    """Makes the command line and the environment those of this run, until it ends; it may go on from a checkpoint."""
    started, hydra = sys.modules["__main__"], HydraConfig.get()
    arguments, module, environment = sys.argv, started.__spec__, dict(os.environ)
    started.__spec__ = find_spec(MODULE)  # where Lightning looks for what follows -m
    if checkpoint is not None:
        folder = checkpoint.absolute().parents[1]
        sys.argv = [MODULE, f"resume={quoted(str(folder))}", "hydra.mode=RUN"]
    elif hydra.mode is RunMode.MULTIRUN:
        sources = [f"--config-dir={source.path}" for source in hydra.runtime.config_sources if source.provider == TYPED]
        searched = [typed for typed in hydra.overrides.hydra if typed.startswith("hydra.searchpath=")]
        sys.argv = [MODULE, *sources, *hydra.overrides.task, *searched, "hydra.mode=RUN"]
    try:
        yield
    finally:
        sys.argv, started.__spec__ = arguments, module
        _end(trainer)
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)


def _end(trainer: Trainer) -> None:
    """Ends the processes that Lightning started for a run.

    Lightning's thread looks at this very list, and stops when there is nothing in it.
    """
    launched: list[Popen[bytes]] = getattr(trainer.strategy.launcher, "procs", [])
    processes = list(launched)
    launched.clear()
    for process in processes:
        try:
            process.wait(SECONDS_TO_END if trainer.state.finished else 0)
        except TimeoutExpired:
            process.kill()
            process.wait()
