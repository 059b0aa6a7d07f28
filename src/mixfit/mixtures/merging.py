"""Components put together: their statistics add up, and how much likelihood that costs follows from these alone.

Two components i and j become one with the sum of their statistics. By Runnalls' (2007) bound the log-likelihood then
falls by no more than

    count_ij log|L_ij| - count_i log|L_i| - count_j log|L_j|,       Σ = L Lᵀ, ij the sum of both,

which is nothing for two that are alike. Components of one covariance lose what the covariance of all gains by it:
N (log|L after| - log|L before|), which changes for every pair whenever one is joined. Only neighbours can be put
together at little cost, so few pairs are looked at.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf, pi, sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.statistics import Statistics

MOST_NEIGHBOURS = 12
"""Partners of a component that are looked at, those with the nearest means."""

HALF_APART = sqrt(2 / pi)
"""The mean of each half of a standard Gaussian that is cut through the middle."""


class Moments(NamedTuple):
    """Of some components: their counts (n,), means (n, D), and second moments (n, …) about these."""

    counts: Tensor
    means: Tensor
    second: Tensor


@torch.no_grad()
def merged(statistics: Statistics, family: Covariance, n_components: int, floor: float) -> Statistics:
    """The statistics of so many components: of those there are, the cheapest pair is put together, again and again.

    Args:
        statistics: of one mixture, whose second moments are those of `family.own`: each component has its own.
        family: says what its K components can be; `statistics` may have more than K.
        n_components: how many are to be left, at least one and at most as many as there are.
        floor: the smallest eigenvalue that a covariance may have, more than zero.
    """
    parts = Parts(statistics, family, floor)
    while len(parts.left) > n_components:
        parts.join(*parts.cheapest)
    return parts.statistics


class Parts:
    """Components about their own means, and what it costs to join any two, (M, M); infinite for what is not tried.

    Args:
        statistics: as in `merged`.
        family: as there.
        floor: as there.
    """

    def __init__(self, statistics: Statistics, family: Covariance, floor: float) -> None:
        smallest = torch.finfo(statistics.count.dtype).tiny ** 0.5
        self.origin, self.floor = statistics, floor
        self.shared = family.own is not type(family)
        self.own, self.dim = family.own, family.dim
        self.count = statistics.count.clamp_min(smallest)
        shift = statistics.first / self.count[:, None]
        self.means = statistics.center + shift
        self.second = statistics.second - self._of(self.count).outer(statistics.first, shift)
        self.left = list(range(len(self.count)))
        self.log_det = self._log_det(self.second, self.count)
        self.costs = self._all_costs()

    @property
    def statistics(self) -> Statistics:
        """Those of the components that are left, about their means."""
        return self.with_(self.left)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """All i < j that may be joined, the cheapest first."""
        one, other = self.costs.isfinite().triu(1).nonzero(as_tuple=True)
        order = self.costs[one, other].argsort(stable=True)
        return list(zip(one[order].tolist(), other[order].tolist(), strict=True))

    def with_(self, left: list[int], *others: Moments) -> Statistics:
        """The statistics of some of them, and of others after them."""
        own = Moments(self.count[left], self.means[left], self.second[left])
        count, means, second = (torch.cat(of_all) for of_all in zip(own, *others, strict=True))
        return replace(self.origin, count=count, first=torch.zeros_like(means), second=second, center=means)

    def all_but(self, *gone: int) -> list[int]:
        """Which there are, but for some."""
        return [which for which in self.left if which not in gone]

    @property
    def cheapest(self) -> tuple[int, int]:
        """The two components that are cheapest to join."""
        return divmod(int(self.costs.argmin()), len(self.costs))

    def join(self, i: int, j: int) -> None:
        """Makes one component of two, in the place of the first."""
        near = [k for k in self.left if k not in (i, j) and min(self.costs[i, k], self.costs[j, k]) < inf]
        one, other = (torch.tensor([k], device=self.count.device) for k in (i, j))
        count, means, second = self.joined(one, other)
        self.count[i], self.means[i], self.second[i] = count[0], means[0], second[0]
        self.log_det[i] = self._log_det(second, count)[0]
        self.count[j], self.second[j] = 0, 0
        self.left.remove(j)
        for gone in (i, j):
            self.costs[gone] = self.costs[:, gone] = inf
        partners = torch.tensor(near or [k for k in self.left if k != i], device=self.count.device, dtype=torch.long)
        if self.shared:
            self.costs[i, partners] = self.costs[partners, i] = 0  # no longer infinite: to be looked at
            self._price(*(self.costs < inf).triu().nonzero(as_tuple=True))
        else:
            self._price(one.expand_as(partners), partners)

    def joined(self, one: Tensor, other: Tensor) -> Moments:
        """Each of some (n,) put together with its partner (n,)."""
        first, second = self.count[one], self.count[other]
        count = first + second
        means = (first[:, None] * self.means[one] + second[:, None] * self.means[other]) / count[:, None]
        return Moments(count, means, self.second[one] + self.second[other] + self._between(one, other))

    def reach(self, which: int, direction: Tensor) -> Tensor:
        """From the mean of one to the place where its Gaussian reaches farthest in a direction (D,), (D,)."""
        family = self._of(self.count[[which]])
        scale = family.factor(self.second[[which]], self.count[[which]], self.floor)
        return family.color(scale, direction[None] / direction.norm())[0]

    def halves(self, which: int, step: Tensor) -> Moments:
        """The two halves of one, a step (D,) to either side of its mean, which together are it."""
        count, second = self.count[[which]] / 2, self.second[[which]] / 2
        left = second - self._of(count).outer(count[:, None] * step[None], step[None])
        means = torch.cat([self.means[[which]] + step, self.means[[which]] - step])
        return Moments(torch.cat([count, count]), means, torch.cat([left, left]))

    def _all_costs(self) -> Tensor:
        n_parts = len(self.count)
        self.costs = torch.full((n_parts, n_parts), inf, dtype=self.count.dtype, device=self.count.device)
        distances = torch.cdist(self.means, self.means).fill_diagonal_(inf)
        n_neighbours = min(MOST_NEIGHBOURS, n_parts - 1)
        nearest = distances.topk(n_neighbours, largest=False).indices
        one = torch.arange(n_parts, device=self.count.device)[:, None].expand_as(nearest)
        self._price(one.flatten(), nearest.flatten())
        return self.costs

    def _price(self, one: Tensor, other: Tensor) -> None:
        """Enters what it costs to join each of some with its partner."""
        if not len(one):
            return
        if self.shared:
            total, n_points = self.second.sum(0, keepdim=True), self.count.sum().expand(len(one))
            before = self._log_det(total, n_points[:1])
            cost = n_points * (self._log_det(total + self._between(one, other), n_points) - before)
        else:
            count, _, second = self.joined(one, other)
            apart = self.count[one] * self.log_det[one] + self.count[other] * self.log_det[other]
            cost = count * self._log_det(second, count) - apart
        self.costs[one, other] = self.costs[other, one] = cost

    def _between(self, one: Tensor, other: Tensor) -> Tensor:
        """What two means add to the second moment of both together."""
        first, second = self.count[one], self.count[other]
        apart = self.means[one] - self.means[other]
        return self._of(first).outer((first * second / (first + second))[:, None] * apart, apart)

    def _log_det(self, second: Tensor, count: Tensor) -> Tensor:
        family = self._of(count)
        return family.log_det(family.factor(second, count, self.floor))

    def _of(self, components: Tensor) -> Covariance:
        return self.own(len(components), self.dim)
