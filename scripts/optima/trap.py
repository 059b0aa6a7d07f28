"""Does a fit leave a maximum that EM cannot leave?

Three components on the line have equal weights, two close together and one far away. Two components that start at the
far one stay there, and one has to do for both others. C. Jin and others (2016), "Local maxima in the likelihood of
Gaussian mixture models: structural results and algorithmic consequences" (NIPS 29), prove that this is a maximum, as
far below the best one as anybody likes. A search that draws its own starts would avoid it; here all are given this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import mixfit
from mixfit.mixtures.density import Density
from mixfit.tracking.pictures.style import DASHES, TRUE, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met
from scripts.optima.excess import judged as judged_above
from scripts.optima.excess import mean
from scripts.optima.fitting import Array, alike
from scripts.questions.drawing import explain, line, name, sheet
from scripts.questions.rows import where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEEDS = range(20)
N_POINTS, N_TEST = 1_500, 10_000
MEANS, DEVIATION = (-3.0, 3.0, 30.0), 1.0
START = (0.0, 29.5, 30.5)
THREADS = 1

PLAIN, MOVED = "none", "alternating"
"""Values of `moves`; a fit from a start that is given has no others by default."""

TARGETS = {PLAIN: 0.0, MOVED: 1.0}
"""Shares of seeds that leave it."""

NEAR = 1.0
"""A true mean is found if some component's mean is nearer than this."""

TONES = {PLAIN: colour(1), MOVED: colour(0)}


def measure() -> Repetitions:
    """EM from the trap for each seed, without moves and with them."""
    with alike(THREADS):
        return [_fitted(moves, seed) for seed in SEEDS for moves in TARGETS]


def table(repetitions: Repetitions) -> Table:
    """How often each leaves the trap, and where it ends."""
    rows = [_row(moves, where(repetitions, moves=moves)) for moves in TARGETS]
    notes = [
        f"{N_POINTS:,} points of equal components at {_listed(MEANS)} with standard deviation {DEVIATION:g}; all fits "
        f"start with means at {_listed(START)} (`means_init`). One has left if each true mean has a component within "
        f"{NEAR:g}. Excess is NLL above the true density's on {N_TEST:,} points held out, in nats per point.",
        f"Threads: {THREADS}.",
    ]
    return Table(("moves", "left", "mean excess", "worst excess", "mean seconds", "target", "met"), rows, notes)


def figure(repetitions: Repetitions) -> Figure:
    """The density where each ended, and the true one."""
    seed = min(row["seed"] for row in repetitions)
    paper, (axes,) = sheet("Out of a trap", f"all fits start with means at {_listed(START)}", widths=(1,))
    grid = np.linspace(min(MEANS) - 4 * DEVIATION, max(MEANS) + 4 * DEVIATION, 2000)
    for moves, tone in TONES.items():
        (row,) = where(repetitions, moves=moves, seed=seed)
        axes.plot(grid, _density(grid, row["weights"], row["means"], row["deviations"]), color=tone, linewidth=1.8)
    true = _density(grid, [1 / 3] * 3, list(MEANS), [DEVIATION] * 3)
    axes.plot(grid, true, color=TRUE, linewidth=1.1, linestyle=DASHES)
    axes.set_ylim(bottom=0)
    name(axes, f"seed {seed}", "x", "density")
    fits = [line(tone, f"moves={moves}") for moves, tone in TONES.items()]
    explain(paper, [*fits, line(TRUE, "the truth", linestyle=DASHES)])
    return paper


def _fitted(moves: str, seed: int) -> Repetition:
    random = np.random.default_rng(seed)
    points, held_out = _drawn(random, N_POINTS), _drawn(random, N_TEST)
    mixture = mixfit.GaussianMixture(3, means_init=np.array(START)[:, None], moves=moves, random_state=seed)
    true_nll = -float(np.log(_density(held_out[:, 0], [1 / 3] * 3, list(MEANS), [DEVIATION] * 3)).mean())
    found = judged_above(mixture, points, held_out, true_nll)
    order = np.argsort(mixture.means_[:, 0])
    return {
        "moves": moves,
        "seed": seed,
        "threads": THREADS,
        **found,
        "left": has_found(mixture.density_),
        "weights": mixture.weights_[order].tolist(),
        "means": mixture.means_[order, 0].tolist(),
        "deviations": np.sqrt(mixture.covariances_[order, 0, 0]).tolist(),
    }


def has_found(density: Density) -> bool:
    """Whether each true mean has a component near it."""
    means = np.asarray(density.means)[:, 0]
    return bool((np.abs(means - np.array(MEANS)[:, None]).min(1) < NEAR).all())


def _drawn(random: np.random.Generator, n_points: int) -> Array:
    return (random.choice(MEANS, n_points) + DEVIATION * random.standard_normal(n_points))[:, None]


def _density(x: Array, weights: list[float], means: list[float], deviations: list[float]) -> Array:
    """Σ_k π_k N(x; μ_k, σ_k²), (N,)."""
    scaled = (x[:, None] - np.array(means)) / np.array(deviations)
    return np.exp(-0.5 * scaled**2) @ (np.array(weights) / np.array(deviations)) / np.sqrt(2 * np.pi)


def _row(moves: str, rows: Repetitions) -> tuple[str, ...]:
    left, wanted = sum(row["left"] for row in rows), round(TARGETS[moves] * len(rows))
    return (
        *(moves, f"{left} of {len(rows)}", f"{mean(rows):.4f}", f"{max(row['excess'] for row in rows):.4f}"),
        *(f"{mean(rows, 'seconds'):.2f}", f"{wanted} of {len(rows)}", met(left == wanted)),
    )


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
