"""What TensorBoard shows of a run: curves, pictures, and its numbers under the names that `metrics.json` uses.

The horizontal axis of every curve is passes over the training points, so that optimizers whose steps cost differently
can be laid over each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from math import exp
from pathlib import Path

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from mixfit.mixtures.assignments import soft
from mixfit.mixtures.density import Density
from mixfit.mixtures.search import Landscape
from mixfit.module import MixtureModule
from mixfit.tracking.environment import environment
from mixfit.tracking.event_file import EventFile
from mixfit.tracking.matching import drawable, matched
from mixfit.tracking.metrics import Value
from mixfit.tracking.pictures.density import density_figure
from mixfit.tracking.pictures.landscape import landscape_figure
from mixfit.tracking.pictures.png import drawn, png
from mixfit.tracking.slides import Slides

SAMPLE = 10_000
"""Points that the softness of the assignment is measured on, at most."""

MOST_CURVES = 16
"""Components that get curves of their own."""

CHARTS = {
    "fit": {
        "negative log-likelihood, nats per point": ["nll/train", "nll/val", "nll/true"],
        "weights of the components": ["weight/.*"],
        "scales of the components": ["scale/.*"],
    }
}


class TensorBoard(Callback):
    """Writes the event file of a run.

    Args:
        folder: of the run.
        config_text: the composed configuration, as YAML.
        nll_true: of the true density on the test points, where it is known.
        swept: the keys that differ between the runs of a sweep, and their values in this one.
        group: a name for the combination of values that this run shares with those of other seeds.
    """

    def __init__(
        self,
        folder: Path,
        config_text: str,
        nll_true: float | None,
        swept: Mapping[str, Value] = {},
        group: str = "",
    ) -> None:
        self.folder = folder
        self.config_text = config_text
        self.nll_true = nll_true
        self.swept = swept
        self.group = f"{group} ({folder.parent.name})" if swept else ""  # another sweep may try the same
        self.file: EventFile | None = None
        self.written = 0

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if not trainer.is_global_zero or not isinstance(pl_module, MixtureModule):
            return
        self.file = EventFile(self.folder, self.swept, self.group)
        self.file.write_text("config", f"```yaml\n{self.config_text}\n```")
        self.file.write_text("environment", _table(_circumstances(trainer, pl_module)))
        self.file.write_charts(CHARTS)
        self.written = len(pl_module.history["nll/train"])  # more than none where a fit goes on
        self.slides = Slides(pl_module.passes)
        self._write_density(self.file, pl_module)
        if pl_module.landscape is not None and pl_module.fitter.assign is soft and not self.written:
            self._write_landscape(self.file, pl_module.landscape)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if self.file is None or not isinstance(pl_module, MixtureModule):
            return
        self._write_history(self.file, pl_module)
        for name, value in self._state(pl_module).items():
            self.file.write_scalar(name, value, round(pl_module.passes))
        if self.slides.is_due(pl_module.passes):
            self._write_density(self.file, pl_module)
            self.slides.drawn_at(pl_module.passes)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: D102
        self._close(success=False)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Closes the event file after what is done inside, as a success unless that raises."""
        try:
            yield
        except BaseException:
            self._close(success=False)
            raise
        self._close(success=True)

    def write_results(self, passes: float, values: Mapping[str, Value], pictures: Mapping[str, bytes]) -> None:
        """The last pictures, as PNG, and the numbers of `metrics.json`.

        HParams shows the last value of a tag as a metric. The last points of nll/train and nll/val are therefore the
        values at the best checkpoint, although they stand at the last pass.
        """
        if self.file is None:
            return
        for name, picture in pictures.items():
            self.file.write_picture(name, picture, round(passes))
        for name, value in values.items():
            if isinstance(value, (bool, int, float)):
                self.file.write_scalar(name, value, round(passes))

    def _close(self, success: bool) -> None:
        """Once; a run that has failed says why by itself, whatever its file says to being closed."""
        file, self.file = self.file, None
        if file is not None:
            with nullcontext() if success else suppress(OSError):
                file.close(success=success)

    def _write_density(self, file: EventFile, module: MixtureModule) -> None:
        dataset = module.datamodule.dataset
        truth = None if dataset.true_components is None else drawable(dataset.true_components, None)
        fitted = drawable(module.density, dataset.true_components)
        with self.slides.timed():
            points, n_points = dataset.train.sample.points.numpy(), len(dataset.train)
            figure = density_figure(points, fitted, truth=truth, columns=dataset.columns, n_points=n_points)
            file.write_picture("density", png(drawn(figure)), round(module.passes))

    def _write_landscape(self, file: EventFile, landscape: Landscape) -> None:
        """Once, for a search comes before the first pass."""
        with self.slides.timed():
            figure = landscape_figure(landscape.drawn, landscape.ended, landscape.winner)
            file.write_picture("landscape", png(drawn(figure)), 0)

    def _write_history(self, file: EventFile, module: MixtureModule) -> None:
        curve = module.history["nll/train"]
        for passes, nll in _thinned(curve[self.written :], self.written):
            file.write_scalar("nll/train", nll, round(passes))
            if self.nll_true is not None:
                file.write_scalar("nll/true", self.nll_true, round(passes))
        self.written = len(curve)

    def _state(self, module: MixtureModule) -> dict[str, float]:
        """What the fit looks like now, beside its NLL."""
        density, dataset = module.density, module.datamodule.dataset
        points = (dataset.val if len(dataset.val) else dataset.train).sample.points[:SAMPLE]
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
        events = {"components_reseeded": sum(module.fitter.collapses.times), "steps_undone": module.fitter.n_undone}
        values |= {name: n_times for name, n_times in events.items() if n_times}
        scales = density.sizes
        for name, (k, _) in enumerate(matched(density, dataset.true_components)[:MOST_CURVES], start=1):
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


def _circumstances(trainer: Trainer, module: MixtureModule) -> dict[str, Value]:
    """Where and how this run is computed."""
    own: dict[str, Value] = {"device": str(module.device), "precision": str(trainer.precision), "seed": module.seed}
    return {**environment(), **own}


def _table(values: Mapping[str, Value]) -> str:
    """In Markdown, a row for each value."""
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in values.items())])
