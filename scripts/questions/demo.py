"""The demo that the project grew from, as it was, in mixfit's units, and as mixfit does it by default.

The textbook loop itself runs here too. Its random start and its 1e-6 inside the logarithm have no counterpart in
mixfit, so `experiment=demo` keeps what has one: rate, epsilon, number of passes and a random start. All three are
judged on the same test points.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from mixfit.data.bimodal import Bimodal
from mixfit.mixtures.density import Density
from mixfit.runs import Run
from mixfit.tracking.metrics import true_nll
from mixfit.tracking.pictures.style import DASHES, TRUE, colour
from scripts.benchmarks import seed_demo
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.questions.drawing import explain, line, name, sheet
from scripts.questions.fitted import curve_of, mixture_of, thinned
from scripts.questions.rows import distinct, numbers_of, where

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUESTION = "What does a thousand steps of Adam at its default rate reach, and what do the defaults here?"
BESIDE: Sequence[str] = ("python train.py -m seed=0,1,2,3,4 hydra.sweep.dir=logs/experiments/demo",)

LOOP, DEMO, OURS = "textbook loop", "experiment=demo", "python train.py"
COLOURS = {LOOP: colour(1), DEMO: colour(4), OURS: colour(0)}


def measure(runs: Sequence[Run]) -> Repetitions:
    """A row for each run of the experiment, of the defaults, and of the textbook loop with the same seeds."""
    ours = [_row(DEMO if run.choices["experiment"] == "demo" else OURS, run) for run in runs]
    return ours + [_textbook(seed) for seed in distinct(ours, "seed")]


def answer(rows: Repetitions) -> list[str]:
    """How far each ends above the truth, and whether the defaults are nearer to it."""
    excess = {who: [row["excess"] for row in where(rows, contestant=who)] for who in COLOURS}
    n_better = sum(ours < min(others) for ours, *others in zip(excess[OURS], excess[LOOP], excess[DEMO], strict=True))
    n_points, n_seeds = rows[0]["n_points"], len(excess[OURS])
    passes = median(row["passes"] for row in where(rows, contestant=OURS))
    verdict = "on every seed" if n_better == n_seeds else f"on {n_better} of {n_seeds} seeds"
    return [
        f"After {seed_demo.EPOCHS} passes the textbook loop is still {median(excess[LOOP]):.3f} nats per point above "
        f"the true density (median of {n_seeds} seeds; worst {max(excess[LOOP]):.3f}), and its two means are "
        f"{_distance(rows, LOOP):.2f} apart where the truth's are {_distance(rows):.2f}.",
        f"The same rate and epsilon in mixfit's units end {median(excess[DEMO]):.3f} above it: a step of "
        "0.001 is a thousandth of a component's size there, so a thousand of them lead about one size far.",
        f"The defaults end {median(excess[OURS]):.4f} above it after {passes:g} passes "
        f"(worst {max(excess[OURS]):.4f}); the maximum-likelihood fit of {n_points:,} points itself is expected at "
        f"p/2N = {5 / (2 * n_points):.4f}.",
        f"They are nearer to the truth than both others {verdict}.",
    ]


def table(rows: Repetitions) -> Table:
    """Median and worst excess, passes, and how far apart the means are."""
    headings = ("fit", "median excess", "worst excess", "passes", "distance of the means")
    body = [
        (
            who,
            f"{median(row['excess'] for row in own):.4f}",
            f"{max(row['excess'] for row in own):.4f}",
            f"{median(row['passes'] for row in own):g}",
            f"{_distance(rows, who):.3f}",
        )
        for who in COLOURS
        if (own := where(rows, contestant=who))
    ]
    note = (
        "The textbook loop is `python scripts/benchmarks/seed_demo.py SEED`: means, log-variances and logits from "
        "N(0, 1), densities added outside the logarithm and 1e-6 inside it. Its density is judged on the test points "
        "of `data=bimodal` with the same seed. The distance of the means is a median as well; the truth's is "
        f"{_distance(rows):g}."
    )
    return Table(headings, body, [note])


def figure(rows: Repetitions) -> Figure:
    """The way down of every seed, and the densities of the first."""
    sheet_, (curves, densities) = sheet(
        "A thousand steps of Adam, and the defaults", "500 + 500 points of N(-2, 0.5²) and N(2, 0.5²)"
    )
    for who, tone in COLOURS.items():
        for row in where(rows, contestant=who):
            passes, nll = zip(*row["curve"], strict=True)
            curves.plot(passes, nll, color=tone, linewidth=1.3, alpha=0.85)
    curves.axhline(rows[0]["nll/true"], color=TRUE, linewidth=1.1, linestyle=DASHES)
    curves.set_xscale("log")
    curves.set_ylim(top=min(curves.get_ylim()[1], 4.0))
    curves.xaxis.set_major_formatter("{x:g}")
    name(curves, "NLL of the training points, every seed", "passes", "nats per point")
    seed = distinct(rows, "seed")[0]
    _draw_densities(densities, where(rows, seed=seed))
    name(densities, f"the densities they end with, seed {seed}", "x", "density")
    explain(
        sheet_,
        [
            *(line(tone, who, linewidth=2) for who, tone in COLOURS.items()),
            line(TRUE, "true density", linewidth=1.1, linestyle=DASHES),
        ],
    )
    return sheet_


def _draw_densities(axes: Axes, rows: Repetitions) -> None:
    x = np.linspace(-4.5, 4.5, 600)
    for row in rows:
        axes.plot(x, _density(row, x), color=COLOURS[row["contestant"]], linewidth=1.8)
    truth = Bimodal()
    true = {
        "weights": [1 / len(truth.means)] * len(truth.means),
        "means": truth.means.tolist(),
        "covariances": truth.standard_deviations.square().tolist(),
    }
    axes.plot(x, _density(true, x), color=TRUE, linewidth=1.1, linestyle=DASHES)
    axes.set_ylim(bottom=0)


def _density(row: Repetition, x: NDArray[np.float64]) -> NDArray[np.float64]:
    weights, means, variances = (np.array(row[key]).ravel() for key in ("weights", "means", "covariances"))
    exponents = -((x[:, None] - means) ** 2) / (2 * variances)
    density: NDArray[np.float64] = (np.exp(exponents) / np.sqrt(2 * np.pi * variances)) @ weights
    return density


def _distance(rows: Repetitions, who: str | None = None) -> float:
    """The median distance of the two means; the truth's if nobody is named."""
    if who is None:
        return float(np.ptp(Bimodal().means.numpy()))
    return float(median(np.ptp(row["means"]) for row in where(rows, contestant=who)))


def _row(contestant: str, run: Run) -> Repetition:
    numbers = numbers_of(run, "nll/excess", "nll/true", "passes", "n_points")
    return {
        "contestant": contestant,
        "seed": run.config["seed"],
        "excess": numbers.pop("nll/excess"),
        **numbers,
        **mixture_of(run),
        "curve": thinned(curve_of(run)),
    }


def _textbook(seed: int) -> Repetition:
    """The loop as `python scripts/benchmarks/seed_demo.py SEED` runs it."""
    printed = StringIO()
    with redirect_stdout(printed):
        seed_demo.main(seed)
    *lines, last = printed.getvalue().splitlines()
    found, dataset = json.loads(last), Bimodal().load(seed)
    weights, means, variances = (
        torch.tensor(found[key], dtype=torch.float64) for key in ("weights", "means", "variances")
    )
    order, n_points, true = means.argsort(), len(dataset.train), true_nll(dataset) or 0.0
    means, covariances = means[order, None], variances[order, None, None]
    total = [(float(text.split()[1].rstrip(":")), float(text.split()[3])) for text in lines]
    return {
        "contestant": LOOP,
        "seed": seed,
        "excess": Density.of(weights[order], means, covariances).nll(dataset.test.points) - true,
        "nll/true": true,
        "passes": seed_demo.EPOCHS,
        "n_points": n_points,
        "weights": weights[order].tolist(),
        "means": means.tolist(),
        "covariances": covariances.tolist(),
        "curve": [[passes, nll / n_points] for passes, nll in total],
    }
