"""One line that shows the NLL on its way to the truth, and how many rows a second are looked at.

A pass over points that stay on disk may take minutes, so the bar moves within a pass too, a block at a time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from tqdm import tqdm

from mixfit.data.dataset import Part
from mixfit.module import MixtureModule


class Progress(Callback):
    """A progress bar over passes, refreshed at each visit.

    Args:
        max_passes: the cap; a fit that converges ends before it.
        nll_true: of the true density on the test points, where it is known.
        leave: whether the bar stays when the fit is over.
        clock: tells the seconds.
    """

    def __init__(
        self,
        max_passes: int,
        nll_true: float | None,
        leave: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.leave = leave
        self.nll_true = nll_true
        self.max_passes = max_passes
        self.clock = clock
        self.seen = (clock(), 0.0)
        self.bar: tqdm[Any] | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if trainer.is_global_zero:
            layout = "{desc} {n:.0f} passes |{bar:20}| {elapsed}{postfix}"
            self.bar = tqdm(total=self.max_passes, desc="fit", bar_format=layout, file=sys.stderr, leave=self.leave)
            if isinstance(pl_module, MixtureModule) and not isinstance(pl_module.datamodule.dataset.train, Part):
                self._follow(self.bar, pl_module, trainer.world_size)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if self.bar is None or not isinstance(pl_module, MixtureModule):
            return
        _, nll = pl_module.history["nll/train"][-1]
        shown = f"nll {nll:.5f}"
        truth = "" if self.nll_true is None else f"truth {self.nll_true:.5f}"
        self.bar.set_postfix_str(f"{shown} {truth}{self._speed(pl_module)}", refresh=False)
        self.bar.n = pl_module.passes
        self.bar.update(0)

    def _follow(self, bar: tqdm[Any], module: MixtureModule, world_size: int) -> None:
        """Moves the bar at every block; the other processes look at about as many rows as this one."""

        def looked(n_rows: int) -> None:
            most = min(module.passes + 1, self.max_passes)  # of a pass that is not over
            bar.n = max(bar.n, min(most, bar.n + module.passes_of(n_rows * world_size)))
            bar.update(0)

        module.looked = looked

    def _speed(self, module: MixtureModule) -> str:
        """Rows a second since the last time that this was asked."""
        now, rows = self.clock(), module.rows
        (then, before), self.seen = self.seen, (now, rows)
        return f"  {_short((rows - before) / (now - then))} rows/s" if now > then and before < rows else ""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        self.seen = (self.clock(), pl_module.rows if isinstance(pl_module, MixtureModule) else 0.0)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if self.bar is not None:
            self.bar.total = self.bar.n  # a converged fit is a full bar
            self.bar.refresh()
            self.bar.close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: D102
        if self.bar is not None:
            self.bar.close()


def _short(number: float) -> str:
    """Three digits, as in 4.21M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"
