"""EM from every start, with five components that share one covariance, whose likelihood has a maximum.

The best maximum known is that of mclust or of this sweep, whichever is higher. A start reaches it or ends in a lower
one, and the share of starts that do is what an initialiser is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

from mixfit.runs import Run
from mixfit.spelling import listed
from mixfit.tracking.pictures.style import INK, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.questions.drawing import explain, line, name, sheet
from scripts.questions.rows import distinct, numbers_of, where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = "How often does each start reach the best maximum known?"
BESIDE: Sequence[str] = ()

BEST_KNOWN = {("old_faithful", 5): -1116.157584, ("galaxies", 5): -204.6054097}
"""Total log-likelihood of all points by data set and K, one covariance for all components: mclust 6.0.0 (models EEE
and E, R 4.2.2, EM continued to 1e-13), and scikit-learn with many starts, which agree."""

SAME = 0.01
"""Nats in total by which two maxima may differ and be one."""
Z = 1.96
"""Of a 95 % interval."""


def measure(runs: Sequence[Run]) -> Repetitions:
    """A row for each run, with its total log-likelihood."""
    return [_row(run) for run in runs]


def best_of(rows: Repetitions, data: str) -> tuple[float, str]:
    """The best total log-likelihood known of the data, and who found it."""
    own = where(rows, data=data)
    found, known = max(row["log-likelihood"] for row in own), BEST_KNOWN.get((data, own[0]["K"]))
    if known is None:
        return found, "this sweep"
    return (found, "this sweep, above mclust") if found > known + SAME else (known, "mclust")


def reached(rows: Repetitions, data: str, init: str, n_starts: int) -> tuple[int, int]:
    """How many runs end at the best maximum, of how many."""
    best, _ = best_of(rows, data)
    own = where(rows, data=data, init=init, n_starts=n_starts)
    return sum(row["log-likelihood"] >= best - SAME for row in own), len(own)


def interval(hits: int, runs: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    middle = (hits + Z**2 / 2) / (runs + Z**2)
    half = Z / (runs + Z**2) * sqrt(hits * (runs - hits) / runs + Z**2 / 4)
    return middle - half, middle + half


def answer(rows: Repetitions) -> list[str]:
    """The share of each single start for each data set, and what choosing among several is worth."""
    inits = distinct(rows, "init")
    fewest, most = distinct(rows, "n_starts")[0], distinct(rows, "n_starts")[-1]
    sentences = []
    for data in distinct(rows, "data"):
        shares = {init: reached(rows, data, init, fewest) for init in inits}
        best, who = best_of(rows, data)
        told = listed([f"{hits} of {runs} times from {init}" for init, (hits, runs) in shares.items()])
        sentences.append(f"On {data} a single start reaches the best maximum known ({best:.3f}, {who}) {told}.")
    n_runs = len(rows) // (len(inits) * len(distinct(rows, "n_starts")))
    gains = [f"{_hits(rows, init, most)} times instead of {_hits(rows, init, fewest)} from {init}" for init in inits]
    highest = max(_hits(rows, init, most) for init in inits)
    first = [init for init in inits if _hits(rows, init, most) == highest]
    return [
        *sentences,
        f"Over all data, {n_runs} runs each, the best of {most} starts gets there {listed(gains)}, so most often from "
        f"{listed(first)}.",
    ]


def table(rows: Repetitions) -> Table:
    """The share of each start, with its interval, and the mean distance from the best maximum."""
    body = []
    for data in distinct(rows, "data"):
        best, _ = best_of(rows, data)
        for init in distinct(rows, "init"):
            for n_starts in distinct(rows, "n_starts"):
                own = where(rows, data=data, init=init, n_starts=n_starts)
                hits, runs = reached(rows, data, init, n_starts)
                low, high = interval(hits, runs)
                missed = sum(best - row["log-likelihood"] for row in own) / len(own)
                worst = max(best - row["log-likelihood"] for row in own)
                share = f"{100 * low:.0f} to {100 * high:.0f} %"
                cells = (init, str(n_starts), f"{hits} of {runs}", share, f"{abs(missed):.3f}", f"{abs(worst):.3f}")
                body.append((data, *cells))
    headings = ("data", "init", "starts", "reached", "95 % interval", "mean log L below", "worst")
    origin = "; ".join(
        f"{data}: {best_of(rows, data)[0]:.4f}, found by {best_of(rows, data)[1]}" for data in distinct(rows, "data")
    )
    notes = [
        f"K = {rows[0]['K']}, one covariance, all points fitted by EM; every start begins with five EM passes. Reached "
        f"means within {SAME} nats in total of the best log-likelihood known ({origin})."
    ]
    return Table(headings, body, notes)


def figure(rows: Repetitions) -> Figure:
    """The shares with their intervals, a panel for each data set."""
    inits, numbers, sets = distinct(rows, "init"), distinct(rows, "n_starts"), distinct(rows, "data")
    paper, panels = sheet(
        "How often a start reaches the best maximum known",
        f"K = {rows[0]['K']} components with one covariance, EM  ·  bars are 95 % intervals",
        widths=[1] * len(sets),
        height=1.1 + 0.55 * len(inits),
        left=1.35,
    )
    tones = {n_starts: colour(place) for place, n_starts in enumerate(numbers)}
    for axes, data in zip(panels, sets, strict=True):
        for n_starts, tone in tones.items():
            shift = 0.22 * (numbers.index(n_starts) - (len(numbers) - 1) / 2)
            for place, init in enumerate(inits):
                hits, runs = reached(rows, data, init, n_starts)
                low, high = interval(hits, runs)
                axes.plot([100 * low, 100 * high], [place + shift] * 2, color=tone, linewidth=1.6)
                axes.plot(100 * hits / runs, place + shift, "o", color=tone, markersize=7)
        axes.set_yticks(range(len(inits)), inits)
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(inits) - 0.5, -0.5)
        axes.set_xlim(-3, 103)
        name(axes, data, "starts that reach it, %", "")
    explain(
        paper, [line(tone, "a single start" if n == 1 else f"the best of {n}", marker="o") for n, tone in tones.items()]
    )
    return paper


def _hits(rows: Repetitions, init: str, n_starts: int) -> int:
    return sum(reached(rows, data, init, n_starts)[0] for data in distinct(rows, "data"))


def _row(run: Run) -> Repetition:
    numbers = numbers_of(run, "nll/train", "n_points", "passes", "converged")
    return {
        "data": run.choices["data"],
        "init": run.choices["init"],
        "n_starts": run.config["init.restarts"],
        "K": run.config["model.n_components"],
        "seed": run.config["seed"],
        "log-likelihood": -numbers["nll/train"] * numbers["n_points"],
        **numbers,
    }
