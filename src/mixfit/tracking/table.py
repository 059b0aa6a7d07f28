"""The one table that a run prints: how good the fit is, and what it found beside what is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mixfit.data.dataset import Dataset
from mixfit.mixtures.density import Density
from mixfit.tracking.matching import matched
from mixfit.tracking.metrics import Value

MOST_AXES = 4
MOST_COMPONENTS = 12


def print_table(folder: Path, density: Density, dataset: Dataset, values: Mapping[str, Value]) -> None:
    """Prints the numbers of a finished run, its components and where everything else lies."""
    console = Console(highlight=False)
    numbers = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _lines(values):
        numbers.add_row(f"[dim]{name}[/dim]", value)
    console.print(numbers)
    console.print(_components(density, dataset))
    console.print(f"[dim]{folder}[/dim]", soft_wrap=True)


def _lines(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    nlls = [("train", "nll/train"), ("val", "nll/val"), ("test", "nll/test"), ("truth", "nll/true")]
    yield "nll", "   ".join(f"{name} {shown(values[key])}" for name, key in nlls if values.get(key) is not None)
    if values.get("nll/excess") is not None:
        yield "excess", f"{shown(values['nll/excess'])} nats per point above the true density"
    yield "criteria", "   ".join(f"{name.upper()} {shown(values[name])}" for name in ("bic", "aic", "icl"))
    for name in ("ari", "within_ss"):
        if values[name] is not None:
            yield name, shown(values[name])
    state = "converged" if values["converged"] else "not converged: raise trainer.max_epochs"
    yield "fit", f"{values['passes']:g} passes in {shown(values['seconds/fit'])} s, {state}"


def _components(density: Density, dataset: Dataset) -> Table:
    """Weight, mean and standard deviations of each component, the matched true one in the row below."""
    axes = range(min(MOST_AXES, len(dataset.columns)))
    table = Table(box=None, pad_edge=False)
    for heading in ("", "weight", *(f"mean {dataset.columns[axis]}" for axis in axes)):
        table.add_column(heading, justify="right", style=None)
    for axis in axes:
        table.add_column(f"sd {dataset.columns[axis]}", justify="right")
    for row, (k, true) in enumerate(matched(density, dataset.truth)[:MOST_COMPONENTS]):
        table.add_row(f"component {row + 1}", *_numbers(density, k, axes))
        if true is not None and dataset.truth is not None:
            table.add_row("[dim]true[/dim]", *(f"[dim]{text}[/dim]" for text in _numbers(dataset.truth, true, axes)))
    return table


def _numbers(density: Density, k: int, axes: range) -> list[str]:
    deviations = density.covariances[k].diagonal().sqrt()
    means = density.means[k]
    return [shown(float(number)) for number in (density.weights[k], *means[list(axes)], *deviations[list(axes)])]


def shown(value: Value) -> str:
    """A number in at most six digits; anything else as it is."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
