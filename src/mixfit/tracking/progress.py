"""One line that shows the NLL on its way to the truth."""

from __future__ import annotations

import sys
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from tqdm import tqdm

from mixfit.module import MixtureModule


class Progress(Callback):
    """A progress bar over passes, refreshed at each visit.

    Args:
        max_passes: the cap; a fit that converges ends before it.
        nll_true: of the true density on the test points, where it is known.
        leave: whether the bar stays when the fit is over.
    """

    def __init__(self, max_passes: int, nll_true: float | None, leave: bool = True) -> None:
        self.leave = leave
        self.nll_true = nll_true
        self.max_passes = max_passes
        self.bar: tqdm[Any] | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if trainer.is_global_zero:
            layout = "{desc} {n:.0f} passes |{bar:20}| {elapsed}{postfix}"
            self.bar = tqdm(total=self.max_passes, desc="fit", bar_format=layout, file=sys.stderr, leave=self.leave)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if self.bar is None or not isinstance(pl_module, MixtureModule):
            return
        _, nll = pl_module.history["nll/train"][-1]
        shown = f"nll {nll:.5f}"
        truth = "" if self.nll_true is None else f"truth {self.nll_true:.5f}"
        self.bar.set_postfix_str(f"{shown} {truth}", refresh=False)
        self.bar.update(pl_module.passes - self.bar.n)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if self.bar is not None:
            self.bar.total = self.bar.n  # a converged fit is a full bar
            self.bar.refresh()
            self.bar.close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: D102
        if self.bar is not None:
            self.bar.close()
