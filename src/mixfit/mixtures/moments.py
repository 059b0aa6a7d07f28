"""Mean, variance and extremes of points, block by block: what one look at them has to leave behind.

Two blocks' means and variances make those of both together (Chan, Golub & LeVeque 1983), so neither the number of
points nor the memory for them is bounded. Each axis is counted in a power of two near its largest value, because data
may use the whole range of float64, where a sum of two values or the square of one is infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add

import torch
from torch import Tensor

AT_ONCE, BLOCK = 2**23, 2**19
"""Of more numbers than the first, about the second are looked at at a time: no temporary is as large as the points."""


@dataclass(frozen=True)
class Moments:
    """Of at least one point; `a + b` are those of both sets of points, those of `a` being the first.

    Attributes:
        mass: how many points, or the sum of their weights.
        first: (D,), the first point.
        lowest: (D,), the smallest value on each axis.
        highest: (D,), the largest.
        identical: (D,), whether the axis has one value only.
        average: (D,), the mean of x / unit.
        variance: (D,), Σ w (x - mean)² / Σ w of x / unit.
    """

    mass: float
    first: Tensor
    lowest: Tensor
    highest: Tensor
    identical: Tensor
    average: Tensor
    variance: Tensor

    @classmethod
    def of(cls, points: Tensor, weights: Tensor | None = None) -> Moments:
        """Those of points (N, D); a point of weight w, `weights` being (N,) and positive, counts as w points.

        Raises:
            ValueError: there are no points.
        """
        if len(points) == 0:
            raise ValueError("no points have neither a mean nor a variance; give at least one row")
        relative = None if weights is None else weights.to(torch.float64) / weights.max()  # or their sum is infinite
        blocks = (cls._of_block(points[rows], None if relative is None else relative[rows]) for rows in slices(points))
        return reduce(add, blocks)

    @classmethod
    def _of_block(cls, points: Tensor, weights: Tensor | None) -> Moments:
        points = points.to(torch.float64).contiguous()  # sums round by the order in which memory holds them
        lowest, highest = torch.aminmax(points, dim=0)
        unit = _power_of_two(torch.maximum(lowest.abs(), highest.abs()))
        mass = float(len(points) if weights is None else weights.sum())
        variance, average = _variance_and_mean(points, unit, weights)
        return cls(mass, points[0].clone(), lowest, highest, lowest == highest, average, variance)

    def __add__(self, other: Moments) -> Moments:
        lowest = torch.minimum(self.lowest, other.lowest)
        highest = torch.maximum(self.highest, other.highest)
        unit = _power_of_two(torch.maximum(lowest.abs(), highest.abs()))
        mine, yours = self.unit / unit, other.unit / unit  # powers of two too: nothing is rounded
        mass = self.mass + other.mass
        share = other.mass / mass
        average = self.average * mine
        apart = other.average * yours - average
        within = (1 - share) * (self.variance * mine * mine) + share * (other.variance * yours * yours)
        variance = within + share * (1 - share) * apart.square()
        return Moments(mass, self.first, lowest, highest, lowest == highest, average + share * apart, variance)

    @property
    def unit(self) -> Tensor:
        """The powers of two that the axes are counted in, (D,)."""
        return _power_of_two(torch.maximum(self.lowest.abs(), self.highest.abs()))

    @property
    def mean(self) -> Tensor:
        """(D,), in the data's units."""
        limits = torch.finfo(torch.float64)
        return torch.where(self.identical, self.first, (self.average * self.unit).clamp(limits.min, limits.max))


def slices(points: Tensor, numbers: int = BLOCK) -> list[slice]:
    """Rows of points (N, D) that are looked at at a time, about so many numbers: all of them if they are not many."""
    rows = max(1, len(points) if points.numel() <= AT_ONCE else numbers // points[0].numel())
    return [slice(first, first + rows) for first in range(0, len(points), rows)]


def _power_of_two(magnitude: Tensor) -> Tensor:
    """The largest power of two in each number, (D,), or one for zero: to divide by it rounds nothing."""
    mantissa, _ = torch.frexp(magnitude)
    return torch.where(magnitude > 0, magnitude / (2 * mantissa), 1.0)


def _variance_and_mean(points: Tensor, unit: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Each (D,), of x = points / unit: Σ w (x - mean)² / Σ w and Σ w x / Σ w, corrected for a first mean's rounding."""
    average = _average(weights)
    deviations = points / unit
    mean = average(deviations)
    deviations -= mean
    left = average(deviations)
    return average(deviations.square_()) - left.square(), mean + left


def _average(weights: Tensor | None) -> Callable[[Tensor], Tensor]:
    """What makes the mean (D,) of rows (N, D), of which each counts by its weight."""
    if weights is None or not float(weights.sum()):  # all too small beside the largest of other rows
        return lambda rows: rows.mean(0)
    share = weights / weights.sum()
    return lambda rows: share.to(rows) @ rows
