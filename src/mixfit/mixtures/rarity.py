"""How rare a log-density is among the training points: their quantiles, which is what marks outliers.

A density has no natural threshold below which a point is strange: log p depends on the units and on the dimension. The
training points themselves give one. A point whose log-density is below that of all but a hundredth of them is as rare
as their rarest hundredth, whatever the data.

Small data keep every order statistic. Of more, 10,001 quantiles are kept at the levels (i/10,000)², which lie densest
where outliers are looked for: the first of them is a hundred-millionth, and a share of 0.01 has 1000 below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

MOST_POINTS = 2**17
"""Of more training points so many, drawn at random, are enough: 1300 of them lie below their rarest hundredth."""

MOST = 10_001
"""Distinct log-densities that are kept one by one."""


@dataclass(frozen=True)
class Rarity:
    """The quantile function of the log-density over the training points, linear between its knots.

    Attributes:
        levels: (M,), float64, ascending from 0 to 1: shares of the points.
        log_densities: (M,), float64, ascending, in nats: so much have that share of the points at most.
    """

    levels: Tensor
    log_densities: Tensor

    @classmethod
    def of(cls, log_densities: Tensor, weights: Tensor | None = None) -> Rarity:
        """The rarity among points with these log-densities (N,), in nats.

        Args:
            log_densities: of the training points, finite.
            weights: (N,), positive; a point of weight 2 counts as two points. None counts each once.

        Raises:
            ValueError: for no points, a log-density that is not finite, or a weight that is not positive.
        """
        values = log_densities.detach().to("cpu", torch.float64)
        masses = None if weights is None else weights.detach().to("cpu", torch.float64)
        _check(values, masses)
        levels = (torch.arange(MOST, dtype=torch.float64) / (MOST - 1)).square()
        if masses is None and len(values) > MOST:  # of many points few tensors of their number should be there at once
            values = values.sort().values
            if int((values[1:] != values[:-1]).sum()) >= MOST:
                return cls(levels, _order_statistics(values, levels))
        distinct, end = _distinct(values, masses)
        rarity = cls(*_knots(distinct, end, point=1.0 if masses is None else min(1.0, float(masses.min()))))
        if len(distinct) <= MOST:
            return rarity
        return cls(levels, rarity._at(levels))

    def threshold(self, share: float) -> float:
        """The log-density in nats that this share of the training points lies below: `numpy.quantile`'s linear rule.

        Raises:
            ValueError: unless 0 ≤ share ≤ 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share={share}: a share of the points lies between 0 and 1, as in 0.01")
        return float(self._at(torch.tensor([share], dtype=torch.float64)))

    def _at(self, levels: Tensor) -> Tensor:
        above = torch.searchsorted(self.levels, levels, right=True).clamp(1, len(self.levels) - 1)
        below = above - 1
        gap = self.levels[above] - self.levels[below]
        way = torch.where(gap > 0, (levels - self.levels[below]) / gap, 1.0)
        return torch.lerp(self.log_densities[below], self.log_densities[above], way)


def _order_statistics(ascending: Tensor, levels: Tensor) -> Tensor:
    """`numpy.quantile`'s linear rule: the n values, ascending, lie at 0, 1/(n - 1), …, 1."""
    place = levels * (len(ascending) - 1)
    below = place.long()
    above = (below + 1).clamp_max(len(ascending) - 1)
    return torch.lerp(ascending[below], ascending[above], place - below)


def _distinct(values: Tensor, masses: Tensor | None) -> tuple[Tensor, Tensor]:
    """The distinct values, ascending, and the mass of each together with all below it."""
    ascending, order = values.sort()
    distinct, counts = torch.unique_consecutive(ascending, return_counts=True)
    end = counts.cumsum(0)
    return distinct, end.to(torch.float64) if masses is None else masses[order].cumsum(0)[end - 1]


def _knots(distinct: Tensor, end: Tensor, point: float) -> tuple[Tensor, Tensor]:
    """Levels and log-densities: a value that several points have is level from its first to its last point.

    Points lie at 0, 1, …, n - 1, as in `numpy.quantile`, and a value of mass m takes m places. Where weights are
    smaller than one, the smallest of them is the size of a place.
    """
    if len(distinct) == 1:
        return torch.tensor([0.0, 1.0], dtype=torch.float64), distinct.repeat(2)
    first = torch.cat([torch.zeros(1, dtype=torch.float64), end[:-1]])
    last = torch.maximum(end - point, first)
    is_knot = torch.stack([torch.ones_like(first, dtype=torch.bool), last > first], 1)
    levels = (torch.stack([first, last], 1) / (end[-1] - point)).clamp_max(1.0)
    return levels[is_knot], distinct[:, None].expand(-1, 2)[is_knot]


def _check(log_densities: Tensor, weights: Tensor | None) -> None:
    if log_densities.ndim != 1 or len(log_densities) == 0:
        raise ValueError(
            f"log-densities of the shape {tuple(log_densities.shape)}: they are (N,), of at least one point"
        )
    if n_bad := int((~log_densities.isfinite()).sum()):
        raise ValueError(f"{n_bad} of {len(log_densities)} log-densities are not finite, so they have no order")
    if weights is None:
        return
    if weights.shape != log_densities.shape:
        raise ValueError(f"{tuple(weights.shape)} weights for {len(log_densities)} log-densities: each needs one")
    if n_bad := int((~(weights > 0) | weights.isinf()).sum()):
        raise ValueError(f"{n_bad} of {len(weights)} weights are not positive, finite numbers")
