"""Two arms of a spiral, wound one and a half times into each other.

As in W. Grathwohl and others (2019), "FFJORD: free-form continuous dynamics for scalable reversible generative models".
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, drawn

N_NODES = 2000

WIDTH, DEVIATION = 1 / 6, 0.1
"""Of the noise, which is uniform and normal, on each axis."""


class Arms:
    """Arms ±c(u) with c(u) = (-n cos n, n sin n)/3, n = 3π√u and u uniform, both axes blurred twice.

    The noise is uniform on [0, 1/6] and turned with the arm, and normal of standard deviation 0.1. The density is the
    mean of that of the noise along the arms.
    """

    def sample(self, n_points: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """As `Truth.sample`; the groups are the arms."""
        arm = torch.randint(2, (n_points,), generator=generator)
        along = _arm(torch.rand(n_points, dtype=torch.float64, generator=generator))
        uniform = WIDTH * torch.rand(n_points, 2, dtype=torch.float64, generator=generator)
        normal = DEVIATION * torch.randn(n_points, 2, dtype=torch.float64, generator=generator)
        return (1 - 2 * arm)[:, None] * (along + uniform) + normal, arm

    def log_density(self, points: Tensor) -> Tensor:
        """As `Truth.log_density`."""
        nodes = _arm((torch.arange(N_NODES, dtype=torch.float64) + 0.5) / N_NODES)
        return torch.cat([self._of_few(chunk, nodes) for chunk in points.split(50)])

    def _of_few(self, points: Tensor, nodes: Tensor) -> Tensor:
        both = torch.stack([points, -points])[:, :, None] - nodes  # (2, n, nodes, 2): the arms are each other turned
        below = torch.special.ndtr(both / DEVIATION) - torch.special.ndtr((both - WIDTH) / DEVIATION)
        return (below / WIDTH).prod(-1).mean((0, 2)).log()


def _arm(u: Tensor) -> Tensor:
    angle = 3 * torch.pi * u.sqrt()
    return angle[:, None] / 3 * torch.stack([-angle.cos(), angle.sin()], 1)


class TwoSpirals:
    """Points of it.

    Args:
        n_samples: training points.
        n_val: validation points.
        n_test: test points.
    """

    def __init__(self, n_samples: int = 10_000, n_val: int = 10_000, n_test: int = 10_000) -> None:
        self.sizes = (n_samples, n_val, n_test)

    def load(self, seed: int) -> Dataset:
        """The points, which depend on the seed and the sizes alone."""
        return drawn(Arms(), *self.sizes, seed)
