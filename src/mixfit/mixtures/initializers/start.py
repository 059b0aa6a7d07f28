"""Where a fit begins: at the best place that a search finds, at a place that is given, or at a bare draw.

The first M-step after a draw gives all components one pooled covariance: a seed that caught two points would otherwise
begin as a spike. A search looks at no more than `MOST_POINTS`: enough to tell a good start from a bad one. It gets them
in a fixed order, doubles merged into one point with a weight, so that it knows which points there are and how often and
nothing else. (Of more rows it sees a random subset, and which rows those are does depend on their order.)
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.initializers.distinct import distinct
from mixfit.mixtures.initializers.initializer import Initializer
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.moments import slices
from mixfit.mixtures.moves import Points
from mixfit.mixtures.reservoir import Reservoir
from mixfit.mixtures.search import Found, Search, search, search_from

MOST_POINTS = 20_000
"""A search looks at no more points than this."""


@torch.no_grad()
def start_(
    mixture: Mixture,
    points: Tensor,
    how: Search,
    *,
    generator: torch.Generator,
    assignment: Assignment = soft,
    weights: Tensor | None = None,
) -> Found:
    """Puts the mixture at the best place that a search finds from its draws; returns what it has come to.

    Args:
        mixture: changed in place.
        points: (N, D), standardized, on the CPU or the mixture's device.
        how: hard to look.
        generator: on the CPU; with equal seeds, equal starts.
        assignment: `soft` for a mixture, `nearest` for k-means.
        weights: (N,), positive: how often each point counts.
    """
    seen = _seen(points, weights, assignment, generator)
    found = search(mixture.covariance, mixture.floor, seen, how, generator)
    mixture.set_(*found.components)
    return found


@torch.no_grad()
def move_on_(
    mixture: Mixture,
    points: Tensor,
    how: Search,
    *,
    generator: torch.Generator,
    assignment: Assignment = soft,
    weights: Tensor | None = None,
) -> Found | None:
    """The same from where the mixture is; it stays there, to the last bit, unless `how.patience` asks for moves."""
    if not how.patience:
        return None
    seen = _seen(points, weights, assignment, generator)
    start = mixture.components
    found = search_from(start, mixture.covariance, mixture.floor, seen, how, generator)
    mixture.set_(*found.components)
    return found


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


def _seen(points: Tensor, weights: Tensor | None, assignment: Assignment, generator: torch.Generator) -> Points:
    weights = points.new_ones(len(points)) if weights is None else weights.to(points)
    if len(points) > MOST_POINTS:
        drawn = Reservoir(MOST_POINTS, generator)
        for rows in slices(points):
            drawn.add(points[rows], weights[rows])
        points, weights = drawn.columns
    return Points(*distinct(points, weights), assignment)
