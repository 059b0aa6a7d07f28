"""What a run prints in the end: how good the fit is and what it found beside what is true; of a job, one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from math import floor, log10
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mixfit.data.dataset import Dataset
from mixfit.mixtures.density import Density
from mixfit.tracking.matching import matched
from mixfit.tracking.metrics import Value

MOST_AXES = 3
MOST_COMPONENTS = 12


def print_table(folder: Path, density: Density, dataset: Dataset, values: Mapping[str, Value]) -> None:
    """Prints the numbers of a finished run, its components and where everything else lies."""
    console = Console(highlight=False)
    numbers = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _lines(values):
        numbers.add_row(f"[dim]{name}[/dim]", value)
    console.print(numbers)
    console.print(_components(density, dataset))
    console.print(str(folder), style="dim", markup=False, soft_wrap=True)
    _warn("", values)


def print_line(folder: Path, values: Mapping[str, Value]) -> None:
    """Prints what came of one job of many."""
    nll = next(f"{name} {shown(values[name])}" for name in ("nll/val", "nll/train") if values[name] is not None)
    state = "converged" if values["converged"] else "not converged"
    fit = f"{values['passes']:g} passes in {shown(values['seconds/fit'])} s"
    print(f"{folder.name}: {nll}, {fit}, {state}", flush=True)
    _warn(f"{folder.name}: ", values)


def _warn(where: str, values: Mapping[str, Value]) -> None:
    """Says what the user should know of a fit that ended well."""
    if values["warning"]:
        sys.stderr.write(f"warning: {where}{values['warning']}\n")


def _lines(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    nlls = [("train", "nll/train"), ("val", "nll/val"), ("test", "nll/test"), ("truth", "nll/true")]
    yield "nll", "   ".join(f"{name} {shown(values[key])}" for name, key in nlls if values.get(key) is not None)
    if values.get("nll/excess") is not None:
        yield "excess", f"{shown(values['nll/excess'])} nats per point above the true density"
    yield "criteria", "   ".join(f"{name.upper()} {shown(values[name])}" for name in ("bic", "aic", "icl"))
    for name in ("ari", "within_ss"):
        if values[name] is not None:
            yield name, shown(values[name])
    raised = "" if values["warning"] else ": raise trainer.max_epochs"
    state = "converged" if values["converged"] else f"not converged{raised}"
    yield "fit", f"{values['passes']:g} passes in {shown(values['seconds/fit'])} s, {state}"
    if values["passes/best"] != values["passes"]:
        which = "training" if values["nll/val"] is None else "held-out"
        yield "best", f"the numbers are those after {values['passes/best']:g} passes, where the {which} NLL was lowest"


def _components(density: Density, dataset: Dataset) -> Table:
    """Weight, means and standard deviations of each component, and those of the true one that matches it below.

    They stand in the order of their first coordinate or of the truth, each with the label that `predict` gives it.
    """
    axes = range(min(MOST_AXES, len(dataset.columns)))
    table = Table(box=None, pad_edge=False)
    for heading in ("label", "weight", *(dataset.columns[axis] for axis in axes)):
        table.add_column(escape(heading), justify="right", no_wrap=True)
    for k, true in matched(density, dataset.true_components)[:MOST_COMPONENTS]:
        table.add_row(str(k), *_row(density, k, axes))
        if true is not None and dataset.true_components is not None:
            table.add_row(*(f"[dim]{text}[/dim]" for text in ("true", *_row(dataset.true_components, true, axes))))
    left = len(density.weights) - MOST_COMPONENTS
    table.caption = f"{left} more components" if left > 0 else None
    return table


def _row(density: Density, k: int, axes: range) -> list[str]:
    """The weight, and mean ± standard deviation on each axis."""
    means, deviations = density.means[k], density.deviations[k]
    return [f"{density.weights[k]:.4f}", *(_mean(float(means[axis]), float(deviations[axis])) for axis in axes)]


def _mean(mean: float, deviation: float) -> str:
    """As many digits as a hundredth of the deviation needs, and four at least: timestamps agree in the first ones."""
    digits = max(4, min(17, 3 + floor(log10(abs(mean) / deviation)))) if mean else 4
    return f"{mean:.{digits}g} ± {deviation:.4g}"


def shown(value: Value) -> str:
    """A number in at most six digits; anything else as it is."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
