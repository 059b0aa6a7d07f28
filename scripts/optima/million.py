"""A million points in 16 dimensions with 32 components: does a default fit come to the truth, and how soon?

From one start EM ends well above the truth, with two components where one belongs and one where two belong. So quality
comes first: the fit counts if it is as good as the truth to within a hundredth of a nat. Time is compared with
scikit-learn's default fit of the same points in the same minutes; it is slow, so that it fits only the first seeds.

A square of Gaussian numbers is nearly singular now and then, and so is the covariance made of it: thinner in some
direction than our default floor under variances (`reg_covar`) allows. What that alone costs is told beside the excess,
and a fit with next to no floor shows where the search itself ends.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import sklearn.mixture
import torch

import mixfit
from mixfit.tracking.pictures.style import DASHES, FITTED, TRUE, colour
from scripts.benchmarks.overlapping import Drawn, overlapping
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met
from scripts.optima.excess import judged
from scripts.optima.fitting import OURS, SKLEARN, alike
from scripts.questions.drawing import explain, line, logarithmic, name, sheet
from scripts.questions.rows import distinct, where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TARGET, SHARE = 0.01, 0.25
"""Nats per point above the truth, and of scikit-learn's seconds."""

SEEDS, PAIRED = range(10), range(2)
"""Ours fits all of them; scikit-learn the second ones."""

THREADS = 2
N_POINTS, N_HELD_OUT, DIM, N_COMPONENTS = 1_000_000, 100_000, 16, 32
THIN = 1e-13
"""A floor below every true variance."""

LOW = f"{OURS}, reg_covar={THIN:g}"
TONES = {OURS: colour(0), LOW: colour(1), SKLEARN: FITTED}


def measure() -> Repetitions:
    """A default fit by each for each seed."""
    with alike(THREADS):
        return [row for seed in SEEDS for row in _seed(seed)]


def table(repetitions: Repetitions) -> Table:
    """Seed by seed, and the ratio where both have fitted."""
    rows = [row for seed in distinct(repetitions, "seed") for row in _rows(where(repetitions, seed=seed))]
    notes = [
        f"N={N_POINTS:,}, D={DIM}, K={N_COMPONENTS}: means 3·N(0, I), covariances A Aᵀ/{DIM} with A of N(0, 1), equal "
        f"weights; {THREADS} threads. `GaussianMixture({N_COMPONENTS}, random_state=seed).fit(X)` of both.",
        f"Excess is NLL above the true density's on {N_HELD_OUT:,} points held out, in nats per point. A share of "
        f"{SKLEARN}'s time counts only if {SKLEARN} ended above.",
        "The floor's part: what it costs alone that no variance may be smaller than `reg_covar` of the data's; some of "
        "the true covariances are thinner.",
        *(_in_all(who, where(repetitions, contestant=who)) for who in _ours(repetitions)),
    ]
    headings = (
        "fit",
        "seed",
        "excess",
        "the floor's part",
        "target",
        "met",
        "seconds",
        "share of the time",
        "target",
        "met",
    )
    return Table(headings, rows, notes)


def figure(repetitions: Repetitions) -> Figure:
    """Where each fit ended, and when."""
    remark = f"{N_POINTS:,} points, D={DIM}, K={N_COMPONENTS}, {THREADS} threads  ·  farther left and lower is better"
    paper, (axes,) = sheet("A default fit of a million points", remark, widths=(1,))
    for seed in distinct(repetitions, "seed"):
        rows = where(repetitions, seed=seed)
        axes.plot([row["seconds"] for row in rows], [row["excess"] for row in rows], color=FITTED, linewidth=0.8)
    for who, tone in TONES.items():
        rows = where(repetitions, contestant=who)
        places = [row["seconds"] for row in rows], [row["excess"] for row in rows]
        axes.plot(*places, "o", color=tone, markersize=7, linestyle="none")
    axes.axhline(TARGET, color=TRUE, linewidth=1.1, linestyle=DASHES)
    logarithmic(axes)
    axes.set_xlim(1, 200)
    axes.set_ylim(bottom=0)
    name(axes, "a line joins fits of the same points", "seconds of fit", "nats per point above the truth")
    dots = [line(tone, who, marker="o", linestyle="none") for who, tone in TONES.items()]
    explain(paper, [*dots, line(TRUE, f"{TARGET} nats", linewidth=1.1, linestyle=DASHES)])
    return paper


def _seed(seed: int) -> Repetitions:
    drawn = overlapping(seed, N_POINTS, N_HELD_OUT, DIM, N_COMPONENTS)
    points = drawn.train.numpy(), drawn.held_out.numpy(), drawn.truth.nll(drawn.held_out)
    fits: dict[str, Any] = {
        OURS: mixfit.GaussianMixture(N_COMPONENTS, random_state=seed),
        LOW: mixfit.GaussianMixture(N_COMPONENTS, reg_covar=THIN, random_state=seed),
    }
    if seed in PAIRED:
        fits[SKLEARN] = sklearn.mixture.GaussianMixture(N_COMPONENTS, random_state=seed)
    common = {"seed": seed, "threads": THREADS}
    floors = {who: floors_part(drawn, fits[who].reg_covar) for who in (OURS, LOW)}
    return [
        {"contestant": who, **common, "floors": floors.get(who), **judged(estimator, *points)}
        for who, estimator in fits.items()
    ]


def floors_part(drawn: Drawn, floor: float) -> float:
    """What raising the true variances to a floor costs, in nats per point, each component for itself.

    A variance λ that has to be f costs its component (log(f/λ) - 1 + λ/f)/2 on average. The floor is a part of each
    axis's variance, and the axes are those of the points with all variances one.
    """
    deviations = drawn.train.std(0)
    variances = torch.linalg.eigvalsh(drawn.truth.covariances / (deviations[:, None] * deviations))
    ratio = (variances / floor).clamp(max=1.0)
    return float(drawn.truth.weights @ (ratio - 1 - ratio.log()).sum(1)) / 2


def _rows(of_seed: Repetitions) -> list[tuple[str, ...]]:
    by_name = {row["contestant"]: row for row in of_seed}
    theirs = by_name.get(SKLEARN)
    return [_row(row, theirs if who != SKLEARN else None) for who, row in by_name.items()]


def _row(row: Repetition, theirs: Repetition | None) -> tuple[str, ...]:
    is_ours = row["contestant"] != SKLEARN
    quality = (f"≤ {TARGET}", met(row["excess"] <= TARGET)) if is_ours else ("-", "-")
    time = ("-", "-", "-")
    if theirs is not None:
        taken = row["seconds"] / theirs["seconds"]
        time = (f"{taken:.2f}", f"≤ {SHARE}, lower", met(taken <= SHARE and row["nll"] < theirs["nll"]))
    floors = f"{row['floors']:.4f}" if is_ours else "-"
    named = (row["contestant"], str(row["seed"]), f"{row['excess']:.4f}", floors)
    return (*named, *quality, f"{row['seconds']:.1f}", *time)


def _ours(repetitions: Repetitions) -> list[str]:
    return [who for who in distinct(repetitions, "contestant") if who != SKLEARN]


def _in_all(who: str, rows: Repetitions) -> str:
    near = sum(row["excess"] <= TARGET for row in rows)
    possible = sum(row["floors"] <= TARGET for row in rows)
    worst = max(row["excess"] for row in rows)
    seconds = median(row["seconds"] for row in rows)
    return (
        f"{who}: {near} of {len(rows)} seeds within {TARGET}, the worst {worst:.4f}, where the floor lets {possible}; "
        f"median {seconds:.1f} s."
    )
