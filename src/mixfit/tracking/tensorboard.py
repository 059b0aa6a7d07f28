"""Curves, pictures and the configuration for TensorBoard, under the names that `metrics.json` uses.

The horizontal axis of every curve is passes over the training points, so that optimizers whose steps cost differently
can be laid over each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from pathlib import Path

import torch
from matplotlib.figure import Figure
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.utils.tensorboard.writer import SummaryWriter

from mixfit.mixtures.density import Density
from mixfit.module import MixtureModule
from mixfit.tracking.matching import drawable, matched
from mixfit.tracking.metrics import Value
from mixfit.tracking.pictures.density import density_figure, pixels

SAMPLE = 10_000
"""Points that the softness of the assignment is measured on, at most."""

MOST_CURVES = 16
"""Components that get curves of their own."""


class TensorBoard(Callback):
    """Writes the event file of a run.

    Args:
        folder: of the run.
        config_text: the composed configuration, as YAML.
        nll_true: of the true density on the test points, where it is known.
    """

    def __init__(self, folder: Path, config_text: str, nll_true: float | None) -> None:
        self.folder = folder
        self.config_text = config_text
        self.nll_true = nll_true
        self.writer: SummaryWriter | None = None
        self.written = 0

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if trainer.is_global_zero:
            self.writer = SummaryWriter(str(self.folder))
            self.writer.add_text("config", f"```yaml\n{self.config_text}\n```")
            self.writer.add_custom_scalars({"nll": {"nll": ["Multiline", ["nll/train", "nll/val", "nll/true"]]}})
            if isinstance(pl_module, MixtureModule):
                self._write_density(self.writer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if self.writer is None or not isinstance(pl_module, MixtureModule):
            return
        step = round(pl_module.passes)
        self._write_history(self.writer, pl_module)
        values = self._state(pl_module)
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def finish(self, module: MixtureModule, report: Figure, values: Mapping[str, Value]) -> None:
        """Adds the last pictures and numbers, and closes the file."""
        if self.writer is None:
            return
        step = round(module.passes)
        self._write_density(self.writer, module)
        self.writer.add_image("report", pixels(report), step, dataformats="HWC")
        for name, value in values.items():
            if isinstance(value, (int, float)):
                self.writer.add_scalar(f"final/{name}", value, step)
        self.writer.close()

    def _write_density(self, writer: SummaryWriter, module: MixtureModule) -> None:
        dataset = module.datamodule.dataset
        truth = None if dataset.truth is None else drawable(dataset.truth, None)
        fitted = drawable(module.density, dataset.truth)
        figure = density_figure(dataset.train.points.numpy(), fitted, truth=truth, columns=dataset.columns)
        writer.add_image("density", pixels(figure), round(module.passes), dataformats="HWC")

    def _write_history(self, writer: SummaryWriter, module: MixtureModule) -> None:
        curve = module.history["nll/train"]
        for passes, nll in _thinned(curve[self.written :], self.written):
            writer.add_scalar("nll/train", nll, round(passes))
            if self.nll_true is not None:
                writer.add_scalar("nll/true", self.nll_true, round(passes))
        self.written = len(curve)

    def _state(self, module: MixtureModule) -> dict[str, float]:
        """What the fit looks like now, beside its NLL."""
        density, dataset = module.density, module.datamodule.dataset
        points = (dataset.val if len(dataset.val) else dataset.train).points[:SAMPLE]
        weights = density.weights
        values = {
            "effective_components": exp(float(torch.special.entr(weights).sum())),
            "responsibility_entropy": responsibility_entropy(density, points),
        }
        if module.history["nll/val"]:
            values["nll/val"] = module.history["nll/val"][-1][1]
        if module.gradient_norm is not None:
            values["gradient_norm"] = float(module.gradient_norm)
        if module.learning_rate is not None:
            values["learning_rate"] = module.learning_rate
        scales = torch.linalg.slogdet(density.covariances).logabsdet.div(2 * density.means.shape[1]).exp()
        for name, (k, _) in enumerate(matched(density, dataset.truth)[:MOST_CURVES], start=1):
            values[f"weight/{name}"] = float(weights[k])
            values[f"scale/{name}"] = float(scales[k])
        return values


def responsibility_entropy(density: Density, points: Tensor) -> float:
    """Mean entropy of p(k | x_n) over the points, in nats: 0 for a hard assignment, log K for no idea at all."""
    return float(torch.special.entr(density.responsibilities(points)).sum(1).mean())


def _thinned(curve: list[tuple[float, float]], offset: int) -> list[tuple[float, float]]:
    """The first hundred passes, then every fifth, and always the last."""
    last = len(curve) - 1
    return [entry for i, entry in enumerate(curve) if offset + i < 100 or (offset + i) % 5 == 0 or i == last]
