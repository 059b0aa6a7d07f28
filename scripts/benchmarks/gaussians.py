"""Do EM, L-BFGS and Adam agree in 8 dimensions, and do they end where the theory of maximum likelihood says?

With p free parameters and N points the best fit lies p/(2N) nats below the truth on the training points, and p/(2N)
above it on new ones, in expectation. That is asked of every seed whose start has one component near each true mean;
how often it has is part of the answer, for the rest is a matter of starts and not of optimizers.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import torch
from torch import Tensor

from scripts.benchmarks.fits import fit
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met

TARGET = 0.005  # nats per point
SEEDS = range(10)
OPTIMIZERS = ("em", "lbfgs", "adam")
TRAIN, TEST = "nll/train", "nll/test"


def measure() -> Repetitions:
    """One fit for each seed and optimizer."""
    return [_fitted(optimizer, seed) for seed in SEEDS for optimizer in OPTIMIZERS]


def table(repetitions: Repetitions) -> Table:
    """The largest distance of each optimizer from theory, and of any two from each other."""
    fair = [row for row in repetitions if row["start_found_all"]]
    first = repetitions[0]
    notes = [
        f"D=8, K=5, covariance=full, N={first['n_points']:,}, p={first['n_parameters']}, "
        f"p/(2N)={_margin(first):.4f}. Differences in nats per point, the largest over the seeds whose start found "
        "all components; seconds and passes are medians over all seeds.",
        f"Threads: {first['threads']}.",
    ]
    headings = ("optimizer", "start found all", "fit found all", "train", "test", "target", "met", "passes", "seconds")
    rows = [*(_row(optimizer, repetitions, fair) for optimizer in OPTIMIZERS), _between(fair)]
    return Table(headings, rows, [_legend(), *notes])


def _legend() -> str:
    return (
        "train: |NLL - (truth - p/(2N))| on the training points; test: |NLL - (truth + p/(2N))| on the test points; "
        "last row: the largest difference between two optimizers on one seed."
    )


def _fitted(optimizer: str, seed: int) -> Repetition:
    sizes = ("data.dim=8", "data.n_components=5", "data.n_samples=20000", "model.n_components=5")
    found = fit("data=gaussians", *sizes, f"optimizer={optimizer}", f"seed={seed}")
    truth, train, test = found.dataset.true_components, found.dataset.train.points, found.dataset.test.points
    if truth is None:
        raise RuntimeError("data=gaussians knows its truth")
    return {
        "optimizer": optimizer,
        "seed": seed,
        "start_found_all": _found_all(found.start, truth.means),
        "fit_found_all": _found_all(found.density.means, truth.means),
        TRAIN: found.density.nll(train),
        TEST: found.density.nll(test),
        "true/train": truth.nll(train),
        "true/test": truth.nll(test),
        "n_parameters": found.density.n_parameters,
        "n_points": len(train),
        "passes": found.passes,
        "converged": found.converged,
        "seconds": found.seconds,
        "threads": found.threads,
    }


def _found_all(means: Tensor, true_means: Tensor) -> bool:
    """Whether the nearest true means of the components are all of them."""
    return len(torch.cdist(means, true_means).argmin(1).unique()) == len(true_means)


def _margin(row: Repetition) -> float:
    return float(row["n_parameters"] / (2 * row["n_points"]))


def _row(optimizer: str, repetitions: Repetitions, fair: Repetitions) -> tuple[str, ...]:
    rows = [row for row in repetitions if row["optimizer"] == optimizer]
    train = [abs(row[TRAIN] - row["true/train"] + _margin(row)) for row in fair if row["optimizer"] == optimizer]
    test = [abs(row[TEST] - row["true/test"] - _margin(row)) for row in fair if row["optimizer"] == optimizer]
    return (
        optimizer,
        *(f"{sum(row[name] for row in rows)} of {len(rows)}" for name in ("start_found_all", "fit_found_all")),
        *_judged(train, test),
        f"{median(row['passes'] for row in rows):g}",
        f"{median(row['seconds'] for row in rows):.2f}",
    )


def _between(fair: Repetitions) -> tuple[str, ...]:
    train, test = list(_widths(fair, TRAIN)), list(_widths(fair, TEST))
    return ("between two", "", "", *_judged(train, test), "", "")


def _widths(fair: Repetitions, name: str) -> Iterator[float]:
    for seed in {row["seed"] for row in fair}:
        values = [row[name] for row in fair if row["seed"] == seed]
        yield max(values) - min(values)


def _judged(train: list[float], test: list[float]) -> tuple[str, str, str, str]:
    if not train:
        return "-", "-", f"≤ {TARGET}", "-"
    return f"{max(train):.2g}", f"{max(test):.2g}", f"≤ {TARGET}", met(max(train + test) <= TARGET)
