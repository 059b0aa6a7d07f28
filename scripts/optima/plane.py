"""How well do 64 components follow densities in the plane that are no mixtures of a few?

Curves and edges need many components side by side, each along its own piece; where two of them share a piece another
goes without. Beside ours stands scikit-learn, with a tolerance at which it goes on for as long as it gains anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sklearn.mixture

import mixfit
from mixfit.data.checkerboard import Checkerboard
from mixfit.data.circles import Circles
from mixfit.data.eight_gaussians import EightGaussians
from mixfit.data.moons import Moons
from mixfit.data.pinwheel import Pinwheel
from mixfit.data.rings import Rings
from mixfit.data.swiss_roll import SwissRoll
from mixfit.data.two_spirals import TwoSpirals
from mixfit.tracking.pictures.style import FITTED, INK, TRUE, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met
from scripts.optima.excess import mean, of_dataset
from scripts.optima.fitting import OURS, SKLEARN, alike
from scripts.questions.drawing import explain, line, logarithmic, name, sheet
from scripts.questions.rows import where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SOURCES: dict[str, Callable[..., Any]] = {
    "eight gaussians": EightGaussians,
    "circles": Circles,
    "moons": Moons,
    "swiss roll": SwissRoll,
    "two spirals": TwoSpirals,
    "pinwheel": Pinwheel,
    "rings": Rings,
    "checkerboard": Checkerboard,
}
USUAL, SPECIAL = 0.01, {"rings": 0.015, "checkerboard": 0.10}
"""Nats above the truth at most, and where thin or sharp edges make more of it unavoidable."""

SEEDS, PAIRED = range(2), range(1)
"""Ours fits all of them; scikit-learn the second ones."""

N_POINTS, N_TEST, N_COMPONENTS = 50_000, 50_000, 64
TOLERANCE, MOST_PASSES = 1e-5, 1000
THREADS = 2
TONES = {OURS: colour(0), SKLEARN: FITTED}


def measure() -> Repetitions:
    """A fit by each for each density and seed."""
    with alike(THREADS):
        return [row for data in SOURCES for seed in SEEDS for row in _fitted(data, seed)]


def table(repetitions: Repetitions) -> Table:
    """The worst excess of each density, and scikit-learn's beside it."""
    rows = [_row(data, where(repetitions, data=data)) for data in _data(repetitions)]
    notes = [
        f"N={N_POINTS:,}, K={N_COMPONENTS}, covariance full, {THREADS} threads. Excess is NLL above the true density's "
        f"on {N_TEST:,} points held out, in nats per point; the worst of the seeds. Seconds are means.",
        f"{OURS}: default settings, seeds {_seeds(repetitions, OURS)}. {SKLEARN}: "
        f"`GaussianMixture({N_COMPONENTS}, tol={TOLERANCE:g}, max_iter={MOST_PASSES})`, "
        f"seeds {_seeds(repetitions, SKLEARN)}.",
    ]
    headings = ("data", "excess", f"{SKLEARN}'s", "seconds", f"{SKLEARN}'s", "target", "met")
    return Table(headings, rows, notes)


def figure(repetitions: Repetitions) -> Figure:
    """Every fit's excess, density by density."""
    data = _data(repetitions)
    remark = f"{N_COMPONENTS} full components, {N_POINTS:,} points  ·  every dot is a fit, farther left is better"
    paper, (axes,) = sheet("Densities in the plane", remark, widths=(1,), height=3.4, left=1.5)
    for place, one in enumerate(data):
        axes.plot([_target(one)] * 2, [place - 0.35, place + 0.35], color=TRUE, linewidth=1.6)
        for who, tone in reversed(TONES.items()):
            values = [row["excess"] for row in where(repetitions, data=one, contestant=who)]
            axes.plot(values, [place] * len(values), "o", color=tone, markersize=7, linestyle="none")
    logarithmic(axes)
    axes.set_yticks(range(len(data)), data)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(data) - 0.5, -0.5)
    name(axes, "", "nats per point above the truth", "")
    dots = [line(tone, who, marker="o", linestyle="none") for who, tone in TONES.items()]
    explain(paper, [*dots, line(TRUE, "at most", marker="|", linestyle="none", markersize=10)])
    return paper


def _fitted(data: str, seed: int) -> Repetitions:
    dataset = SOURCES[data](N_POINTS, 0, N_TEST).load(seed)
    fits: dict[str, Any] = {OURS: mixfit.GaussianMixture(N_COMPONENTS, random_state=seed)}
    if seed in PAIRED:
        fits[SKLEARN] = sklearn.mixture.GaussianMixture(
            N_COMPONENTS, tol=TOLERANCE, max_iter=MOST_PASSES, random_state=seed
        )
    common: Repetition = {"data": data, "seed": seed, "threads": THREADS}
    return [{"contestant": who, **common, **of_dataset(estimator, dataset)} for who, estimator in fits.items()]


def _row(data: str, rows: Repetitions) -> tuple[str, ...]:
    ours, theirs = (where(rows, contestant=who) for who in (OURS, SKLEARN))
    worst = max(row["excess"] for row in ours)
    return (
        data,
        *(f"{max(row['excess'] for row in some):.4f}" for some in (ours, theirs)),
        *(f"{mean(some, 'seconds'):.1f}" for some in (ours, theirs)),
        *(f"≤ {_target(data)}", met(worst <= _target(data))),
    )


def _target(data: str) -> float:
    return SPECIAL.get(data, USUAL)


def _data(repetitions: Repetitions) -> list[str]:
    return list(dict.fromkeys(row["data"] for row in repetitions))


def _seeds(repetitions: Repetitions, who: str) -> str:
    return ", ".join(map(str, sorted({row["seed"] for row in where(repetitions, contestant=who)})))
