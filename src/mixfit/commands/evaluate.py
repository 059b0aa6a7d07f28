"""How well does a run's model describe points: those that it was given, or others?

The numbers are those of `metrics.json`, by the same functions, and on the run's own points the very same. What is new
are standard errors, without which nobody can tell a difference from an accident, and outliers: the share of points
that are less likely than all but the rarest hundredth of the training points.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from mixfit.commands.asked import Asked, asked, parser
from mixfit.commands.output import check_is_new, new_file
from mixfit.one_move import write_in_one_move

if TYPE_CHECKING:
    from mixfit.data.dataset import Dataset, Rows
    from mixfit.data.truth import Truth
    from mixfit.portable import Model
    from mixfit.tracking.metrics_file import Value

RARE = 0.01
"""The share of the training points that lies below the threshold of `outliers`."""

PARTS = ("train", "val", "test")


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the numbers, and writes them where there is a file for them."""
    found = asked(command_line(), arguments)
    dataset = found.dataset()
    from mixfit.effort import with_threads

    n_components = len(found.model.density.weights)
    numbers = len(dataset.train) * dataset.train.dim * n_components
    with with_threads(numbers):  # sums like those of the fit, to the last bit
        values = evaluated(found.model, dataset, found.own)
    show(found, values)
    if found.flags.output:
        write(found.flags.output, values)
        print(found.flags.output)


def command_line() -> ArgumentParser:
    """The command line."""
    command = parser(
        "evaluate",
        "How well a run's model describes points: NLL with its standard error, BIC, AIC and ICL, the\n"
        "adjusted Rand index where there is a label, and the share of outliers.",
        ["logs/runs/2026-01-31_12-00-00-000000", "RUN data.path=new.csv --output new.json", "RUN seed=1"],
    )
    command.add_argument("--output", type=new_file(".json"), metavar="FILE", help="write the numbers there (.json)")
    return command


def evaluated(model: Model, dataset: Dataset, own: bool) -> dict[str, Value]:
    """The numbers of `metrics.json` that are about points, with standard errors and shares of outliers.

    nll/*/se is the standard error of nll/*, s/√N for the standard deviation s of -log p(x_n) over N points; that
    of nll/excess is of the differences point by point. outliers/* is the share of a part that is less likely than the
    0.01-quantile of the training log-densities. Where there are too few points for a number it is None.

    Args:
        model: what was fitted.
        dataset: the points. If they are not the run's own and not divided, all of them judge the fit, as test points
            do, and bic, aic and icl are theirs.
        own: whether they are the run's own.
    """
    from mixfit.tracking import metrics

    parts = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    values: dict[str, Value] = metrics.measured(model.density, dataset)
    if not (own or len(dataset.val) or len(dataset.test)):
        parts = {"train": dataset.val, "val": dataset.val, "test": dataset.train}
        nll, true = values["nll/train"], metrics.true_nll(replace(dataset, test=dataset.train))
        excess = None if true is None or not isinstance(nll, float) else nll - true
        values |= {"nll/train": None, "nll/test": nll, "nll/true": true, "nll/excess": excess}
    return values | _errors(model, parts, dataset.truth)


def _errors(model: Model, parts: Mapping[str, Rows], truth: Truth | None) -> dict[str, Value]:
    """nll/*/se, outliers/* and points/* of each part."""
    from mixfit.tracking.uncertainty import Spread

    threshold = model.rarity.threshold(RARE)
    values: dict[str, Value] = {}
    for name, part in parts.items():
        log_densities, excess, n_rare = Spread(), Spread(), 0
        for block in part.blocks() if len(part) else ():
            inside = model.density.log_density(block.points)
            log_densities.add(inside)
            n_rare += int((inside < threshold).sum())
            if name == "test" and truth:
                excess.add(truth.log_density(block.points) - inside)
        values[f"points/{name}"] = len(part)
        values[f"nll/{name}/se"] = log_densities.standard_error
        values[f"outliers/{name}"] = n_rare / len(part) if len(part) else None
        if name == "test":
            values["nll/excess/se"] = excess.standard_error
    return values


def show(found: Asked, values: Mapping[str, Value]) -> None:
    """Prints the numbers as one table: a row for each part, then what belongs to all of them."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, emoji=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "points", "nll", "standard error", "outliers"):
        table.add_column(heading, justify="left" if heading == "part" else "right", no_wrap=True)
    for row in _rows(values):
        table.add_row(*row)
    console.print(table)
    lines = Table("name", "text", box=None, pad_edge=False, show_header=False)
    lines.columns[0].style = "dim"
    for row in _lines(values):
        lines.add_row(*row)
    console.print(lines)
    meaning = f"outliers: less likely than all but {RARE:.0%} of the training points"
    console.print(f"{found.run} on {found.about}; {meaning}", style="dim", soft_wrap=True)


def _rows(values: Mapping[str, Value]) -> Iterator[tuple[str, ...]]:
    for name in PARTS:
        if values[f"points/{name}"]:
            share = values[f"outliers/{name}"]
            error = _shown(values[f"nll/{name}/se"])
            yield name, str(values[f"points/{name}"]), _shown(values[f"nll/{name}"]), error, f"{share:.2%}"
    if values["nll/true"] is not None:
        yield "truth", "", _shown(values["nll/true"]), "", ""
        yield "excess", "", _shown(values["nll/excess"]), _shown(values["nll/excess/se"]), ""


def _lines(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    criteria = "   ".join(f"{name.upper()} {_shown(values[name])}" for name in ("bic", "aic", "icl"))
    yield "criteria", criteria
    yield "counts", f"{values['n_parameters']} parameters, {values['n_points']} points"
    if values["ari"] is not None:
        yield "ari", _shown(values["ari"])


def _shown(value: Value) -> str:
    """A number in at most six digits, a dash where there is none."""
    return "-" if value is None else f"{value:.6g}"


def write(path: Path, values: Mapping[str, Value]) -> None:
    """Writes the numbers as JSON, which has none that is not finite: such a one is null. No file is written over."""
    finite = {
        name: value if not isinstance(value, float) or isfinite(value) else None for name, value in values.items()
    }
    check_is_new(path)
    write_in_one_move(path, f"{json.dumps(finite, indent=2)}\n".encode())
