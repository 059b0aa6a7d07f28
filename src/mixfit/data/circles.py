"""Two circles, one within the other, of radii 3 and 1.5 and blurred by 0.24: a density without a centre.

As in W. Grathwohl and others (2019), "FFJORD: free-form continuous dynamics for scalable reversible generative models",
but with angles drawn independently, so that the density is known.
"""

from __future__ import annotations

from mixfit.data.dataset import Dataset, drawn
from mixfit.data.truth import BlurredCurves, circles

TRUTH = BlurredCurves(circles([3.0, 1.5]), deviation=0.24)


class Circles:
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
