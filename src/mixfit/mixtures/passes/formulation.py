"""What a way to make a pass must be able to do: look at some points, and sum under responsibilities."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from mixfit.mixtures.statistics import Statistics


class Sums(NamedTuple):
    """What a formulation adds up, in its own coordinates: of each tensor the sum over points."""

    tensors: tuple[Tensor, ...]

    def __add__(self, other: Sums) -> Sums:  # type: ignore[override]
        return Sums(tuple(mine + theirs for mine, theirs in zip(self.tensors, other.tensors, strict=True)))


class LogJoint(NamedTuple):
    """log π_k + log N(x_n; μ_k, Σ_k) in nats, (K, n), as `own` + `common`.

    Far from the centre of components with one covariance, the Mahalanobis term that all share is so large that it would
    take the digits of what tells them apart.

    Attributes:
        own: of each component, (K, n); enough to share a point among them. May be overwritten until the next chunk.
        common: of all components, (n,); None for nothing.
    """

    own: Tensor
    common: Tensor | None = None

    def plus_common(self, of_own: Tensor) -> Tensor:
        """What was made of `own`, (…, n), with what is common added."""
        return of_own if self.common is None else of_own + self.common


class Look(Protocol):
    """One thread's view of the points, a chunk at a time; it owns the temporaries."""

    def log_joint(self, points: Tensor) -> LogJoint:
        """Of points (n, D)."""
        ...

    def add(self, responsibilities: Tensor) -> None:
        """Adds to the sums those of the last chunk under responsibilities (K, n)."""
        ...

    def take(self) -> Sums:
        """The sums over all chunks so far; the next chunk begins new ones."""
        ...


class Formulation(Protocol):
    """A mixture made ready for a pass."""

    @property
    def rows(self) -> int:
        """How many points make a chunk."""
        ...

    def look(self, rows: int) -> Look:
        """A fresh one, with sums of zero, for chunks of so many points at most."""
        ...

    def statistics(self, sums: Sums, n_points: Tensor, log_likelihood: Tensor) -> Statistics:
        """The statistics about the current means that the sums of some looks amount to."""
        ...


class Sizes(NamedTuple):
    """How much a device likes to have at a time.

    Attributes:
        deviations: bytes of a chunk in `centred`.
        features: bytes of a chunk in `features`.
        tile: rows of products that are made at a time.
        most_rows: points in a chunk.
    """

    deviations: int
    features: int
    tile: int
    most_rows: int

    def rows(self, n_bytes: int, numbers: int, dtype: torch.dtype) -> int:
        """Points in a chunk of so many bytes, with so many numbers each: at least 64, for less is not worth a call."""
        return min(self.most_rows, max(64, n_bytes // (numbers * dtype.itemsize)))


def wide(device: torch.device) -> torch.dtype:
    """The dtype for sums over all points: float64 wherever the device has it."""
    return torch.float32 if device.type == "mps" else torch.float64
