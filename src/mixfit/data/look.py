"""What the first look at points on disk leaves in memory."""

from __future__ import annotations

import torch

from mixfit.data.dataset import Part, sampling
from mixfit.mixtures.moments import Moments


class Look:
    """Gathers moments and a random sample; both are what a `Part` of all the points would say.

    Args:
        dim: D.
    """

    def __init__(self, dim: int) -> None:
        self._moments: Moments | None = None
        self._drawn = sampling()
        self._drawn.add(torch.empty(0, dim, dtype=torch.float64), torch.empty(0, dtype=torch.int64))
        self._is_labelled = False

    def add(self, part: Part) -> None:
        """The next points."""
        if not len(part):
            return
        moments = Moments.of(part.points)
        self._moments = moments if self._moments is None else self._moments + moments
        self._is_labelled = part.labels is not None
        labels = torch.zeros(len(part), dtype=torch.int64) if part.labels is None else part.labels
        self._drawn.add(part.points, labels)

    @property
    def moments(self) -> Moments:
        """Of all points so far; ValueError if there were none."""
        if self._moments is None:
            raise ValueError("no points have neither a mean nor a variance; give at least one row")
        return self._moments

    @property
    def sample(self) -> Part:
        """All points in their order if they are few, and else `MOST_POINTS` of them."""
        points, labels = self._drawn.columns
        return Part(points, labels if self._is_labelled else None)
