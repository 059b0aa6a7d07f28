"""The numbers of `metrics.json`; `metrics_file` has the file itself.

Every negative log-likelihood is in nats per point and in the data's own units, at the parameters of the best
checkpoint, so that every optimizer is judged by one number. A value that does not exist is null and never missing.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, Rows
from mixfit.mixtures.agreement import adjusted_rand, agreement
from mixfit.mixtures.criteria import criteria_of
from mixfit.mixtures.density import Density
from mixfit.mixtures.passes.one_pass import Block
from mixfit.mixtures.search import Landscape
from mixfit.tracking.metrics_file import ABSENT, Value, read, status, write

__all__ = [
    "ABSENT",
    "Value",
    "adjusted_rand",
    "measured",
    "read",
    "searched",
    "status",
    "true_nll",
    "within_sum_of_squares",
    "write",
]


def measured(density: Density, dataset: Dataset) -> dict[str, Value]:
    """How well the density describes each part of the data, and what its complexity costs.

    bic, aic and icl are those of the training points (`mixtures.criteria`). ari is the adjusted Rand index (Hubert &
    Arabie 1985) of the hard assignment of all labelled points.
    """
    train, val, test = (_nll(density, part) for part in (dataset.train, dataset.val, dataset.test))
    true = true_nll(dataset)
    return {
        "nll/train": train,
        "nll/val": val,
        "nll/test": test,
        "nll/true": true,
        "nll/excess": None if test is None or true is None else test - true,
        **criteria_of(density, ((part.points, None) for part in dataset.train.blocks()))._asdict(),
        "ari": _adjusted_rand(density, dataset),
        "n_parameters": density.n_parameters,
        "n_points": len(dataset.train),
    }


def searched(landscape: Landscape | None, is_likelihood: bool) -> dict[str, Value]:
    """How hard the place where the fit began was to find; nothing where it was given.

    restarts is how many starts were drawn, restarts/winner the one that the place was found from, counted from 0;
    restarts/spread how far apart their NLLs were after their short runs, in nats per point; restarts/ends at how many
    different places the best few of them ended; moves/accepted and moves/gain, in nats per point, what moves did.

    Args:
        landscape: what the search has seen.
        is_likelihood: whether its objectives are NLLs: those of k-means are not.
    """
    if landscape is None:
        return {}
    return {
        "restarts": len(landscape.drawn),
        "restarts/winner": landscape.winner,
        "restarts/spread": max(landscape.drawn) - min(landscape.drawn) if is_likelihood else None,
        "restarts/ends": len(landscape.ended),
        "moves/accepted": len(landscape.gains),
        "moves/gain": sum(landscape.gains) if is_likelihood else None,
    }


def true_nll(dataset: Dataset) -> float | None:
    """The true density's NLL on the test points, where both exist: the least that a fit can hope for."""
    if dataset.truth is None or not len(dataset.test):
        return None
    log_likelihood = sum(float(dataset.truth.log_density(block.points).sum()) for block in dataset.test.blocks())
    return -log_likelihood / len(dataset.test)


def within_sum_of_squares(density: Density, points: Tensor) -> float:
    """Σ_n ‖x_n - μ of its nearest mean‖², in the data's units squared: what k-means lowers."""
    means = density.means
    return sum(
        float(torch.cdist(chunk, means, compute_mode="donot_use_mm_for_euclid_dist").amin(1).square().sum())
        for chunk in points.to(torch.float64).split(65_536)
    )


def _nll(density: Density, part: Rows) -> float | None:
    """Of points that each count once, which need not be in memory."""
    if not len(part):
        return None
    blocks = (Block(block.points, into=density.standardized) for block in part.blocks())
    return float(density.mixture.statistics_of(blocks).nll) + density.standardization.log_volume


def _adjusted_rand(density: Density, dataset: Dataset) -> float | None:
    parts = (dataset.train, dataset.val, dataset.test)
    n_labels = max(part.n_labels for part in parts)
    if not n_labels:
        return None
    table = torch.zeros(len(density.weights) * n_labels, dtype=torch.int64)
    for block in (block for part in parts if len(part) for block in part.blocks()):
        if block.labels is not None:
            together = density.assign(block.points).cpu() * n_labels + block.labels
            table += torch.bincount(together, minlength=len(table))
    return agreement(table.view(-1, n_labels))
