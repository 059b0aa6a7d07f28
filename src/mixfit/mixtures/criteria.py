"""What a density's fit is worth after its complexity is paid for; lower is better, in nats of all points together."""

from __future__ import annotations

from math import log
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.density import Density


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


@torch.no_grad()
def criteria(density: Density, points: Tensor, weights: Tensor | None = None) -> Criteria:
    """The criteria on points (N, D); a point of weight w, `weights` being (N,), counts as w points, in N too."""
    n_points = float(len(points)) if weights is None else float(weights.sum())
    log_joint = density.mixture.log_joint(density.standardized(points))
    log_density = log_joint.logsumexp(1)
    log_certainty = log_joint.amax(1) - log_density  # log max_k p(k | x_n); NaN, and no error, where none is known
    log_likelihood = _total(log_density, weights) - n_points * density.standardization.log_volume
    bic = density.n_parameters * log(n_points) - 2 * log_likelihood
    return Criteria(
        bic=bic, aic=2 * density.n_parameters - 2 * log_likelihood, icl=bic - 2 * _total(log_certainty, weights)
    )


def _total(values: Tensor, weights: Tensor | None) -> float:
    return float((values if weights is None else values * weights.to(values)).sum(dtype=torch.float64))
