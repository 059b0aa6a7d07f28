"""What stands in a run's folder when the fit is over: the numbers, the pictures, and the model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from mixfit import portable
from mixfit.data.dataset import Dataset, Rows, sampling_for_rarity
from mixfit.mixtures.assignments import soft
from mixfit.mixtures.density import Density
from mixfit.mixtures.floor import why_on_floor
from mixfit.mixtures.rarity import Rarity
from mixfit.module import MixtureModule
from mixfit.one_move import write_in_one_move
from mixfit.optimizers import KMeans
from mixfit.tracking import metrics
from mixfit.tracking.held_out import why_far
from mixfit.tracking.matching import drawable
from mixfit.tracking.pictures.png import drawn, png
from mixfit.tracking.pictures.report import density_part, report_figure
from mixfit.tracking.table import shown
from mixfit.tracking.tensorboard import TensorBoard

OF_THE_FOLDER = ("status", "error", "seconds/fit", "seconds/total")
"""Numbers that are about the run and not about its fit; the same fit twice makes the same model."""

QUIET = (
    "status",
    "warning",
    "seconds/total",
    "floor",
    "components_on_floor",
    "components_reseeded",
    "steps_undone",
    "steps",
    "passes/best",
    "aic",
    "restarts/winner",
    "restarts/spread",
    "restarts/ends",
    "moves/gain",
)
"""Numbers that the picture leaves to `metrics.json`."""


def record(
    folder: Path,
    module: MixtureModule,
    dataset: Dataset,
    board: TensorBoard,
    fitted: Mapping[str, metrics.Value],
    began: float,
    pictures: Mapping[str, bytes] = {},
    doubt: str | None = None,
) -> Mapping[str, metrics.Value]:
    """Measures the fitted density and draws `report.png`; returns what `metrics.json` is to say.

    Args:
        folder: of the run.
        module: at the parameters of the best checkpoint.
        dataset: the points.
        board: the run's event file, which gets the picture and the final numbers too.
        fitted: what the fit itself has to tell.
        began: the `time.perf_counter()` of the run's beginning.
        pictures: others for the event file, as PNG.
        doubt: what the user should know of what was chosen before the fit, in a sentence without a full stop.
    """
    values = {**_measured(module, dataset, doubt), "status": "done", **fitted}
    report = drawn(_report(module, dataset, values))
    pictures = {**pictures, "density": png(density_part(report)), "report": png(report)}
    write_in_one_move(folder / "report.png", pictures["report"])
    values["seconds/total"] = time.perf_counter() - began
    board.write_results(module.passes, values, pictures)
    return values


def record_model(
    folder: Path,
    module: MixtureModule,
    dataset: Dataset,
    settings: Mapping[str, portable.Plain],
    values: Mapping[str, metrics.Value],
) -> None:
    """Writes `model.safetensors` and `model.json`, which are all that anyone needs to use the model.

    Args:
        folder: of the run.
        module: at the parameters of the best checkpoint.
        dataset: the points.
        settings: the arguments of `GaussianMixture` that ask for this fit.
        values: what `metrics.json` is to say.
    """
    model = portable.Model(
        module.density,
        rarity_among(module.density, dataset.train),
        history=torch.tensor(module.history["nll/train"], dtype=torch.float64).reshape(-1, 2),
        columns=dataset.columns,
        settings=settings,
        fitted={name: value for name, value in values.items() if name not in OF_THE_FOLDER},
    )
    portable.write(folder, model)


def rarity_among(density: Density, train: Rows) -> Rarity:
    """That of the training points, or of very many of them, drawn at random."""
    drawn = sampling_for_rarity()
    for block in train.blocks():
        drawn.add(density.log_density(block.points), *([] if block.weights is None else [block.weights]))
    return Rarity.of(*drawn.columns)


def doubts_of(module: MixtureModule, dataset: Dataset, nlls: Mapping[str, float | None]) -> list[str]:
    """What the user should know of the fit, in sentences without a full stop, given its NLLs."""
    density, train = module.density, dataset.train
    doubts = [
        why_on_floor(density, train.sample.points, dataset.named_columns, len(train)),
        why_far(density, "nll/val", dataset.val, nlls["nll/val"]),
        why_far(density, "nll/test", dataset.test, nlls["nll/test"]),
        module.doubt,
    ]
    return [doubt for doubt in doubts if doubt]


def _measured(module: MixtureModule, dataset: Dataset, doubt: str | None) -> dict[str, metrics.Value]:
    density = module.density
    measured = metrics.measured(density, dataset)
    nlls = {name: value for name, value in measured.items() if value is None or isinstance(value, float)}
    doubts = [*([doubt] if doubt else []), *doubts_of(module, dataset, nlls)]
    values = (
        metrics.ABSENT
        | measured
        | {
            "warning": " ".join(f"{sentence}." for sentence in doubts) or None,
            "floor": module.floor,
            "components_on_floor": density.mixture.n_on_floor,
            "components_reseeded": sum(module.fitter.collapses.times),
            "steps_undone": module.fitter.n_undone,
            "passes": module.passes,
            **metrics.searched(module.landscape, is_likelihood=module.fitter.assign is soft),
            "converged": module.converged,
        }
    )
    if module.make_optimizer is KMeans:
        values["within_ss"] = sum(
            metrics.within_sum_of_squares(density, block.points) for block in dataset.train.blocks()
        )
    return values


def _report(module: MixtureModule, dataset: Dataset, values: Mapping[str, metrics.Value]) -> Figure:
    curves = {name: np.array(curve, dtype=np.float64).reshape(-1, 2) for name, curve in module.history.items()}
    nll_true = values["nll/true"]
    optimizer = type(module.trainer.optimizers[0]).__name__
    components = "1 component" if module.n_components == 1 else f"{module.n_components} components"
    return report_figure(
        dataset.train.sample.points.numpy(),
        drawable(module.density, dataset.true_components),
        history={name: (curve[:, 0], curve[:, 1]) for name, curve in curves.items()},
        summary={name: shown(value) for name, value in values.items() if value is not None and name not in QUIET},
        title=f"{components}, {module.family.__name__} covariance, {optimizer}",
        nll_true=nll_true if isinstance(nll_true, float) else None,
        truth=None if dataset.true_components is None else drawable(dataset.true_components, None),
        columns=dataset.columns,
        n_points=len(dataset.train),
        warning=None if values["warning"] is None else str(values["warning"]),
    )
