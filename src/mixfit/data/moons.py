"""Two half circles that reach into each other, blurred by 0.2.

The moons of scikit-learn with noise 0.1, twice as large and about the origin, as in W. Grathwohl and others (2019),
"FFJORD: free-form continuous dynamics for scalable reversible generative models", but with angles drawn independently,
so that the density is known.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, drawn
from mixfit.data.truth import BlurredCurves


def half_circles(u: Tensor) -> Tensor:
    """The upper and the lower half circle at u (n,) in [0, 1], (2, n, 2)."""
    cosine, sine = (torch.pi * u).cos(), (torch.pi * u).sin()
    upper, lower = torch.stack([cosine, sine], -1), torch.stack([1 - cosine, 0.5 - sine], -1)
    return 2 * torch.stack([upper, lower]) - torch.tensor([1.0, 0.2], dtype=u.dtype)


TRUTH = BlurredCurves(half_circles, deviation=0.2, n_nodes=1000)


class Moons:
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
        return drawn(TRUTH, *self.sizes, seed)
