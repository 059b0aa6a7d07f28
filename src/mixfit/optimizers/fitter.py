"""How the batches of a pass become a change of the mixture: along a gradient, or to a maximum.

Both kinds look at a batch in the same way, through its statistics, and both are told when a pass over all training
points has ended. The loop around them, Lightning's or anybody's, needs to know nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from torch import Tensor
from torch.optim import Optimizer

from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.statistics import Statistics
from mixfit.optimizers.collapse import REMEDY, Collapses, Poorest
from mixfit.optimizers.stopping import Stopping, Verdict

Look = Callable[[Components | None], Statistics]
"""A pass over the batch at hand, over all processes, at the given or the current components."""


class Pass(NamedTuple):
    """What a look at all training points has come to: nats per point, what each component held, (K,), of how many."""

    nll: float
    held: Tensor
    n_points: float

    @classmethod
    def of(cls, statistics: Statistics) -> Pass:
        """That of a pass in one batch."""
        return cls(float(statistics.nll), statistics.count, float(statistics.n_points))


class Seen:
    """What a pass under way has seen so far: sums over batches at which the parameters may differ."""

    def __init__(self) -> None:
        self.log_likelihood = 0.0
        self.n_points = 0.0
        self.held: Tensor | None = None

    def add(self, statistics: Statistics) -> None:
        """Adds a batch."""
        self.log_likelihood += float(statistics.log_likelihood)
        self.n_points += float(statistics.n_points)
        self.held = statistics.count if self.held is None else self.held + statistics.count

    def as_pass(self) -> Pass:
        """What it has come to, once all batches are added."""
        if self.held is None:
            raise RuntimeError("a pass has looked at something")
        return Pass(-self.log_likelihood / self.n_points, self.held, self.n_points)


class Steps(Protocol):
    """What a fitter needs of an optimizer: torch's own, or Lightning's wrapper that counts its steps."""

    def step(self, closure: Any = None) -> Any:
        """Takes one step."""
        ...


class Fitter(ABC):
    """Moves one mixture.

    Args:
        mixture: changed in place.
        stopping: judges every pass.
        reseeds: whether components that collapse begin anew at all; without, a pass is a plain step and nothing else.
        unit: the weight that counts as one point.
    """

    assign: Assignment = staticmethod(soft)
    remedy = REMEDY
    """Of a component that collapses again and again."""

    def __init__(self, mixture: Mixture, stopping: Stopping, reseeds: bool = True, unit: float = 1.0) -> None:
        self.mixture = mixture
        self.stopping = stopping
        self.reseeds = reseeds
        self.collapses = Collapses(mixture, unit, self.remedy)
        self.n_undone = 0

    @abstractmethod
    def visit(self, optimizer: Optimizer, steps: Steps, look: Look, first: bool) -> Statistics:
        """Uses one batch, the first of a pass or a later one; returns its statistics at the parameters it found."""

    @abstractmethod
    def end_pass(self, optimizer: Optimizer, steps: Steps, seen: Pass, poorest: Poorest) -> Verdict:
        """Acts on a whole pass, and says whether another is needed."""

    @abstractmethod
    def follow(self, optimizer: Optimizer, look: Look, share: float) -> Statistics:
        """Uses a part of a stream of points that may never come again; returns its statistics.

        Args:
            optimizer: takes the step.
            look: a pass over this part.
            share: in (0, 1]: how much of what is known from now on should come from this part.
        """

    @abstractmethod
    def settle_(self, nll: float) -> bool:
        """Goes back to the best parameters seen if they were better than those now, which have the given NLL.

        Returns whether that changed anything. The NLL is in nats per point, in the mixture's coordinates.
        """

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers and tensors for a checkpoint."""
        return {"stopping": self.stopping.state_dict(), "collapses": self.collapses.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes them up again."""
        self.stopping.load_state_dict(state["stopping"])
        self.collapses.load_state_dict(state["collapses"])
