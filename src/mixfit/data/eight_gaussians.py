"""Eight round components on a circle: the density that generators of points are tried on first.

As in W. Grathwohl and others (2019), "FFJORD: free-form continuous dynamics for scalable reversible generative models",
whose scale it keeps: radius 4 and standard deviation 0.5, both divided by 1.414.
"""

from __future__ import annotations

import torch

from mixfit.data.dataset import Dataset, drawn
from mixfit.mixtures.density import Density


def _truth() -> Density:
    angle = torch.arange(8, dtype=torch.float64) * torch.pi / 4
    means = 4 / 1.414 * torch.stack([angle.cos(), angle.sin()], 1)
    variances = torch.full((8, 2), (0.5 / 1.414) ** 2, dtype=torch.float64)
    return Density.of(torch.full((8,), 1 / 8, dtype=torch.float64), means, torch.diag_embed(variances))


class EightGaussians:
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
        return drawn(_truth(), *self.sizes, seed)
