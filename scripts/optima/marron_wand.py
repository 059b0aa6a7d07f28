"""Do default fits find all components of Marron and Wand's fifteen densities?

The best fit of N points lies p/(2N) nats above the truth on new points, in expectation, if it has p parameters. A fit
that misses a component lies above that by more than chance. The narrowest claws hold a third of a percent of the points
within a hundredth of the whole width: no likelihood tells their places from noise with certainty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mixfit
from mixfit.data.marron_wand import DENSITIES, MarronWand
from mixfit.tracking.pictures.style import DASHES, FITTED, INK, TRUE, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met
from scripts.optima.excess import mean, of_dataset
from scripts.optima.fitting import alike
from scripts.questions.drawing import explain, line, name, sheet
from scripts.questions.rows import where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TARGET, MOST = 13, 2.0
"""Densities of the fifteen that lie at most so many p/(2N) above the truth."""

SEEDS = range(5)
N_POINTS, N_TEST = 10_000, 100_000
THREADS = 2


def measure() -> Repetitions:
    """A default fit for each density and seed."""
    with alike(THREADS):
        return [_fitted(density, seed) for density in DENSITIES for seed in SEEDS]


def table(repetitions: Repetitions) -> Table:
    """The mean excess of each density."""
    found = _found(repetitions)
    rows = [_row(str(number), density, where(repetitions, density=density)) for number, density in _numbered(found)]
    kept = sum(multiple <= MOST for multiple in found.values())
    total = ("all", "", "", f"{kept} of {len(found)} within {MOST:g}", "", "", f"≥ {TARGET}", met(kept >= TARGET))
    notes = [
        f"N={N_POINTS:,}, K the density's own, default settings, {len(SEEDS)} seeds. Excess is NLL above the true "
        f"density's on {N_TEST:,} points held out, in nats per point, the mean over seeds; p = 3K - 1 parameters.",
    ]
    headings = ("number", "density", "K", "mean excess", "in p/(2N)", "seconds", "target", "met")
    return Table(headings, [*rows, total], notes)


def figure(repetitions: Repetitions) -> Figure:
    """Each seed's excess in units of what theory expects, and their mean."""
    found = _found(repetitions)
    remark = f"excess over the truth in p/(2N), which the best fit has on average  ·  N={N_POINTS:,}, default settings"
    paper, (axes,) = sheet("Marron and Wand's densities", remark, widths=(1,), height=4.6, left=1.9)
    for place, (density, multiple) in enumerate(found.items()):
        of_seeds = [_multiple([row]) for row in where(repetitions, density=density)]
        axes.plot(of_seeds, [place] * len(of_seeds), "|", color=FITTED, markersize=9)
        axes.plot(multiple, place, "o", color=colour(0 if multiple <= MOST else 1), markersize=7)
    axes.axvline(MOST, color=TRUE, linewidth=1.1, linestyle=DASHES)
    axes.set_xscale("symlog", linthresh=2.0)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xticks([0, 1, 2, 5, 10, 20, 50])
    axes.set_xlim(-0.5, max(10.0, 1.2 * max(_multiple([row]) for row in repetitions)))
    axes.set_yticks(range(len(found)), [f"{density.replace('_', ' ')}  {n}" for n, density in _numbered(found)])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(found) - 0.5, -0.5)
    name(axes, "", "nats above the truth, in p/(2N)", "")
    explain(
        paper,
        [
            line(colour(0), f"mean of {len(SEEDS)} seeds", marker="o", linestyle="none"),
            line(colour(1), "mean, where it is too high", marker="o", linestyle="none"),
            line(FITTED, "one seed", marker="|", linestyle="none"),
            line(TRUE, f"{MOST:g} p/(2N)", linewidth=1.1, linestyle=DASHES),
        ],
    )
    return paper


def _fitted(density: str, seed: int) -> Repetition:
    dataset = MarronWand(density, N_POINTS, 0, N_TEST).load(seed)
    mixture = mixfit.GaussianMixture(len(DENSITIES[density]), random_state=seed)
    found = of_dataset(mixture, dataset)
    return {
        "density": density,
        "seed": seed,
        "K": len(DENSITIES[density]),
        "p": mixture.n_parameters_,
        "threads": THREADS,
        **found,
    }


def _row(number: str, density: str, rows: Repetitions) -> tuple[str, ...]:
    multiple = _multiple(rows)
    verdict = (f"≤ {MOST:g}", met(multiple <= MOST))
    name = density.replace("_", " ")
    seconds = f"{mean(rows, 'seconds'):.2f}"
    return (number, name, str(rows[0]["K"]), f"{mean(rows):.5f}", f"{multiple:.2f}", seconds, *verdict)


def _multiple(rows: Repetitions) -> float:
    """The mean excess in p/(2N)."""
    return mean(rows) / (rows[0]["p"] / (2 * rows[0]["n_points"]))


def _found(repetitions: Repetitions) -> dict[str, float]:
    densities = dict.fromkeys(row["density"] for row in repetitions)
    return {density: _multiple(where(repetitions, density=density)) for density in densities}


def _numbered(found: dict[str, float]) -> list[tuple[int, str]]:
    """With the paper's numbers."""
    return [(list(DENSITIES).index(density) + 1, density) for density in found]
