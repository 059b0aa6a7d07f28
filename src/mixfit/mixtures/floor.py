"""Why do components lie on the floor of the variance? There the likelihood measures the floor and not the data.

The floor is a bound that nobody should meet on data that fill their space, so meeting it says something about the data,
and a user can only mend what is named: columns, rows, or the number of components.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.poorest import MOST_POINTS

MOST_NAMES = 4
"""A sentence lists no more columns, or components, than this."""

ORDINARY = 0.5
"""Nine tenths of ordinary data spread over more standard deviations; of a Gaussian over 3.3."""


@torch.no_grad()
def why_on_floor(density: Density, points: Tensor, columns: Sequence[str], n_points: int | None = None) -> str | None:
    """A sentence that says how many components lie on the floor, why, and what to do; None if none does.

    Args:
        density: fitted.
        points: (N, D), that it was fitted to, in the data's units.
        columns: the names of their D axes.
        n_points: how many there are, where these are a sample.
    """
    mixture = density.mixture
    if not (n_on_floor := mixture.n_on_floor):
        return None
    looked_at = density.standardized(points[:: -(-len(points) // MOST_POINTS)]).to("cpu", torch.float64)
    causes = (_constant, _spread_out, _dependent, _tied, _far_out)
    cause = next((found for look in causes if (found := look(looked_at, mixture.floor, columns))), None)
    return (
        f"{n_on_floor} of {len(mixture.unit)} components lie on the floor, the smallest variance that model.floor="
        f"{mixture.floor:g} of the data's allows, so the likelihood measures the floor there: "
        f"{cause or _few(density, len(points) if n_points is None else n_points)}"
    )


def _constant(points: Tensor, floor: float, columns: Sequence[str]) -> str | None:
    constant = [name for name, column in zip(columns, points.T, strict=True) if bool((column == column[0]).all())]
    if len(constant) == len(columns):
        return "all points are the same; give points that differ"
    return f"{_listed(constant)} never changes; leave it out" if constant else None


def _dependent(points: Tensor, floor: float, columns: Sequence[str]) -> str | None:
    """Whether the points as a whole are flat in a direction of several axes."""
    if len(points) <= points.shape[1]:
        few = f"{len(points)} points cannot fill {points.shape[1]} dimensions"
        return f"{few}; give more points, or choose covariance=diag"
    if (n_distinct := len(torch.unique(points, dim=0))) <= points.shape[1]:
        return f"{_of_few_kinds(n_distinct, len(points))}; lower model.n_components"
    variances, axes = torch.linalg.eigh(torch.cov(points.T, correction=0).reshape(len(columns), -1))
    if float(variances[0]) > floor:
        return None
    involved = [name for name, weight in zip(columns, axes[:, 0].abs(), strict=True) if float(weight) > 0.1]
    return f"{_listed(involved)} depend on each other linearly; leave one out" if len(involved) > 1 else None


def _tied(points: Tensor, floor: float, columns: Sequence[str]) -> str | None:
    remedy = "lower model.n_components, leave columns out, or raise model.floor"
    n_distinct = len(torch.unique(points, dim=0))
    if n_distinct <= len(points) / 2:
        return f"{_of_few_kinds(n_distinct, len(points))}; {remedy}"
    times = [int(torch.unique(column, return_counts=True)[1].max()) for column in points.T]
    if max(times) <= max(2, len(points) / 10):
        return None
    names = [name for name, n_times in zip(columns, times, strict=True) if n_times == max(times)]
    has = "has one value" if len(names) == 1 else "each have one value"
    return f"{_listed(names)} {has} in {max(times)} of {len(points)} rows; {remedy}"


def _of_few_kinds(n_distinct: int, n_points: int) -> str:
    return f"only {n_distinct} of {n_points} points are different"


def _spread_out(points: Tensor, floor: float, columns: Sequence[str]) -> str | None:
    """The same of columns whose other values differ: beside values far out in several, they look dependent."""
    middle = torch.quantile(points, torch.tensor([0.05, 0.95], dtype=points.dtype), dim=0)
    return _far_out(points, floor, columns) if bool((middle[0] < middle[1]).all()) else None


def _far_out(points: Tensor, floor: float, columns: Sequence[str]) -> str | None:
    """Whether a few points have made the variance that the floor is a part of."""
    for name, column in zip(columns, points.T, strict=True):
        low, middle, high = torch.quantile(column, torch.tensor([0.05, 0.5, 0.95], dtype=column.dtype)).tolist()
        if high - low < min(100 * sqrt(floor), ORDINARY):
            farthest = float((column - middle).abs().max())
            if farthest < max(1.0, high - low):  # the variance is made elsewhere
                continue
            return (
                f"nine tenths of {name} lie within {high - low:.2g} standard deviations, and the farthest value is "
                f"{farthest:.2g} away, so a few far values make the variance; leave them out, or lower model.floor"
            )
    return None


def _few(density: Density, n_points: int) -> str:
    """What the components there hold: of a fit that has ended, their weights say so without another look."""
    mixture = density.mixture
    count, there = density.weights * n_points, mixture.on_floor.nonzero().flatten()
    held = _listed([f"component {k} holds {float(count[k]):.3g}" for k in there.tolist()])
    if float(count[there].min()) < mixture.covariance.n_needed:
        why = "which are too few for a covariance of their own; lower model.n_components, or choose covariance=tied"
    else:
        why = "which are narrower than that in some direction; lower model.floor, or model.n_components"
    return f"{held} of {n_points} points, {why}"


def _listed(names: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    shown = list(names[:MOST_NAMES])
    if len(names) > MOST_NAMES:
        shown.append(f"{len(names) - MOST_NAMES} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
