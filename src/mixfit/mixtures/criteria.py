"""What a density's fit is worth after its complexity is paid for; lower is better, in nats of all points together."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, log
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.moments import slices
from mixfit.mixtures.passes.chunks import threads_for_passes_alone


class Criteria(NamedTuple):
    """Of p free parameters and N points with the log-likelihood log L.

    Attributes:
        bic: -2 log L + p log N (Schwarz 1978).
        aic: -2 log L + 2p (Akaike 1974).
        icl: bic - 2 Σ_n log max_k p(k | x_n) (Biernacki, Celeux & Govaert 2000): doubt about the assignment costs too.
    """

    bic: float
    aic: float
    icl: float


def criteria(density: Density, points: Tensor, weights: Tensor | None = None) -> Criteria:
    """The criteria on points (N, D); a point of weight w, `weights` being (N,), counts as w points, in N too."""
    blocks = ((points[rows], None if weights is None else weights[rows]) for rows in slices(points))
    return criteria_of(density, blocks)


@torch.no_grad()
def criteria_of(density: Density, blocks: Iterable[tuple[Tensor, Tensor | None]]) -> Criteria:
    """The criteria on points that pass by, as blocks of points (n, D) and weights (n,), or None for once."""
    with threads_for_passes_alone():
        sums = [_sums(density, *block) for block in blocks]
    n_points, log_likelihood, log_certainty = map(fsum, zip(*sums, strict=True))
    log_likelihood -= n_points * density.standardization.log_volume
    bic = density.n_parameters * log(n_points) - 2 * log_likelihood
    return Criteria(bic=bic, aic=2 * density.n_parameters - 2 * log_likelihood, icl=bic - 2 * log_certainty)


def _sums(density: Density, points: Tensor, weights: Tensor | None) -> tuple[float, float, float]:
    """How many points there are, and the sums of log p(x_n) inside and of log max_k p(k | x_n)."""
    log_density, log_certainty = density.mixture.certainty(points, density.standardized).T
    n_points = float(len(points)) if weights is None else float(weights.sum())
    return n_points, _total(log_density, weights), _total(log_certainty, weights)


def _total(values: Tensor, weights: Tensor | None) -> float:
    return float((values if weights is None else values * weights.to(values)).sum(dtype=torch.float64))
