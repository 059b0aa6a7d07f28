"""On a line: how much lies below a point, and below which point does so much lie?

Everything is computed as logarithms, log F(x) = log Σ_k π_k Φ((x - μ_k)/σ_k), which keep all their digits where F
itself has sunk to 1e-300. The upper tail is the lower tail of the mirrored mixture, so `survival` is as exact as `cdf`
and a level near one is solved for through what lies above.

A quantile of the mixture lies between the smallest and the largest quantile of its components. Newton's method on
log F runs inside that bracket, and any step that leaves it or fails to halve is replaced by its middle.
"""

from __future__ import annotations

from math import log, pi
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.parameters import standardized_components

EPSILON = torch.finfo(torch.float64).eps


class Line(NamedTuple):
    """A mixture on a line in standardized coordinates: log π, μ and σ, each (K,)."""

    log_weights: Tensor
    means: Tensor
    deviations: Tensor

    @property
    def mirrored(self) -> Line:
        """The mixture of -x."""
        return self._replace(means=-self.means)

    def log_cdf(self, points: Tensor) -> Tensor:
        """log F(x), (N,)."""
        return torch.logsumexp(self.log_weights + torch.special.log_ndtr(self._whitened(points)), 1)

    def log_density(self, points: Tensor) -> Tensor:
        """log p(x), (N,)."""
        log_heights = self.log_weights - self.deviations.log() - 0.5 * log(2 * pi)
        return torch.logsumexp(log_heights - 0.5 * self._whitened(points).square(), 1)

    def _whitened(self, points: Tensor) -> Tensor:
        return (points[:, None] - self.means) / self.deviations


def cdf(density: Density, points: Tensor) -> Tensor:
    """F(x_n), what lies at or below each point, (N,), in float64; exact to its last digits in the lower tail.

    Args:
        density: in one dimension.
        points: (N,) or (N, 1), in the data's units.

    Raises:
        ValueError: the density is not on a line.
    """
    line = _line(density)
    return line.log_cdf(_standardized(density, points)).exp().clamp(max=1.0)


def survival(density: Density, points: Tensor) -> Tensor:
    """1 - F(x_n), what lies above each point, (N,), in float64; exact to its last digits in the upper tail."""
    line = _line(density)
    return line.mirrored.log_cdf(-_standardized(density, points)).exp().clamp(max=1.0)


def quantile(density: Density, levels: Tensor) -> Tensor:
    """The points with F(x) = level, in the shape of the levels, in the data's units, to the last bits of float64.

    Args:
        density: in one dimension.
        levels: of any shape, in [0, 1]; 0 is at -∞ and 1 at ∞.

    Raises:
        ValueError: the density is not on a line, or a level is outside [0, 1] or NaN.
    """
    line = _line(density)
    levels = torch.as_tensor(levels, dtype=torch.float64, device="cpu")
    wrong = levels[~((levels >= 0) & (levels <= 1))]
    if len(wrong):
        raise ValueError(f"a level of {float(wrong[0])} is no probability; levels lie in [0, 1]")
    upper = levels > 0.5
    points = torch.empty_like(levels)
    points[~upper] = _lower_quantile(line, levels[~upper])
    points[upper] = -_lower_quantile(line.mirrored, 1 - levels[upper])  # 1 - level is exact above a half
    return density.standardization.inverse(points[..., None]).squeeze(-1)


def _line(density: Density) -> Line:
    covariance = density.mixture.covariance
    if covariance.dim != 1:
        raise ValueError(
            f"this density lives in {covariance.dim} dimensions, but cdf, survival and quantile are of one; "
            "take marginal(density, [axis]) first"
        )
    log_weights, means, scale = standardized_components(density)
    return Line(log_weights, means.squeeze(1), covariance.color(scale, torch.ones_like(means)).squeeze(1))


def _standardized(density: Density, points: Tensor) -> Tensor:
    points = torch.as_tensor(points, dtype=torch.float64, device="cpu")
    rows = points[:, None] if points.ndim == 1 else points
    if rows.ndim != 2 or rows.shape[1] != 1:
        raise ValueError(f"points have the shape {tuple(points.shape)}, but this density lives on a line: give (N,)")
    return density.standardization(rows, rows).squeeze(1)


def _lower_quantile(line: Line, levels: Tensor) -> Tensor:
    """The points with F(x_n) = level_n for levels of at most a half, (N,)."""
    points = torch.full_like(levels, -torch.inf)
    inside = levels > 0
    points[inside] = _root(line, levels[inside])
    return points


def _root(line: Line, levels: Tensor) -> Tensor:
    """Newton's method on log F(x) - log(level), kept in a bracket, for the levels that are not there yet."""
    of_components = line.means + line.deviations * torch.special.ndtri(levels)[:, None]
    low, high = of_components.amin(1), of_components.amax(1)
    found, left = torch.empty_like(levels), torch.arange(len(levels))
    points, step, goal = 0.5 * (low + high), high - low, levels.log()
    while len(left):
        log_cdf = line.log_cdf(points)
        excess = log_cdf - goal
        low, high = torch.where(excess <= 0, points, low), torch.where(excess >= 0, points, high)
        newton = -excess * torch.exp(log_cdf - line.log_density(points))
        is_safe = (points + newton > low) & (points + newton < high) & (newton.abs() < 0.5 * step.abs())
        is_exact = excess.abs() <= EPSILON * (1 + goal.abs())
        step = torch.where(is_safe, newton, 0.5 * (low + high) - points).masked_fill(is_exact, 0.0)
        points = points + step
        is_there = step.abs() <= EPSILON * points.abs()
        found[left[is_there]] = points[is_there]
        left, low, high, points, step, goal = (t[~is_there] for t in (left, low, high, points, step, goal))
    return found
