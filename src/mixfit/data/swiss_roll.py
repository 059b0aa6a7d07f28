"""A strip rolled up, seen from its side: a spiral of one and a half turns, blurred by 0.2.

scikit-learn's roll with noise 1 on its first and last axis, a fifth as large, as in W. Grathwohl and others (2019),
"FFJORD: free-form continuous dynamics for scalable reversible generative models".
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, drawn
from mixfit.data.truth import BlurredCurves


def roll(u: Tensor) -> Tensor:
    """The spiral at u (n,) in [0, 1], (1, n, 2): its radius grows with its angle."""
    angle = 1.5 * torch.pi * (1 + 2 * u)
    return (angle[:, None] / 5 * torch.stack([angle.cos(), angle.sin()], -1))[None]


TRUTH = BlurredCurves(roll, deviation=0.2, n_nodes=1000)


class SwissRoll:
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
