"""Every optimizer there is, from the same bare draw, to the same maximum.

What counts is the distance of the training NLL from the lowest that any of them reached with the same points and
start. A pass is one look at all training points, so that a line search pays for its looks. k-means fits another
family by another rule: it stands beside them to show where it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from statistics import median
from typing import TYPE_CHECKING, Any

from mixfit.runs import Run
from mixfit.spelling import listed
from mixfit.tracking.pictures.style import PALETTE, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.questions.drawing import explain, line, name, sheet
from scripts.questions.fitted import Curve, curve_of, thinned
from scripts.questions.rows import distinct, numbers_of, short, where

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUESTION = "Which optimizer gets there first, if components overlap and if they do not?"
BESIDE: Sequence[str] = ()

THERE = 1e-4
"""Nats per point above the lowest NLL that count as having arrived: a tenth of what estimating costs, or less."""
LOWEST = 1e-8
"""Where the picture ends."""


def measure(runs: Sequence[Run]) -> Repetitions:
    """A row for each run, with the passes it took to arrive, and its curve thinned for the picture."""
    curves = [curve_of(run) for run in runs]
    rows = [_row(run) for run in runs]
    for row in rows:
        row["lowest"] = min(
            nll
            for curve, other in zip(curves, rows, strict=True)
            if (other["separation"], other["seed"]) == (row["separation"], row["seed"])
            for _, nll in curve
        )
    for row, curve in zip(rows, curves, strict=True):
        row["passes/there"] = arrival(curve, row["lowest"])
        row["curve"] = thinned(curve)
        row["seconds/fit"] = row.pop("seconds/fit")  # the clock's last, as in every table here
    return rows


def arrival(curve: Curve, lowest: float) -> float | None:
    """The passes after which the NLL is and stays within `THERE` of the lowest; None if it does not end there."""
    away = [passes for passes, nll in curve if nll > lowest + THERE]
    after = [passes for passes, nll in curve if not away or passes > away[-1]]
    return after[0] if after else None


def way(rows: Repetitions, who: str, separation: float) -> float | None:
    """The median of the passes that an optimizer takes to arrive; None if it does not with most seeds."""
    own = where(rows, optimizer=who, separation=separation)
    middle = median(inf if row["passes/there"] is None else row["passes/there"] for row in own)
    return None if middle == inf else float(middle)


def answer(rows: Repetitions) -> list[str]:
    """Who arrives in the fewest passes, what the overlap does to the ways, and who does not arrive."""
    separations = distinct(rows, "separation")[::-1]
    sentences = []
    for separation in separations:
        ways = {who: way(rows, who, separation) for who in distinct(rows, "optimizer")}
        there = sorted((passes, who) for who, passes in ways.items() if passes is not None)
        if not there:
            raise ValueError(f"no optimizer arrives with most seeds at a separation of {separation}")
        (fewest, first), *others = there
        then = f"; then come {listed([f'{who} with {passes:g}' for passes, who in others])}" if others else ""
        sentences.append(f"At a separation of {separation:g} {first} needs the fewest passes, {fewest:g}{then}.")
    longer = {who: times for who in _ordered(rows) if (times := _times_as_long(rows, who)) is not None}
    if len(longer) > 1:
        most, least = max(longer, key=lambda who: longer[who]), min(longer, key=lambda who: longer[who])
        sentences.append(
            f"The overlap makes the way of {most} {short(longer[most])} times as long, and that of {least}, which "
            f"stands it best, {short(longer[least])} times."
        )
    return [*sentences, *_left_behind(rows)]


def table(rows: Repetitions) -> Table:
    """Passes and seconds until there, and where each ended, at each separation."""
    separations = distinct(rows, "separation")[::-1]
    heads = [
        head
        for separation in separations
        for head in (f"passes at {separation:g}", "seconds", "end above the lowest", "arrived")
    ]
    body = []
    for who in _ordered(rows):
        cells = []
        for separation in separations:
            own = where(rows, optimizer=who, separation=separation)
            there = [row for row in own if row["passes/there"] is not None]
            passes = way(rows, who, separation)
            seconds = [row["passes/there"] * _seconds_per_pass(row) for row in there]
            cells += [
                "" if passes is None else f"{passes:g}",
                f"{median(seconds):.2f}" if seconds else "",
                f"{median(map(_end, own)):.0e}",
                f"{len(there)} of {len(own)}",
            ]
        body.append((who, *cells))
    notes = [
        f"Arrived: within {THERE:g} nats per point of the lowest training NLL of the same points, and staying there. "
        "Passes are the median over all seeds, seconds over those that arrive. "
        f"N = {rows[0]['n_points']:,}, every optimizer with the settings it comes with. Seconds are passes times the "
        "fit's seconds per pass, which hold Lightning's share as well."
    ]
    return Table(("optimizer", *heads), body, notes)


def figure(rows: Repetitions) -> Figure:
    """The distance from the lowest NLL against passes and against seconds, for the seed with which most arrive."""
    seed, separations = _seed_with_most_there(rows), distinct(rows, "separation")[::-1]
    paper, panels = sheet(
        "The way to the maximum",
        f"training NLL above the lowest that was reached, nats per point  ·  seed {seed}, from the same bare draw",
        n_rows=len(separations),
        height=3.0,
    )
    names = distinct(rows, "optimizer")
    tones = {who: colour(place) for place, who in enumerate(names)}
    strokes = {who: "-" if place < len(PALETTE) else "--" for place, who in enumerate(names)}
    for place, separation in enumerate(separations):
        own = where(rows, separation=separation, seed=seed)
        by_passes, by_seconds = panels[2 * place : 2 * place + 2]
        for row in own:
            who = row["optimizer"]
            thinner = 2.6 - 1.4 * names.index(who) / len(names)  # so that nobody hides behind another
            style = {"color": tones[who], "linestyle": strokes[who], "linewidth": thinner}
            _draw(by_passes, row, 1.0, style)
            _draw(by_seconds, row, _seconds_per_pass(row), style)
        name(by_passes, f"separation {separation:g}", "passes", "")
        name(by_seconds, f"separation {separation:g}", "seconds", "")
    explain(paper, [line(tone, who, linewidth=2, linestyle=strokes[who]) for who, tone in tones.items()])
    return paper


def _draw(axes: Axes, row: Repetition, unit: float, style: dict[str, Any]) -> None:
    passes = [at * unit for at, _ in row["curve"]]
    gaps = [max(nll - row["lowest"], LOWEST) for _, nll in row["curve"]]
    axes.loglog(passes, gaps, **style)
    axes.set_ylim(LOWEST / 2, 3)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()


def _seed_with_most_there(rows: Repetitions) -> int:
    """The first of those with which the most runs arrive."""
    there = {seed: [row["passes/there"] for row in where(rows, seed=seed)] for seed in distinct(rows, "seed")}
    return max(there, key=lambda seed: sum(passes is not None for passes in there[seed]))


def _left_behind(rows: Repetitions) -> list[str]:
    """Who does not arrive with every seed, and where that ends."""
    ends = []
    for who in _ordered(rows):
        own = where(rows, optimizer=who)
        away = [row for row in own if row["passes/there"] is None]
        if away:
            ends.append(f"{who} in {len(away)} of {len(own)} runs, up to {short(max(map(_end, away)))} nats away")
    return [f"Not there in the end: {'; '.join(ends)}."] if ends else ["All of them arrive with every seed."]


def _end(row: Repetition) -> float:
    """How far above the lowest NLL the fit ended."""
    return float(row["curve"][-1][1] - row["lowest"])


def _times_as_long(rows: Repetitions, who: str) -> float | None:
    """How the way at the smallest separation compares to that at the largest, if most runs arrive at both."""
    near, far = distinct(rows, "separation")[0], distinct(rows, "separation")[-1]
    longer, shorter = way(rows, who, near), way(rows, who, far)
    return longer / shorter if near != far and longer and shorter else None


def _ordered(rows: Repetitions) -> list[str]:
    """The optimizers, those that arrive soonest at the larger separation first."""
    far = distinct(rows, "separation")[-1]
    ways = {who: way(rows, who, far) for who in distinct(rows, "optimizer")}
    return sorted(ways, key=lambda who: (ways[who] is None, ways[who] or 0.0, who))


def _seconds_per_pass(row: Repetition) -> float:
    return float(row["seconds/fit"] / row["passes"])


def _row(run: Run) -> Repetition:
    return {
        "optimizer": run.choices["optimizer"],
        "separation": run.config["data.separation"],
        "seed": run.config["seed"],
        **numbers_of(run, "passes", "converged", "n_points", "n_parameters", "seconds/fit"),
    }
