"""How fast 82 galaxies move away from us, the data set on which everybody counts components.

Velocities of galaxies in six well-separated conic sections of the Corona Borealis region, in 1000 km/s; groups of
velocities are groups of galaxies, between which there are voids. Sources: M. Postman, J. P. Huchra and M. J. Geller
(1986), "Probes of large-scale structure in the Corona Borealis region", The Astronomical Journal 92, 1238-1247;
K. Roeder (1990), "Density estimation with confidence sets exemplified by superclusters and voids in the galaxies",
Journal of the American Statistical Association 85, 617-624.

The 78th value is 26.690 here, as in R's `MASS::galaxies`, with which likelihoods have been published since. Its own
help page says that the source has 26.960.
"""

from __future__ import annotations

from pathlib import Path

from mixfit.data.dataset import Dataset
from mixfit.data.file import File


class Galaxies:
    """82 points in one column, `velocity`.

    Args:
        val_fraction: share of the points that chooses the best checkpoint; 0 fits on them too.
        test_fraction: share of the points that the fit is judged on; 0 fits on them too.
    """

    def __init__(self, val_fraction: float = 0.1, test_fraction: float = 0.1) -> None:
        self.file = File(
            Path(__file__).with_name("galaxies.csv"), val_fraction=val_fraction, test_fraction=test_fraction
        )

    def load(self, seed: int) -> Dataset:
        """The points; only the partition depends on the seed."""
        return self.file.load(seed)
