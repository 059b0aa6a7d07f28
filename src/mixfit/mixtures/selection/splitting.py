"""From K components to K + 1: each of them in two, in turn, and one of them twice.

The halves of a Gaussian that is cut through its middle lie √(2/π) standard deviations away from it. What has one
component twice has the density of what it came from, so the best of all of these, settled by EM, is never less likely
than the mixture of K components.
"""

from __future__ import annotations

from math import log

import torch
from torch import Tensor

from mixfit.mixtures.components import Components
from mixfit.mixtures.merging import HALF_APART
from mixfit.mixtures.restarts import Restarts


@torch.no_grad()
def splits(one: Restarts) -> Restarts:
    """K + 1 mixtures of K + 1 components, from a single one of K: those with a half twice, and the heaviest twice."""
    variances, axes = torch.linalg.eigh(one.dense)
    longest = axes[0, :, :, -1] * variances[0, :, -1:].sqrt()
    heaviest = int(one.components.log_weights[0].argmax())
    return _split(one, HALF_APART * longest) + _split(one, torch.zeros_like(longest))[[heaviest]]


def _split(one: Restarts, steps: Tensor) -> Restarts:
    """K mixtures: the k-th has component k twice, with half its weight, a step (K, D) to either side."""
    log_weights, means, scale = one.components
    n_components, dim = means.shape[1:]
    which = torch.eye(n_components, dtype=means.dtype, device=means.device)
    halved = log_weights - log(2)
    apart = which[..., None] * steps
    family = type(one.family)(n_components + 1, dim)
    every = scale.expand(n_components, *scale.shape[1:])
    return Restarts(
        family,
        one.floor,
        Components(
            torch.cat([log_weights - log(2) * which, halved.T], 1),
            torch.cat([means + apart, (means[0] - steps)[:, None]], 1),
            every if one.shares_covariance else torch.cat([every, scale[0][:, None]], 1),
        ),
    )
