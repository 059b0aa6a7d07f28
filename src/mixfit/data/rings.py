"""Four rings of radii 3, 2.25, 1.5 and 0.75, blurred by 0.08: thin, close and curved.

As in R. T. Q. Chen and others (2019), "Residual flows for invertible generative modeling", but with angles drawn
independently, so that the density is known.
"""

from __future__ import annotations

from mixfit.data.dataset import Dataset, drawn
from mixfit.data.truth import BlurredCurves, circles

TRUTH = BlurredCurves(circles([3.0, 2.25, 1.5, 0.75]), deviation=0.08, n_nodes=1000)


class Rings:
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
