"""How soon is a fit as good as scikit-learn's, on a million points in 16 dimensions with 32 components?

Both are fitted as anyone would: scikit-learn with its defaults, ours with `tol` alone changed, to what scikit-learn's
is by default, and in float32. Both settings were fixed before any seed was looked at, the clock runs for the whole of
`fit`, and both are judged on the same 100,000 points that neither has seen. Ours must be at least as good there, or
its time does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn.mixture
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import mixfit
from mixfit.tracking.pictures.style import DASHES, FITTED, TRUE, colour
from scripts.benchmarks.fits import own_threads, quietly
from scripts.benchmarks.overlapping import Drawn, overlapping
from scripts.benchmarks.race import seconds_of
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met
from scripts.questions.drawing import explain, line, name, sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TARGET = 20.0  # times as fast
SEEDS = (0, 1)
THREADS = 2
N_POINTS, N_HELD_OUT, DIM, N_COMPONENTS = 1_000_000, 100_000, 16, 32
OURS, SKLEARN = "mixfit", "scikit-learn"
SETTINGS: dict[str, Any] = {"tol": 1e-3, "dtype": "float32"}
"""What differs from our defaults."""

Estimator = Callable[[int], Any]
ESTIMATORS: dict[str, Estimator] = {
    OURS: lambda seed: mixfit.GaussianMixture(N_COMPONENTS, random_state=seed, **SETTINGS),
    SKLEARN: lambda seed: sklearn.mixture.GaussianMixture(N_COMPONENTS, random_state=seed),
}


def measure() -> Repetitions:
    """One fit by each for each seed; a fit of few points before them, which imports what is imported late."""
    with own_threads(), threadpool_limits(THREADS), quietly():
        torch.set_num_threads(THREADS)
        _warm_up()
        return [row for seed in SEEDS for row in _seed(seed)]


def _warm_up() -> None:
    few = np.random.default_rng(0).normal(size=(1000, 2))
    for make in (mixfit.GaussianMixture, sklearn.mixture.GaussianMixture):
        make(2, random_state=0).fit(few)


def _seed(seed: int) -> Repetitions:
    drawn = overlapping(seed, N_POINTS, N_HELD_OUT, DIM, N_COMPONENTS)
    return [_fitted(who, make(seed), drawn, seed) for who, make in ESTIMATORS.items()]


def _fitted(who: str, estimator: Any, drawn: Drawn, seed: int) -> Repetition:
    train, held_out = drawn.train.numpy(), drawn.held_out.numpy()
    seconds = seconds_of(partial(_fit, estimator, train))
    return {
        "contestant": who,
        "seed": seed,
        "seconds": seconds,
        "held_out": -float(estimator.score(held_out)),
        "true": drawn.truth.nll(drawn.held_out),
        "passes": int(estimator.n_iter_),
        "converged": bool(estimator.converged_),
        "threads": THREADS,
    }


def _fit(estimator: Any, points: NDArray[np.float64]) -> None:
    estimator.fit(points)


def table(repetitions: Repetitions) -> Table:
    """Seconds and held-out NLL of both, seed by seed."""
    rows = [row for seed in sorted({row["seed"] for row in repetitions}) for row in _rows(_of(repetitions, seed))]
    notes = [
        f"N={N_POINTS:,}, D={DIM}, K={N_COMPONENTS}: means 3·N(0, I), covariances A Aᵀ/{DIM} with A of N(0, 1), equal "
        f"weights; {THREADS} threads. Excess is NLL above the true density's on {N_HELD_OUT:,} held-out points, in nats "
        "per point.",
        f"{SKLEARN}: `GaussianMixture({N_COMPONENTS}, random_state=seed)`; mixfit: the same with "
        f"{', '.join(f'{key}={value!r}' for key, value in SETTINGS.items())}, of which tol is {SKLEARN}'s default. "
        "Seconds are the whole `fit`. Passes are those over all points: before them mixfit looks at 20,000, and "
        f"{SKLEARN} runs k-means on all. Two seeds and one fit each, because {SKLEARN}'s takes long.",
    ]
    headings = ("fit", "seed", "seconds", "passes", "held-out NLL", "excess", "times as fast", "target", "met")
    return Table(headings, rows, notes)


def _of(repetitions: Repetitions, seed: int) -> dict[str, Repetition]:
    return {row["contestant"]: row for row in repetitions if row["seed"] == seed}


def _rows(by_name: dict[str, Repetition]) -> list[tuple[str, ...]]:
    ours, theirs = by_name[OURS], by_name[SKLEARN]
    times = theirs["seconds"] / ours["seconds"]
    kept = times >= TARGET and ours["held_out"] <= theirs["held_out"]
    judged = (f"{times:.1f}", f"≥ {TARGET:g}, NLL no higher", met(kept))
    return [(*_numbers(ours), *judged), (*_numbers(theirs), "1", "-", "-")]


def _numbers(row: Repetition) -> tuple[str, ...]:
    return (
        *(row["contestant"], str(row["seed"]), f"{row['seconds']:.2f}", f"{row['passes']}"),
        *(f"{row['held_out']:.4f}", f"{row['held_out'] - row['true']:.4f}"),
    )


def figure(repetitions: Repetitions) -> Figure:
    """Where each fit ended, and when."""
    seeds = sorted({row["seed"] for row in repetitions})
    remark = f"{N_POINTS:,} points, D={DIM}, K={N_COMPONENTS}, {THREADS} threads  ·  farther left and lower is better"
    paper, panels = sheet("Seconds to a fit, and how good it is", remark, widths=(1,) * len(seeds))
    tones = {OURS: colour(0), SKLEARN: FITTED}
    for axes, seed in zip(panels, seeds, strict=True):
        by_name = _of(repetitions, seed)
        for who, row in by_name.items():
            axes.plot([row["seconds"]], [row["held_out"] - row["true"]], "o", color=tones[who], markersize=8)
        axes.axvline(by_name[SKLEARN]["seconds"] / TARGET, color=TRUE, linewidth=1.1, linestyle=DASHES)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter("{x:g}")
        name(axes, f"seed {seed}", "seconds of fit", "nats per point above the truth")
    dots = [line(tone, who, marker="o", linestyle="none") for who, tone in tones.items()]
    explain(paper, [*dots, line(TRUE, f"a {TARGET:g}th of scikit-learn's time", linewidth=1.1, linestyle=DASHES)])
    return paper
