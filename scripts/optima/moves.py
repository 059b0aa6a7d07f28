"""What does each move reach, and in what time?

Every move of `configs/moves` fits the classic data of `reference`, and a sample of the density of `million` as large as
a search looks at. Beside them stand starts alone: one, and as many as a search draws of few points. A move that costs
more than another and reaches less has lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

import mixfit
from mixfit.catalogue import options
from mixfit.tracking.pictures.style import colour
from scripts.benchmarks.overlapping import overlapping
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.optima import excess, shares
from scripts.optima.cells import cells
from scripts.optima.fitting import alike
from scripts.questions.drawing import explain, line, logarithmic, name, sheet
from scripts.questions.rows import where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED, SEEDS = 0, range(2)
"""Of the classic data, and of the sample."""

CLASSIC = (4, 6)
"""Components of the classic data: from fewer most starts do as well as any move."""

N_POINTS, N_HELD_OUT, DIM, N_COMPONENTS = 20_000, 50_000, 16, 32
MANY = 128
THREADS = {"classic": 1, "sample": 2}

Place = tuple[str, str, int]
"""Data, model and K."""


def contestants() -> dict[str, dict[str, Any]]:
    """The estimator's arguments by what they are called; `auto` is one of the others."""
    moves = {move: {"moves": move} for move in options("moves") if move not in ("auto", "none")}
    starts = {"none, 1 start": 1, f"none, {MANY} starts": MANY}
    return {**{who: {"moves": "none", "n_init": number} for who, number in starts.items()}, **moves}


def measure() -> Repetitions:
    """Everybody on every cell, and then on every sample."""
    with alike(THREADS["classic"]):
        classic = [
            {"contestant": who, "what": "classic", "seed": SEED, "threads": THREADS["classic"], **found}
            for cell in cells()
            if cell.n_components in CLASSIC
            for who, how in contestants().items()
            for found in [
                shares.judged(cell, _mixture(cell.n_components, SEED, covariance_type=cell.covariance, **how))
            ]
        ]
    with alike(THREADS["sample"]):
        return [*classic, *(row for seed in SEEDS for row in _sampled(seed))]


def table(repetitions: Repetitions) -> Table:
    """A row for each contestant."""
    best = _smallest_gaps(repetitions)
    rows = [_row(who, *_both(repetitions, who), best) for who in _names(repetitions)]
    notes = [
        f"Classic data: those of `reference`, K of {' and '.join(map(str, CLASSIC))}, seed {SEED}. What reached, "
        "degenerate and below the bound mean is told there; a fit that is refused has ended with an error. Mean below: "
        "nats of the total log-likelihood below the best maximum that is known or that any fit here has found, over "
        "fits that are sound.",
        f"Sample: {N_POINTS:,} points of the density of `million`, D={DIM}, K={N_COMPONENTS}; excess over the truth on "
        f"{N_HELD_OUT:,} points held out, in nats per point, the mean of {len(SEEDS)} seeds. A fit of so few points "
        "cannot come to zero.",
        f"Seconds are means; threads: {THREADS['classic']} for classic data, {THREADS['sample']} for the sample.",
        "The default, `auto`, is `alternating` wherever a fit draws its own start.",
    ]
    headings = (
        *("moves", "reached", "degenerate", "refused", "below the bound", "mean below", "seconds"),
        *("sample: excess", "worst", "seconds"),
    )
    return Table(headings, rows, notes)


def figure(repetitions: Repetitions) -> Figure:
    """Quality beside time, for both kinds of data."""
    paper, (classic, sample) = sheet(
        "What a move reaches, and what it costs",
        "farther left is sooner  ·  higher is better in the left panel, lower in the right",
    )
    tones = {who: colour(place) for place, who in enumerate(_names(repetitions))}
    for who, tone in tones.items():
        own, samples = _both(repetitions, who)
        classic.plot(shares.mean_seconds(own), 100 * shares.share(own), "o", color=tone, markersize=8)
        sample.plot(excess.mean(samples, "seconds"), excess.mean(samples), "o", color=tone, markersize=8)
    for axes in (classic, sample):
        logarithmic(axes)
        axes.margins(0.1, 0.15)
    name(classic, "classic data", "mean seconds of a fit", "reach the best known, %")
    name(sample, f"{N_POINTS:,} points, D={DIM}, K={N_COMPONENTS}", "mean seconds of a fit", "nats above the truth")
    explain(paper, [line(tone, who, marker="o", linestyle="none") for who, tone in tones.items()])
    return paper


def _mixture(n_components: int, seed: int, **how: Any) -> mixfit.GaussianMixture:
    return mixfit.GaussianMixture(n_components, random_state=seed, **how)


def _sampled(seed: int) -> Repetitions:
    drawn = overlapping(seed, N_POINTS, N_HELD_OUT, DIM, N_COMPONENTS)
    points = drawn.train.numpy(), drawn.held_out.numpy(), drawn.truth.nll(drawn.held_out)
    common: Repetition = {"what": "sample", "seed": seed, "threads": THREADS["sample"]}
    return [
        {"contestant": who, **common, **excess.judged(_mixture(N_COMPONENTS, seed, **how), *points)}
        for who, how in contestants().items()
    ]


def _names(repetitions: Repetitions) -> list[str]:
    return list(dict.fromkeys(row["contestant"] for row in repetitions))


def _both(repetitions: Repetitions, who: str) -> tuple[Repetitions, Repetitions]:
    """The rows of one contestant: of the classic data, and of the sample."""
    own = where(repetitions, contestant=who)
    return where(own, what="classic"), where(own, what="sample")


def _row(who: str, classic: Repetitions, sample: Repetitions, best: Mapping[Place, float]) -> tuple[str, ...]:
    ended = [row for row in classic if not row["refused"]]
    sound = [row for row in ended if not row["degenerate"]]
    below = sum(row["gap"] - best[_place(row)] for row in sound) / max(1, len(sound))
    return (
        *(who, f"{100 * shares.share(classic):.1f} %", str(len(ended) - len(sound)), str(len(classic) - len(ended))),
        *(str(sum(shares.is_below(row, "below_nested") for row in ended)), f"{below:.2f}"),
        f"{shares.mean_seconds(classic):.3f}",
        *(f"{excess.mean(sample):.4f}", f"{max(row['excess'] for row in sample):.4f}"),
        f"{excess.mean(sample, 'seconds'):.2f}",
    )


def _smallest_gaps(repetitions: Repetitions) -> dict[Place, float]:
    """Of each cell the gap of the best sound fit, which is negative if it is higher than all that was known."""
    smallest: dict[Place, float] = {}
    for row in where(repetitions, what="classic"):
        found = np.inf if row["refused"] or row["degenerate"] else row["gap"]
        smallest[_place(row)] = min(smallest.get(_place(row), 0.0), found)
    return smallest


def _place(row: Repetition) -> Place:
    return row["data"], row["model"], row["K"]
