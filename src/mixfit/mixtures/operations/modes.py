"""Where are the peaks?

Every climb follows the fixed point that EM makes of a mode, x ← (Σ r_k P_k)⁻¹ Σ r_k P_k μ_k, which is mean-shift with
precisions P_k and never goes down (Carreira-Perpiñán 2000). It slows near a peak, so a Newton step on log p takes over
where the Hessian is negative definite, the step is short and it goes higher. What ends on a saddle is left out.

A mixture can have more modes than components: one may lie where two long components cross. So climbs start from every
mean and, while these are not too many, from the point between every two components where both pull equally hard (on
their ridgeline, Ray & Lindsay 2005). No finite set of starts is proven to find every mode in several dimensions.

Lengths are measured in the metric Σ r_k P_k, in which a Gaussian's standard deviation is one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.landscape import Landscape, Slope

MAX_STARTS = 2_000
"""Pairs are started from if they and the means are no more than this: up to 62 components."""

MAX_STEPS = 1_000
SHORTEST_STEP = 1e-9
LONGEST_NEWTON_STEP = 0.5
SAME_MODE = 1e-3
"""Lengths in standard deviations: a climb has ended, Newton may be trusted, two climbs found one peak."""

FLAT = 1e-6
"""The largest curvature, upward, that a maximum may seem to have by rounding; a Gaussian's own is -1."""

CHUNK_ELEMENTS = 2**22


def modes(density: Density) -> Tensor:
    """The local maxima of p, (M, D), in the data's units, highest first, in float64."""
    landscape = Landscape.of(density)
    rows = max(1, CHUNK_ELEMENTS // landscape.precisions.numel())
    ends = torch.cat([_climbed(landscape, starts) for starts in _starts(landscape).split(rows)])
    slope = landscape.slope(ends)
    peaks = ends[slope.curvature <= FLAT]
    highest_first = landscape.log_density(peaks).argsort(descending=True, stable=True)
    return density.standardization.inverse(_distinct(landscape, peaks[highest_first]))


def _starts(landscape: Landscape) -> Tensor:
    """The means and, if they are not too many, a point on the ridgeline between every two of them, (M, D)."""
    is_there = landscape.log_heights > -torch.inf
    means, precisions = landscape.means[is_there], landscape.precisions[is_there]
    first, second = torch.triu_indices(len(means), len(means), 1)
    if len(means) + len(first) > MAX_STARTS:
        return means
    pulls = (precisions @ means[..., None]).squeeze(-1)
    between = torch.linalg.solve(precisions[first] + precisions[second], pulls[first] + pulls[second])
    return torch.cat([means, between])


def _climbed(landscape: Landscape, points: Tensor) -> Tensor:
    """Where the climbs end, (M, D)."""
    ends, climbing = points.clone(), torch.arange(len(points))
    for _ in range(MAX_STEPS):
        slope = landscape.slope(ends[climbing])
        step = _step(landscape, ends[climbing], slope)
        ends[climbing] += step
        climbing = climbing[slope.length(step) > SHORTEST_STEP]
        if not len(climbing):
            break
    return ends


def _step(landscape: Landscape, points: Tensor, slope: Slope) -> Tensor:
    """Newton's step where it can be trusted, else the step of EM."""
    careful = torch.linalg.solve(slope.metric, slope.gradient)
    _, indefinite = torch.linalg.cholesky_ex(-slope.hessian)
    newton, singular = torch.linalg.solve_ex(-slope.hessian, slope.gradient)
    is_trusted = (indefinite == 0) & (singular == 0) & (slope.length(newton) <= LONGEST_NEWTON_STEP)
    is_higher = landscape.log_density(points + newton) >= landscape.log_density(points + careful)
    return torch.where((is_trusted & is_higher)[:, None], newton, careful)


def _distinct(landscape: Landscape, peaks: Tensor) -> Tensor:
    """The peaks without those that lie where an earlier one does."""
    kept: list[Tensor] = []
    while len(peaks):
        kept.append(peaks[0])
        peaks = peaks[landscape.slope(peaks).length(peaks - peaks[0]) > SAME_MODE]
    return torch.stack(kept)
