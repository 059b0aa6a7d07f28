"""Random mixtures of three components, fitted with one to six: which criterion names three?

At a separation of 2 (Dasgupta 1999) components hardly overlap, at 0.5 they are hard to tell apart by eye. Every seed
is another truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixfit.runs import Run
from mixfit.spelling import listed
from mixfit.tracking.pictures.style import DASHES, TRUE, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.questions.drawing import explain, line, name, sheet, ticks
from scripts.questions.rows import distinct, estimate, numbers_of, where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = "Which criterion names the true number of components?"
BESIDE: Sequence[str] = ()

CRITERIA = {"bic": "BIC", "icl": "ICL", "nll/val": "the held-out NLL"}
COLOURS = {"bic": colour(0), "icl": colour(1), "nll/val": colour(2)}


def measure(runs: Sequence[Run]) -> Repetitions:
    """A row for each run: its truth, its K, and what the criteria say."""
    return [_row(run) for run in runs]


def answer(rows: Repetitions) -> list[str]:
    """How often each criterion names the truth at each separation, and what it names instead."""
    (truth,) = distinct(rows, "true K")
    return [
        f"At a separation of {separation:g} "
        + "; ".join(_named(where(rows, separation=separation), criterion, truth) for criterion in CRITERIA)
        + "."
        for separation in reversed(distinct(rows, "separation"))
    ] + [_cost(rows, truth)]


def chosen(rows: Repetitions, criterion: str) -> list[int]:
    """The K with the lowest value of the criterion, for each seed."""
    return [
        min(where(rows, seed=seed), key=lambda row: (row[criterion], row["K"]))["K"] for seed in distinct(rows, "seed")
    ]


def table(rows: Repetitions) -> Table:
    """For each separation and criterion, how often each K was named."""
    candidates = distinct(rows, "K")
    body = []
    for separation in reversed(distinct(rows, "separation")):
        for criterion, label in CRITERIA.items():
            counts = Counter(chosen(where(rows, separation=separation), criterion))
            body.append((f"{label} at {separation:g}", *(str(counts[k] or "") for k in candidates)))
    notes = [
        f"How many of {len(distinct(rows, 'seed'))} truths were given each K. N = {rows[0]['n_points']:,} points in "
        f"{rows[0]['dim']} dimensions; held out are {rows[0]['n_val']:,} more."
    ]
    return Table(("criterion at separation", *(f"K = {k}" for k in candidates)), body, notes)


def figure(rows: Repetitions) -> Figure:
    """Every criterion against K, as its distance from its own minimum."""
    separations = distinct(rows, "separation")[::-1]
    paper, panels = sheet(
        "How many components?",
        "above each criterion's own lowest mean, nats per point  ·  BIC and ICL divided by 2N  ·  means over seeds",
        widths=[1] * len(separations),
        height=3.0,
    )
    candidates = distinct(rows, "K")
    for axes, separation in zip(panels, separations, strict=True):
        own = where(rows, separation=separation)
        for criterion, tone in COLOURS.items():
            scale = 1 if criterion.startswith("nll") else 2 * rows[0]["n_points"]
            means = [estimate(where(own, K=k), criterion).mean / scale for k in candidates]
            rises = [mean - min(means) for mean in means]
            axes.plot(candidates, rises, color=tone, marker="o", markersize=5, linewidth=1.8)
        axes.axvline(rows[0]["true K"], color=TRUE, linewidth=1.1, linestyle=DASHES)
        axes.set_ylim(-0.008, 0.2)
        ticks(axes, candidates)
        name(axes, f"separation {separation:g}", "K", "nats per point above the least" if axes is panels[0] else "")
    key = [line(COLOURS[criterion], label, marker="o", linewidth=2) for criterion, label in CRITERIA.items()]
    explain(paper, [*key, line(TRUE, "true K", linewidth=1.1, linestyle=DASHES)])
    return paper


def _named(rows: Repetitions, criterion: str, truth: int) -> str:
    """`BIC names 3 for 4 of 5 truths, else 2`."""
    named = chosen(rows, criterion)
    others = [str(k) for k in sorted(set(named) - {truth})]
    rest = f", else {listed(others, 'or')}" if others else ""
    return f"{CRITERIA[criterion]} names {truth} for {named.count(truth)} of {len(named)} truths{rest}"


def _cost(rows: Repetitions, truth: int) -> str:
    """What the wrong K costs at the largest separation."""
    separation, candidates = distinct(rows, "separation")[-1], distinct(rows, "K")
    excess = {k: estimate(where(rows, separation=separation, K=k), "excess") for k in candidates}
    too_few, too_many = excess[truth - 1].mean - excess[truth].mean, excess[max(candidates)].mean - excess[truth].mean
    dearer = "costs more than" if too_few > too_many else "costs no more than"
    return (
        f"At {separation:g} one component too few {dearer} {max(candidates) - truth} too many: {too_few:.4f} "
        f"against {too_many:.4f} nats per held-out point."
    )


def _row(run: Run) -> Repetition:
    numbers = numbers_of(run, "bic", "icl", "nll/val", "nll/test", "nll/excess", "n_points", "converged")
    return {
        "separation": run.config["data.separation"],
        "true K": run.config["data.n_components"],
        "K": run.config["model.n_components"],
        "seed": run.config["seed"],
        "dim": run.config["data.dim"],
        "n_val": run.config["data.n_val"],
        "excess": numbers.pop("nll/excess"),
        **numbers,
    }
