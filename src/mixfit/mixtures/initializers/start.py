"""The best of several short starts, so that a fit does not hang on one draw (Biernacki, Celeux & Govaert 2003).

Each start is an initializer's draw followed by a few EM steps, on a subset of the points if they are many. The first
M-step gives all components one pooled covariance: a seed that caught two points would otherwise begin as a spike.
Among the ends, one with fewer components on the floor comes first, and then the one with the higher likelihood, for
near the floor a likelihood measures the floor and not the fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.mixture import Components, Mixture

Initializer = Callable[[Tensor, int, torch.Generator], Tensor]

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
    """
    subset = _subset(points, generator)
    best: tuple[tuple[int, float], Components] | None = None
    for _ in range(n_starts):
        begin_(mixture, subset, initializer, generator)
        for _ in range(n_passes):
            mixture.maximize_(mixture.statistics(subset, assignment))
        rank = _rank(mixture, subset, assignment)
        if best is None or rank < best[0]:
            best = rank, mixture.components
    if best is not None:
        mixture.set_(*best[1])


@torch.no_grad()
def begin_(mixture: Mixture, points: Tensor, initializer: Initializer, generator: torch.Generator) -> None:
    """Puts the mixture at one draw of the initializer: an M-step under its responsibilities, covariances pooled."""
    family = mixture.covariance
    mixture.set_(torch.zeros_like(mixture.unit), torch.zeros_like(mixture.mean_origin), family.identity())
    responsibilities = initializer(points.cpu(), family.n_components, generator).to(points.device)
    statistics = mixture.statistics_under(responsibilities, points)
    means = statistics.first / statistics.count.clamp_min(1.0)[:, None]
    within = statistics.second - family.outer(statistics.first, means)
    pooled = family.pooled(within, statistics.count)
    mixture.maximize_(replace(statistics, center=means, first=torch.zeros_like(means), second=pooled))


def _subset(points: Tensor, generator: torch.Generator) -> Tensor:
    if len(points) <= MOST_POINTS:
        return points
    return points[torch.randperm(len(points), generator=generator)[:MOST_POINTS].to(points.device)]


def _rank(mixture: Mixture, points: Tensor, assignment: Assignment) -> tuple[int, float]:
    """Lower is better: components on the floor, then the NLL; or what k-means lowers, the variance within."""
    if assignment is soft:
        return mixture.n_on_floor, float(mixture.statistics(points).nll)
    return mixture.n_on_floor, float(mixture.covariance.smallest_variance(mixture.components.scale).sum())
