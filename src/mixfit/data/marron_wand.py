"""Fifteen normal mixtures on the line, from one bell to combs, on which density estimates have been compared since.

Source: J. S. Marron and M. P. Wand (1992), "Exact mean integrated squared error", The Annals of Statistics 20, 712-736,
table 1. Their narrowest components are a hundredth as wide as their widest, and the smallest hold 3 points in a
thousand, so that what finds them all has looked well.
"""

from __future__ import annotations

import torch

from mixfit.data.dataset import Dataset, drawn
from mixfit.errors import InputError
from mixfit.mixtures.density import Density

DENSITIES: dict[str, list[tuple[float, float, float]]] = {
    "gaussian": [(1, 0, 1)],
    "skewed": [(1 / 5, 0, 1), (1 / 5, 1 / 2, 2 / 3), (3 / 5, 13 / 12, 5 / 9)],
    "strongly_skewed": [(1 / 8, 3 * ((2 / 3) ** k - 1), (2 / 3) ** k) for k in range(8)],
    "kurtotic": [(2 / 3, 0, 1), (1 / 3, 0, 1 / 10)],
    "outlier": [(1 / 10, 0, 1), (9 / 10, 0, 1 / 10)],
    "bimodal": [(1 / 2, -1, 2 / 3), (1 / 2, 1, 2 / 3)],
    "separated_bimodal": [(1 / 2, -3 / 2, 1 / 2), (1 / 2, 3 / 2, 1 / 2)],
    "asymmetric_bimodal": [(3 / 4, 0, 1), (1 / 4, 3 / 2, 1 / 3)],
    "trimodal": [(9 / 20, -6 / 5, 3 / 5), (9 / 20, 6 / 5, 3 / 5), (1 / 10, 0, 1 / 4)],
    "claw": [(1 / 2, 0, 1), *((1 / 10, k / 2 - 1, 1 / 10) for k in range(5))],
    "double_claw": [
        (49 / 100, -1, 2 / 3),
        (49 / 100, 1, 2 / 3),
        *((1 / 350, (k - 3) / 2, 1 / 100) for k in range(7)),
    ],
    "asymmetric_claw": [(1 / 2, 0, 1), *((2 ** (1 - k) / 31, k + 1 / 2, 2**-k / 10) for k in range(-2, 3))],
    "asymmetric_double_claw": [
        (46 / 100, -1, 2 / 3),
        (46 / 100, 1, 2 / 3),
        *((1 / 300, -k / 2, 1 / 100) for k in range(1, 4)),
        *((7 / 300, k / 2, 7 / 100) for k in range(1, 4)),
    ],
    "smooth_comb": [(2 ** (5 - k) / 63, (65 - 96 * 2**-k) / 21, 32 / 63 * 2**-k) for k in range(6)],
    "discrete_comb": [
        *((2 / 7, (12 * k - 15) / 7, 2 / 7) for k in range(3)),
        *((1 / 21, 2 * k / 7, 1 / 21) for k in range(8, 11)),
    ],
}
"""The weight, mean and standard deviation of each component, in the order of the paper, which counts from 1."""


class MarronWand:
    """Points of one of the fifteen densities.

    Args:
        density: its name, as in `claw`.
        n_samples: training points.
        n_val: validation points.
        n_test: test points.
    """

    def __init__(
        self, density: str = "claw", n_samples: int = 10_000, n_val: int = 10_000, n_test: int = 10_000
    ) -> None:
        if density not in DENSITIES:
            raise InputError(f"data.density={density}: Marron and Wand's densities are {', '.join(DENSITIES)}")
        self.components = torch.tensor(DENSITIES[density], dtype=torch.float64)
        self.sizes = (n_samples, n_val, n_test)

    def load(self, seed: int) -> Dataset:
        """The points, which depend on the seed and the arguments alone."""
        weights, means, deviations = self.components.T
        truth = Density.of(weights, means[:, None], deviations.square()[:, None, None])
        return drawn(truth, *self.sizes, seed)
