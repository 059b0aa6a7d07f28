"""The best of several short starts, so that a fit does not hang on one draw (Biernacki, Celeux & Govaert 2003).

Each start is an initializer's draw followed by a few EM steps, on a subset of the points if they are many. The first
M-step gives all components one pooled covariance: a seed that caught two points would otherwise begin as a spike.
Among the ends, one with fewer components on the floor comes first, and then the one with the higher likelihood, for
near the floor a likelihood measures the floor and not the fit.

A start knows which points there are and how often, and nothing else: they are put in order and doubles are merged into
one point with a weight. So rows in another order, or a weight in place of repeated rows, lead to the same fit. (Of more
than `MOST_POINTS` rows a start sees a random subset, and which rows those are does depend on their order.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.initializers.distinct import distinct
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.moments import slices
from mixfit.mixtures.reservoir import Reservoir

Initializer = Callable[[Tensor, Tensor, int, torch.Generator], Tensor]

MOST_POINTS = 20_000
"""Starts look at no more points than this: enough to tell a good start from a bad one."""


@torch.no_grad()
def start_(
    mixture: Mixture,
    points: Tensor,
    initializer: Initializer,
    *,
    n_starts: int,
    n_passes: int,
    assignment: Assignment,
    generator: torch.Generator,
    weights: Tensor | None = None,
) -> None:
    """Puts the mixture at the best of `n_starts` starts of `n_passes` EM steps each.

    Args:
        mixture: changed in place.
        points: (N, D), standardized, on the CPU or the mixture's device.
        initializer: where each start begins.
        n_starts: at least one.
        n_passes: how many EM steps a start takes; zero judges the draws as they are.
        assignment: `soft` for a mixture, `nearest` for k-means.
        generator: on the CPU; with equal seeds, equal starts.
        weights: (N,), positive: how often each point counts.
    """
    points, weights = distinct(*_subset(points, weights, generator))
    best: tuple[tuple[int, float], Components] | None = None
    for _ in range(n_starts):
        begin_(mixture, points, initializer, generator, weights)
        for _ in range(n_passes):
            mixture.maximize_(mixture.statistics(points, assignment, weights=weights))
        rank = rank_of(
            mixture,
            lambda: float(mixture.statistics(points, weights=weights).nll),
            assignment,
            n_points=float(weights.sum()),
        )
        if best is None or rank < best[0]:
            best = rank, mixture.components
    if best is not None:
        mixture.set_(*best[1])


@torch.no_grad()
def begin_(
    mixture: Mixture,
    points: Tensor,
    initializer: Initializer,
    generator: torch.Generator,
    weights: Tensor | None = None,
) -> None:
    """Puts the mixture at one draw of the initializer: an M-step under its responsibilities, covariances pooled."""
    family = mixture.covariance
    weights = points.new_ones(len(points)) if weights is None else weights.to(points)
    mixture.set_(torch.zeros_like(mixture.unit), torch.zeros_like(mixture.mean_origin), family.identity())
    responsibilities = initializer(points.cpu(), weights.cpu(), family.n_components, generator).to(points.device)
    statistics = mixture.statistics_under(responsibilities * weights[:, None], points)
    smallest = torch.finfo(points.dtype).tiny  # a seed without points has a first moment of zero
    means = statistics.first / statistics.count.clamp_min(smallest)[:, None]
    within = statistics.second - family.outer(statistics.first, means)
    pooled = family.pooled(within, statistics.count)
    mixture.maximize_(replace(statistics, center=means, first=torch.zeros_like(means), second=pooled))


def _subset(points: Tensor, weights: Tensor | None, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    weights = points.new_ones(len(points)) if weights is None else weights.to(points)
    if len(points) <= MOST_POINTS:
        return points, weights
    drawn = Reservoir(MOST_POINTS, generator)
    for rows in slices(points):
        drawn.add(points[rows], weights[rows])
    points, weights = drawn.columns
    return points, weights


def rank_of(mixture: Mixture, nll: Callable[[], float], assignment: Assignment, n_points: float) -> tuple[int, float]:
    """Lower is better: components on the floor, then the NLL; or what k-means lowers, the variance within.

    Not counted are those that lie far from all others, for the data put them there, as a code for missing values does;
    and one covariance for all components, which is on the floor because the data are flat.
    """
    on_floor = mixture.on_floor & (mixture.covariance.n_needed > 0)
    n_doubtful = int((on_floor & ~mixture.isolated(on_floor, n_points)).sum())
    if assignment is soft:
        return n_doubtful, nll()
    return n_doubtful, float(mixture.covariance.smallest_variance(mixture.components.scale.detach()).sum())
