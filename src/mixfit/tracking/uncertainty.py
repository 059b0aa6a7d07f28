"""How far a mean over points can be trusted."""

from __future__ import annotations

from math import sqrt

from torch import Tensor


def standard_error(values: Tensor) -> float | None:
    """That of the mean of independent values (N,): s/√N, s² = Σ(x - mean)²/(N - 1); None for fewer than two."""
    return float(values.double().std()) / sqrt(len(values)) if len(values) > 1 else None
