"""When a fit is finished, and what to do when it is stuck. Nobody should have to choose a number of epochs.

EM creeps: its steps shrink by a constant factor, so what a step gains says little about what is left. `Aitken` adds up
the geometric series. A gradient optimizer at a constant rate circles: `Plateau` goes back to the best parameters,
forgets the momentum, cuts the rate, and stops after a few cuts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum, auto
from math import inf, isfinite


class Verdict(Enum):
    """What a pass over the data has shown."""

    BETTER = auto()
    """The parameters that the pass began with are the best so far."""
    WAIT = auto()
    """No better, but it is too early to judge."""
    CUT = auto()
    """Stuck or astray: go back to the best parameters with a smaller rate."""
    CONVERGED = auto()
    """Nothing more is to be gained."""


class Stopping(ABC):
    """Reads what a fit lowers, pass by pass."""

    cut: float = 1.0
    """What the rate is multiplied by at `Verdict.CUT`."""

    @abstractmethod
    def update(self, objective: float) -> Verdict:
        """The verdict on a pass whose objective, in nats per point, was the given one."""

    @abstractmethod
    def forget(self) -> None:
        """Begins to judge anew, after something other than the optimizer changed the parameters."""

    def state_dict(self) -> dict[str, float]:
        """Plain numbers for a checkpoint."""
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Takes the numbers of a checkpoint."""
        vars(self).update(state)


class Never(Stopping):
    """Lets a fit take all the passes that it is given."""

    def forget(self) -> None:
        """There is nothing to forget."""

    def update(self, objective: float) -> Verdict:  # noqa: D102
        return Verdict.BETTER


class Aitken(Stopping):
    """Stops when the last step and Aitken's estimate of all that is still to come (Böhning et al. 1994) are small.

    With gains g₀ and g₁ of the last two steps and ρ = g₁/g₀, what is left is g₁ρ/(1 - ρ).

    Args:
        tolerance: in nats per point; zero stops only when nothing changes any more.
    """

    def __init__(self, tolerance: float = 1e-7) -> None:
        self.tolerance = tolerance
        self.forget()

    def forget(self) -> None:  # noqa: D102
        self.last = inf
        self.gain = inf

    def update(self, objective: float) -> Verdict:  # noqa: D102
        last_gain, self.gain = self.gain, self.last - objective
        self.last = objective
        ratio = self.gain / last_gain if isfinite(last_gain) and last_gain > 0 else inf
        rounding = 4e-16 * (1 + abs(objective))
        finished = self.gain <= rounding or (ratio < 1 and self.gain * max(1, ratio / (1 - ratio)) < self.tolerance)
        return Verdict.CONVERGED if isfinite(self.gain) and finished else Verdict.BETTER


class Plateau(Stopping):
    """Cuts the rate after `patience` passes without a gain of `tolerance`; stops after `n_cuts` cuts.

    Args:
        tolerance: the smallest gain that counts, in nats per point.
        patience: how many passes may go by without one.
        n_cuts: how many cuts are tried before the fit counts as converged.
        cut: what the rate is multiplied by.
    """

    def __init__(self, tolerance: float = 1e-7, patience: int = 10, n_cuts: int = 3, cut: float = 0.2) -> None:
        self.tolerance = tolerance
        self.patience = patience
        self.n_cuts = n_cuts
        self.cut = cut
        self.cuts = 0
        self.forget()

    def forget(self) -> None:  # noqa: D102
        self.best = inf
        self.reference = inf
        self.waited = 0

    def update(self, objective: float) -> Verdict:  # noqa: D102
        better = objective < self.best
        if better:
            self.best = objective
        if objective < self.reference - self.tolerance:
            self.reference, self.waited = objective, 0
            return Verdict.BETTER
        self.waited += 1
        if self.waited <= self.patience and isfinite(objective):
            return Verdict.BETTER if better else Verdict.WAIT
        self.waited = 0
        self.cuts += 1
        return Verdict.CONVERGED if self.cuts > self.n_cuts else Verdict.CUT
