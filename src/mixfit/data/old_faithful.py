"""Waiting times and eruptions of the Old Faithful geyser, the first data set that anyone shows a mixture.

272 eruptions in Yellowstone National Park: how long each lasted and how long until the next, in minutes. Source:
A. Azzalini and A. W. Bowman (1990), "A look at some data on the Old Faithful geyser", Applied Statistics 39, 357-365,
as distributed with R (`datasets::faithful`).
"""

from __future__ import annotations

from pathlib import Path

from mixfit.data.dataset import Dataset
from mixfit.data.file import File


class OldFaithful:
    """272 points in two columns, `eruptions` and `waiting`.

    Args:
        val_fraction: share of the points that chooses the best checkpoint; 0 fits on them too.
        test_fraction: share of the points that the fit is judged on; 0 fits on them too.
    """

    def __init__(self, val_fraction: float = 0.1, test_fraction: float = 0.1) -> None:
        self.file = File(
            Path(__file__).with_name("old_faithful.csv"), val_fraction=val_fraction, test_fraction=test_fraction
        )

    def load(self, seed: int) -> Dataset:
        """The points; only the partition depends on the seed."""
        return self.file.load(seed)
