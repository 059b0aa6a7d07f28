"""Tame points in known groups, which the topics make nasty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.robustness.nasty.case import Array, Labels


@dataclass(frozen=True)
class Sample:
    """Points and where they came from.

    Attributes:
        points: (N, D).
        groups: (N,).
    """

    points: Array
    groups: Labels


def clouds(sizes: Sequence[int], dim: int = 2, apart: float = 12.0, seed: int = 0) -> Sample:
    """Gaussian clouds of different shapes, so many deviations apart on every axis that nobody can mistake them."""
    random = np.random.default_rng(seed)
    parts = []
    for place, size in enumerate(sizes):
        axes, _ = np.linalg.qr(random.normal(size=(dim, dim)))
        centre = apart * place * (-1.0) ** (np.arange(dim) * place)
        parts.append(centre + random.normal(size=(size, dim)) * random.uniform(0.5, 1, dim) @ axes)
    return Sample(np.concatenate(parts), np.repeat(np.arange(len(sizes)), sizes))


CLOUDS = clouds([200, 100])
"""Two of them in the plane."""
