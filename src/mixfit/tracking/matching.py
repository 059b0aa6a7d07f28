"""Which fitted component is which true one: the order of components means nothing."""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.standardization import Standardization
from mixfit.tracking.pictures.components import Components

FARTHEST = 1e200
"""Squared distances beyond are as good as this one, and sums of it are still numbers."""

MOST_DRAWN = 60
"""Powers of ten, up or down, that pictures can be drawn in."""


def matched(fitted: Density, truth: Density | None) -> list[tuple[int, int | None]]:
    """Pairs (fitted component, true component or None), in the order of the truth, then the components left over.

    The assignment with the least sum of squared distances between means, in units of the true mixture's overall
    covariance (Kuhn's Hungarian method). Without a truth components stand in the order of their first coordinate.
    """
    if truth is None:
        return [(int(k), None) for k in fitted.means[:, 0].argsort()]
    from scipy.optimize import linear_sum_assignment

    distances = torch.cdist(_whitened(fitted.means, truth), _whitened(truth.means, truth)).square()
    distances = distances.nan_to_num(FARTHEST).clamp_max(FARTHEST)
    rows, columns = linear_sum_assignment(distances.numpy())
    pairs = sorted(zip(rows.tolist(), columns.tolist(), strict=True), key=lambda pair: pair[1])
    left = [(k, None) for k in range(len(fitted.means)) if k not in set(rows.tolist())]
    return [*pairs, *left]


def drawable(density: Density, truth: Density | None) -> Components:
    """The mixture as a picture needs it, its components in the order of the true ones."""
    order = [k for k, _ in matched(density, truth)]
    unit = drawing_unit(density.standardization.scale)
    own = in_units(density, unit)
    return Components(
        own.weights[order].numpy(), own.means[order].numpy(), own.covariances[order].numpy(), unit.numpy()
    )


def drawing_unit(scale: Tensor) -> Tensor:
    """What a picture counts each axis in, (D,): the data's own unit, or a power of ten where that has no square."""
    exponent = scale.log10().round()
    return torch.where(exponent.abs() > MOST_DRAWN, 10.0**exponent, 1.0)


def in_units(density: Density, unit: Tensor) -> Density:
    """The density of x / unit."""
    own = density.standardization
    return Density(density.mixture, Standardization(own.shift / unit, own.scale / unit))


def _whitened(means: Tensor, truth: Density) -> Tensor:
    weights = truth.weights[:, None]
    center = (weights * truth.means).sum(0)
    spread = (weights[..., None] * truth.covariances).sum(0) + (truth.means - center).T @ (
        weights * (truth.means - center)
    )
    return torch.linalg.solve_triangular(torch.linalg.cholesky(spread), (means - center).T, upper=False).T
