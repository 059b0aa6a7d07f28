"""How far two partitions of the same points agree: the adjusted Rand index (Hubert & Arabie 1985)."""

from __future__ import annotations

import torch
from torch import Tensor


def adjusted_rand(assigned: Tensor, labels: Tensor, weights: Tensor | None = None) -> float:
    """Agreement of two partitions (N,), (N,): 1 for the same one, 0 on average for unrelated ones.

    (pairs together in both - expected) / (mean of pairs together in either - expected), counted in whole numbers:
    torchmetrics 1.9 counts pairs in 32 bits, which overflow beyond some 100,000 points. A point of weight w, `weights`
    being (N,), counts as w points.
    """
    n_labels = int(labels.max()) + 1
    n_assigned = int(assigned.max()) + 1
    table = torch.bincount(assigned * n_labels + labels, weights, minlength=n_assigned * n_labels)
    return agreement(table.view(-1, n_labels))


def agreement(table: Tensor) -> float:
    """The same of how many points are in each pair of a group of the one and a group of the other, (G, H)."""
    both, first, second, every = (
        sum(n * (n - 1) for n in counts.flatten().tolist())
        for counts in (table, table.sum(1), table.sum(0), table.sum())
    )
    expected = first * second / every if every else 0.0
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
