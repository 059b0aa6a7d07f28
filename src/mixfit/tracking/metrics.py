"""The numbers of `metrics.json`; `metrics_file` has the file itself.

Every negative log-likelihood is in nats per point and in the data's own units, at the parameters of the best
checkpoint, so that every optimizer is judged by one number. A value that does not exist is null and never missing.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, Part
from mixfit.mixtures.criteria import criteria
from mixfit.mixtures.density import Density
from mixfit.tracking.metrics_file import ABSENT, Value, read, status, write

__all__ = [
    "ABSENT",
    "Value",
    "adjusted_rand",
    "measured",
    "read",
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
        **criteria(density, dataset.train.points)._asdict(),
        "ari": _adjusted_rand(density, dataset),
        "n_parameters": density.n_parameters,
        "n_points": len(dataset.train),
    }


def true_nll(dataset: Dataset) -> float | None:
    """The true density's NLL on the test points, where both exist: the least that a fit can hope for."""
    return _nll(dataset.truth, dataset.test) if dataset.truth else None


def within_sum_of_squares(density: Density, points: Tensor) -> float:
    """Σ_n ‖x_n - μ of its nearest mean‖², in the data's units squared: what k-means lowers."""
    means = density.means
    return sum(
        float(torch.cdist(chunk, means, compute_mode="donot_use_mm_for_euclid_dist").amin(1).square().sum())
        for chunk in points.to(torch.float64).split(65_536)
    )


def _nll(density: Density, part: Part) -> float | None:
    return density.nll(part.points) if len(part) else None


def _adjusted_rand(density: Density, dataset: Dataset) -> float | None:
    labelled = [part for part in (dataset.train, dataset.val, dataset.test) if part.labels is not None and len(part)]
    if not labelled:
        return None
    labels = torch.cat([part.labels for part in labelled if part.labels is not None])
    return adjusted_rand(torch.cat([density.assign(part.points) for part in labelled]), labels)


def adjusted_rand(assigned: Tensor, labels: Tensor) -> float:
    """Agreement of two partitions (N,), (N,): 1 for the same one, 0 on average for unrelated ones.

    (pairs together in both - expected) / (mean of pairs together in either - expected), counted in whole numbers:
    torchmetrics 1.9 counts pairs in 32 bits, which overflow beyond some 100,000 points.
    """
    table = torch.bincount(assigned * (int(labels.max()) + 1) + labels).tolist()
    both, first, second, every = (
        sum(n * (n - 1) // 2 for n in counts)
        for counts in (table, torch.bincount(assigned).tolist(), torch.bincount(labels).tolist(), [len(labels)])
    )
    expected = first * second / every if every else 0.0
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
