"""Twice as many components, and then the cheapest of them put together until there are K again.

A bad optimum has two components where one would do, and one where two are needed, somewhere else; to find both places
by trying takes K³ trials (Ueda, Nakano, Ghahramani & Hinton 2000). Twice as many components find them together: with
enough of them EM comes to the true groups from almost anywhere (Zhou, Xu, Fazel & Du 2025), and those that are too many
share a group with another and cost next to nothing to put together. One turn costs about three times as many passes as
it takes EM to settle, and mends any number of such places at once.
"""

from __future__ import annotations

from math import log

import torch
from torch import Tensor

from mixfit.mixtures.components import Components
from mixfit.mixtures.merging import HALF_APART, merged
from mixfit.mixtures.moves.move import Points
from mixfit.mixtures.restarts import Restarts

LEAST_PASSES, MOST_PASSES = 10, 20
"""Of EM, with twice as many components, before they are put together: where a pass is dear, and where it is not."""


@torch.no_grad()
def double_and_merge(restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
    """Every component in two, along its longest axis at first and along any direction later; then K that remain."""
    n_passes = points.affordable(restarts.family, LEAST_PASSES, MOST_PASSES)
    doubled = points.after(split(restarts, turn, generator), n_passes)
    looked = points.seen_by(doubled)
    family = restarts.family
    parts = [
        merged(doubled.of_one(looked, which), family, family.n_components, restarts.floor)
        for which in range(len(doubled))
    ]
    return restarts.made_of(parts)


def split(restarts: Restarts, turn: int, generator: torch.Generator) -> Restarts:
    """R mixtures of 2K components: the two halves of each component, with its covariance."""
    log_weights, means, scale = restarts.components
    step = HALF_APART * (_longest_axes(restarts) if turn == 0 else _directions(restarts, generator))
    family = type(restarts.family)(2 * restarts.family.n_components, restarts.family.dim)
    twice = scale if restarts.shares_covariance else torch.cat([scale, scale], 1)
    halves = torch.cat([log_weights, log_weights], 1) - log(2)
    return Restarts(family, restarts.floor, Components(halves, torch.cat([means + step, means - step], 1), twice))


def _longest_axes(restarts: Restarts) -> Tensor:
    """The eigenvector of each covariance's largest eigenvalue, as long as its root, (R, K, D)."""
    variances, axes = torch.linalg.eigh(restarts.dense)
    return axes[..., -1] * variances[..., -1:].sqrt()


def _directions(restarts: Restarts, generator: torch.Generator) -> Tensor:
    """L v for a random direction v of each component, (R, K, D)."""
    means = restarts.components.means
    normal = torch.randn(means.shape, generator=generator, dtype=torch.float64).to(means)
    return restarts.colored(normal / normal.norm(dim=-1, keepdim=True))
