"""EM and gradients on the data set that everybody knows, against the maximum that everybody publishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mixfit.data.old_faithful import OldFaithful
from mixfit.runs import Run
from mixfit.spelling import listed
from mixfit.tracking.pictures.components import Components
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.questions.fitted import mixture_of
from scripts.questions.rows import numbers_of, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = "Do EM and gradients reach the likelihood that is published for Old Faithful?"
BESIDE: Sequence[str] = ()

PUBLISHED = -1130.26396
"""Total log-likelihood of two components with full covariances: mclust 6.0.0 (model VVV, R 4.2.2)."""
TOLERANCE = 0.01
"""Nats in total by which a fit may miss it and still count as there."""


def measure(runs: Sequence[Run]) -> Repetitions:
    """A row for each optimizer, with its mixture."""
    return [_row(run) for run in runs]


def answer(rows: Repetitions) -> list[str]:
    """Who reaches it, how closely, and how far apart they are from each other."""
    there = [row["optimizer"] for row in rows if abs(_gap(row)) <= TOLERANCE]
    away = [row for row in rows if abs(_gap(row)) > TOLERANCE]
    total = [row["log-likelihood"] for row in rows]
    sentences = []
    if there:
        sentences.append(
            f"{listed(there)} end{'s' * (len(there) == 1)} within {TOLERANCE:g} nats of mclust's "
            f"{PUBLISHED:.3f} in total."
        )
    for row in away:
        side = "above" if _gap(row) > 0 else "below"
        sentences.append(f"{row['optimizer']} ends {short(abs(_gap(row)))} nats {side} mclust's {PUBLISHED:.3f}.")
    passes = listed([f"{row['optimizer']} {row['passes']:g}" for row in rows])
    return [
        *sentences,
        f"Their log-likelihoods, sums over {rows[0]['n_points']} eruptions, differ by at most "
        f"{max(total) - min(total):.0e} nats; the passes they took after the start: {passes}.",
    ]


def table(rows: Repetitions) -> Table:
    """Log-likelihood, its distance from the published one, BIC and passes."""
    headings = ("optimizer", "log L", "above the published", "BIC", "passes", "converged")
    body = [
        (
            row["optimizer"],
            f"{row['log-likelihood']:.5f}",
            f"{_gap(row):+.5f}",
            f"{row['bic']:.3f}",
            f"{row['passes']:g}",
            "yes" if row["converged"] else "no",
        )
        for row in rows
    ]
    return Table(headings, body, [f"Published: {PUBLISHED}, mclust 6.0.0 (model VVV)."])


def figure(rows: Repetitions) -> Figure:
    """The eruptions under the best of the fits."""
    from mixfit.tracking.pictures.density import density_figure

    best = max(rows, key=lambda row: row["log-likelihood"])
    weights, means, covariances = (np.array(best[key]) for key in ("weights", "means", "covariances"))
    dataset = OldFaithful(val_fraction=0, test_fraction=0).load(0)
    return density_figure(
        dataset.train.points.numpy(), Components(weights, means, covariances), columns=dataset.columns or ()
    )


def _gap(row: Repetition) -> float:
    """Nats above the published one, in as many digits as are published."""
    return round(row["log-likelihood"] - PUBLISHED, 5) + 0.0  # no negative zero


def _row(run: Run) -> Repetition:
    numbers = numbers_of(run, "nll/train", "bic", "n_points", "passes", "converged")
    return {
        "optimizer": run.choices["optimizer"],
        "seed": run.config["seed"],
        "log-likelihood": -numbers["nll/train"] * numbers["n_points"],
        **numbers,
        **mixture_of(run),
    }
