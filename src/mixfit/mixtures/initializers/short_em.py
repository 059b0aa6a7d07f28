"""The likeliest of several short runs of EM from random points ("em-EM": Biernacki, Celeux & Govaert 2003).

All runs take each step at once, side by side. They fit axis-aligned components whatever family is fitted afterwards: an
initializer is not told which, they cost O(N K D) a step, and along the standardized axes they are near to every family.
Their floor is a coarse one, a tenth of the data's standard deviation: under a fine one the likeliest of many short runs
would be one that found two points close together.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.covariances import Diag
from mixfit.mixtures.initializers.random_points import random_points
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.restarts import Restarts

N_RUNS, N_STEPS = 8, 5
"""How many runs a draw compares, and after how many steps of EM."""

FLOOR = 0.01
"""The smallest variance of a component along any axis; the points' own is about one."""


def short_em(points: Tensor, weights: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
    """Responsibilities (N, K), soft, under the mixture of the run that ends with the greatest Σ_n w_n log p(x_n).

    O(N K D) a step and run.
    """
    family = Diag(n_components, points.shape[1])
    mixture = Mixture(family, FLOOR).to(points)
    drawn = torch.stack([random_points(points, weights, n_components, generator) for _ in range(N_RUNS)])
    runs = Restarts.of(family, FLOOR, [mixture.components]).begun(points, drawn * weights[:, None])
    runs = runs.after(N_STEPS, points, weights)
    best = runs.statistics(points, weights).log_likelihood.argmax()
    mixture.set_(*runs.one(int(best)))
    return mixture.responsibilities(points).detach()
