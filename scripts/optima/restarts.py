"""What do sixteen starts cost beside one?

They run side by side in the same matrix products, so that what a small fit waits for, the calls and not the numbers, is
paid for once.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import mixfit
from mixfit.data.gaussians import Gaussians
from scripts.benchmarks.race import median_of, race, ratio_of
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met
from scripts.optima.fitting import alike, fit

TARGET = 3.0  # times as long
ROUNDS = 20
N_POINTS, DIM, N_COMPONENTS = 1_000, 2, 3
MANY = 16
THREADS = 1
CONTESTANTS = {"1 start": 1, f"{MANY} starts": MANY}


def measure() -> Repetitions:
    """Both in turn, each round on other points."""
    with alike(THREADS):
        return race({who: partial(_fitted, n_init) for who, n_init in CONTESTANTS.items()}, ROUNDS)


def table(repetitions: Repetitions) -> Table:
    """Seconds of both, and their ratio."""
    one, many = CONTESTANTS
    ratio = ratio_of(repetitions, many, one)
    rows = [
        (one, *_numbers(repetitions, one), "1", "-", "-"),
        (many, *_numbers(repetitions, many), f"{ratio:.2f}", f"≤ {TARGET:g}", met(ratio <= TARGET)),
    ]
    notes = [
        f"`data=gaussians`, N={N_POINTS:,}, D={DIM}, K={N_COMPONENTS}; other points every round, the same for both. "
        '`GaussianMixture(K, n_init=..., moves="none", random_state=round)`. Seconds are medians over '
        f"{ROUNDS} rounds, the ratio is the median of the rounds' ratios; NLL in nats per point. Threads: {THREADS}.",
    ]
    return Table(("fit", "seconds", "median NLL", "ratio", "target", "met"), rows, notes)


def _fitted(n_init: int, number: int) -> Repetition:
    points = np.asarray(Gaussians(DIM, N_COMPONENTS, N_POINTS, 0, 0).load(number).train.points)
    mixture = mixfit.GaussianMixture(N_COMPONENTS, n_init=n_init, moves="none", random_state=number)
    seconds = fit(mixture, points).seconds
    return {"seed": number, "seconds": seconds, "nll": -float(mixture.score(points)), "threads": THREADS}


def _numbers(repetitions: Repetitions, who: str) -> tuple[str, str]:
    return f"{median_of(repetitions, who):.3f}", f"{median_of(repetitions, who, 'nll'):.4f}"
