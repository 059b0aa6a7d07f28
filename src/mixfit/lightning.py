"""Lightning's manners: no advice that nobody asked for, and Ctrl-C as Python has it."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerStatus

from mixfit.together import Together


@contextmanager
def _without_advice() -> Iterator[None]:
    logger = logging.getLogger("pytorch_lightning")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_utilities")
            yield
    finally:
        logger.setLevel(before)


quiet_lightning = Together(_without_advice)
"""Without Lightning's advice on loggers, devices and workers, which is for those who write their own loop."""


class OwnSignals(Callback):
    """Leaves the request to terminate to whoever had it before the fit.

    Lightning would wait for the end of the batch and then look like a failure. The signal on which it saves and asks
    the scheduler for another turn stays its own.
    """

    def __init__(self) -> None:
        self.before = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.before)


@contextmanager
def interruptible(trainer: Trainer) -> Iterator[None]:
    """Ctrl-C is a KeyboardInterrupt: Lightning would end the process, and ignore the next Ctrl-C."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as ended:
        if trainer.state.status is not TrainerStatus.INTERRUPTED:
            raise
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)
        interrupt = ended.__context__  # which signal it was
        raise (interrupt if isinstance(interrupt, KeyboardInterrupt) else KeyboardInterrupt()) from None
