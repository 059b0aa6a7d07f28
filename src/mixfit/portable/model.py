"""What is kept of a fit: its density, how rare its points are, its curve, and what was asked and came of it.

A density has the parameters that its file has, to the last bit, once it stands at its origin: the offsets that
gradients move are zero then, and a softmax makes the weights of the very numbers that are written. `Model` sees to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.rarity import Rarity

Plain: TypeAlias = "bool | int | float | str | Sequence[Plain] | Mapping[str, Plain] | None"
"""What JSON can hold."""


@dataclass(frozen=True)
class Model:
    """A fitted model.

    Attributes:
        density: in the data's units. Making a model of it moves its weights by their last bit at most: see `settle_`.
        rarity: quantiles of the log-density over the training points.
        history: (P, 2): passes over the training points, and their NLL then, in nats per point and the data's units.
        columns: the names of the D axes, where they are known.
        settings: the arguments of `GaussianMixture` that make the same fit.
        fitted: what came of it, such as `converged` and `passes`.
    """

    density: Density
    rarity: Rarity
    history: Tensor
    columns: tuple[str, ...] | None
    settings: Mapping[str, Plain]
    fitted: Mapping[str, Plain]

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of the D axes, or x0, x1, ... where they have none."""
        return self.columns or tuple(f"x{axis}" for axis in range(self.density.means.shape[1]))

    def __post_init__(self) -> None:
        settle_(self.density)


@torch.no_grad()
def settle_(density: Density) -> bool:
    """Puts a density's parameters at their origin, so that what scores is what is written; once is enough.

    Returns whether that changed anything.
    """
    mixture = density.mixture
    is_moved = any(bool(offset.any()) for offset in mixture.parameters())
    if not is_moved and sums_to_one(mixture.logit_origin):
        return False
    mixture.set_(*mixture.components)
    return True


def sums_to_one(log_weights: Tensor) -> bool:
    """Whether log π (K,) are those of weights that add up to one, to half of the digits of their type."""
    return abs(float(log_weights.logsumexp(0))) <= torch.finfo(log_weights.dtype).eps ** 0.5
