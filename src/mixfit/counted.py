"""An optimizer whose steps Lightning counts, and does nothing else for.

Its own `step` goes through profilers, plugins and callbacks that have nothing to do at the precisions of a likelihood,
and takes half as long as a small step itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytorch_lightning.core.optimizer import LightningOptimizer


class Counted:
    """Steps of an optimizer, counted.

    Args:
        optimizer: Lightning's wrapper, which counts.
    """

    def __init__(self, optimizer: LightningOptimizer) -> None:
        self.optimizer = optimizer

    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """Takes one step of the optimizer inside the wrapper."""
        self.optimizer._on_before_step()
        self.optimizer.optimizer.step(closure)
        self.optimizer._on_after_step()
