"""Eight squares of a board, and nothing between: edges are what a mixture of normal densities finds hardest.

As in W. Grathwohl and others (2019), "FFJORD: free-form continuous dynamics for scalable reversible generative models":
uniform on an area of 32, so that nobody's NLL is below log 32.
"""

from __future__ import annotations

from math import log

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, drawn


class Squares:
    """Squares with sides of 2 of one colour of a board of 4 × 4 about the origin."""

    def sample(self, n_points: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """As `Truth.sample`; the groups are the squares."""
        square = torch.randint(8, (n_points,), generator=generator)
        column, pair = square // 2, square % 2
        corner = torch.stack([column - 2, 2 * pair - 2 + column % 2], 1)
        return 2 * (corner + torch.rand(n_points, 2, dtype=torch.float64, generator=generator)), square

    def log_density(self, points: Tensor) -> Tensor:
        """As `Truth.log_density`: -log 32, or -inf."""
        column, row = (points / 2).floor().T
        inside = (column.abs() <= 2) & (column < 2) & (row.abs() <= 2) & (row < 2) & ((column - row) % 2 == 0)
        return torch.where(inside, -log(32), -torch.inf)


class Checkerboard:
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
        return drawn(Squares(), *self.sizes, seed)
