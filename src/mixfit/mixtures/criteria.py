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
    deviance = 2 * n_points * density.nll(points, weights)
    bic = deviance + density.n_parameters * log(n_points)
    shares = density.mixture.responsibilities(density.standardized(points))  # NaN, and no error, where none are known
    log_certainty = shares.amax(1).log()
    doubt = -float((log_certainty if weights is None else log_certainty * weights.to(log_certainty)).sum())
    return Criteria(bic=bic, aic=deviance + 2 * density.n_parameters, icl=bic + 2 * doubt)
