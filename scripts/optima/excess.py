"""How far above the true density a fit ends, on points that nobody has seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixfit.data.dataset import Dataset
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.optima.fitting import Array, fit


def judged(estimator: Any, points: Array, held_out: Array, true_nll: float) -> Repetition:
    """Fits, and compares; NLL in nats per point held out."""
    fitted = fit(estimator, points)
    nll = -float(fitted.estimator.score(held_out))
    return {"seconds": fitted.seconds, "nll": nll, "excess": nll - true_nll, "n_points": len(points)}


def of_dataset(estimator: Any, dataset: Dataset) -> Repetition:
    """The same for data whose truth is known: its training points are fitted, its test points are the judge."""
    if dataset.truth is None:
        raise ValueError("these data do not know their truth")
    test = dataset.test.points
    true_nll = -float(dataset.truth.log_density(test).mean())
    return judged(estimator, np.asarray(dataset.train.points), np.asarray(test), true_nll)


def mean(rows: Repetitions, name: str = "excess") -> float:
    """Over repetitions."""
    return float(np.mean([row[name] for row in rows]))
