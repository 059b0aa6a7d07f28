"""What one pass of EM is to a race: put back to the start, run, and asked what it found."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor


class Start(NamedTuple):
    """Where everybody begins: weights (K,), means (K, D) and covariances (K, D, D), all float64."""

    weights: Tensor
    means: Tensor
    covariances: Tensor


class Outcome(NamedTuple):
    """NLL in nats per point at the start, and the parameters after the pass, in the shapes of `Start`."""

    nll: float
    weights: Tensor
    means: Tensor
    covariances: Tensor


class OnePass(Protocol):
    """A contestant, made from points (N, D), a start, and the name of a covariance family, `full` or `diag`."""

    def reset(self) -> None:
        """Goes back to the start; nobody's clock runs."""

    def run(self) -> None:
        """One E-step and one M-step over all points, and the NLL that the E-step knows."""

    def outcome(self) -> Outcome:
        """What the last run found."""
        ...


def distance(outcome: Outcome, reference: Outcome) -> float:
    """The largest difference between two outcomes, each part relative to its largest number or to one."""
    nll = abs(outcome.nll - reference.nll) / max(1.0, abs(reference.nll))
    parts = zip(outcome[1:], reference[1:], strict=True)
    return max(nll, *(_relative(mine.double(), other) for mine, other in parts))


def _relative(mine: Tensor, other: Tensor) -> float:
    return float((mine - other).abs().max() / other.abs().max().clamp_min(1.0))
