"""Optimizers that need no gradient: they gather statistics over a pass and step to the maximum under them.

They are `torch.optim.Optimizer`s so that the training loop, the count of steps, the checkpoints and the logs are the
same for all. Statistics add up, so a step after many mini-batches is exactly the step of the full batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf
from typing import Any, ClassVar

import torch
from torch import Tensor

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.statistics import Statistics


class ClosedForm(torch.optim.Optimizer, ABC):
    """`observe` each batch of a pass, then `step`.

    Args:
        mixture: the model; its parameters change at `step` only.
    """

    family: ClassVar[type[Covariance] | None] = None
    """The one covariance family that the optimizer is about, if there is one."""

    allowed_rise: ClassVar[float] = inf
    """By how much a step may raise the objective, in nats per point, beside the rounding of float32 or large values."""

    def __init__(self, mixture: Mixture) -> None:
        super().__init__(mixture.parameters(), {})
        self._mixture = mixture
        self._sum: Statistics | None = None

    @staticmethod
    @abstractmethod
    def assign(log_joint: Tensor, log_weights: Tensor) -> Tensor:
        """How a pass shares the points among the components: an `Assignment`."""

    @abstractmethod
    def objective(self) -> float:
        """What the optimizer lowers, in nats per point, at the parameters that made the statistics of the pass."""

    def observe(self, statistics: Statistics) -> None:
        """Adds one batch's statistics to those of the pass."""
        self._sum = statistics if self._sum is None else self._sum + statistics

    @property
    def gathered(self) -> Statistics:
        """The statistics of the pass so far."""
        if self._sum is None:
            raise RuntimeError("a closed form needs statistics: call observe first")
        return self._sum

    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """The M-step under the statistics of the pass, which are then forgotten; a closure is not needed."""
        self._mixture.maximize_(self.gathered)
        self._sum = None
