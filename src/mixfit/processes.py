"""How Lightning runs as one of us: quietly, and with several processes alone and inside a sweep.

Lightning starts the other processes by typing the command again. Inside a sweep the command is the whole sweep's, so
for as long as a job runs it is replaced by the job's own. What a job leaves in the process (a process group, the
variables that name its ranks) is taken away, or the next job would look for processes that have ended.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from lightning_fabric.utilities.rank_zero import rank_zero_only

from mixfit.catalogue import CONFIGS


def is_first() -> bool:
    """Whether this is the process that writes: of several that share a run, the first."""
    return getattr(rank_zero_only, "rank", 0) == 0


@contextmanager
def as_typed_alone() -> Iterator[None]:
    """Makes the command line and the environment those of this run, until it ends."""
    arguments, environment = sys.argv, dict(os.environ)
    if HydraConfig.get().mode is RunMode.MULTIRUN:
        train = CONFIGS.parent / "train.py"
        sys.argv = [str(train), *HydraConfig.get().overrides.task, "hydra.mode=RUN"]
    try:
        yield
    finally:
        sys.argv = arguments
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Without Lightning's advice on loggers, devices and workers, which is for those who write their own loop."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_utilities")
        yield
