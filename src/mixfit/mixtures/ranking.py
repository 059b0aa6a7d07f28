"""Which of several mixtures of the same points is best? The likelihood alone would choose the one with a spike.

A component that closes in on a few points can have any likelihood at all, until the floor stops it, and says nothing of
where other points will be. So mixtures with fewer such components come first, and then those with the higher
likelihood. A spike is a component that holds fewer points than D + 2 (on the line 2.5), which nearly lie in a plane by
chance; or one that holds few points and is much narrower in some direction than the average component there, or on the
floor; or one that is flat in some direction, for there its points have one value.

Not counted are those that lie far from all others, for the data put them there, as a code for missing values does.
Where all components share one covariance the likelihood has a bound, and there are no spikes; but if values repeat the
bound may be the floor's (`measure_floor`). Where there are too few points for K components to hold enough of them each
(`can_avoid_spikes`), the likelihood alone decides.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.covariances.cholesky import bounded_factor, is_on_floor
from mixfit.mixtures.mixture import UNLIKELY
from mixfit.mixtures.restarts import Restarts
from mixfit.mixtures.statistics import Statistics

NARROW = 1e-3
"""Of the smallest variance of the average covariance in any direction."""

FLAT, ROUNDING = 1e-2, 50
"""Of the floor, and of the smallest rounding error of a variance: what is narrower than both is flat because values
repeat.

Many points that are only nearly in a plane make a component that is thin, which the data do have.
"""

FEW, FEW_OF = 8, 1000
"""Times D + 2, of so many points: what holds fewer has to be as wide as this says.

Of more points more lie close together by chance, in proportion to the logarithm of their number: that is what the best
of so many places gains in likelihood by a component that means nothing.
"""


Closer = Callable[[Restarts], tuple[Restarts, Statistics]]
"""Gives mixtures in float64, and what they see of all points."""


class Rank(NamedTuple):
    """Lower is better: how many components are spikes, then the NLL; or what k-means lowers, the variance within."""

    n_spikes: int
    objective: float


@torch.no_grad()
def ranks(
    restarts: Restarts,
    looked: Statistics,
    assignment: Assignment = soft,
    unit: float = 1.0,
    closer: Closer | None = None,
) -> list[Rank]:
    """The rank of each of R mixtures, given what they saw of all points; for `unit` and `closer` see `spikes`."""
    return ranks_with(spikes(restarts, looked, unit, closer), restarts, looked, assignment)


@torch.no_grad()
def ranks_with(spiked: Tensor, restarts: Restarts, looked: Statistics, assignment: Assignment = soft) -> list[Rank]:
    """The same where it is known which components are spikes, (R, K)."""
    objectives = looked.nll if assignment is soft else restarts.smallest_variances.sum(1)
    return [Rank(int(n), float(objective)) for n, objective in zip(spiked.sum(1), objectives, strict=True)]


@torch.no_grad()
def spikes(
    restarts: Restarts,
    looked: Statistics,
    unit: float = 1.0,
    closer: Closer | None = None,
    tied: Tensor | None = None,
) -> Tensor:
    """Which components are spikes, (R, K).

    Args:
        restarts: R mixtures.
        looked: what they saw of all points.
        unit: the weight of what counts as one point.
        closer: looks again, in float64, where a component is so thin that float32 cannot tell whether it is flat;
            without, it is not.
        tied: whether most that a component holds has one value, (R, K): it is flat, though not all that it holds is.
    """
    count = (looked.count / unit).view(restarts.components.log_weights.shape)
    dim, n_points, least = restarts.family.dim, float(looked.n_points) / unit, needed(restarts.family)
    if restarts.shares_covariance or not can_avoid_spikes(restarts.family, n_points):
        return torch.zeros_like(count, dtype=torch.bool)
    variances = restarts.smallest_variances
    narrow = _narrowest(restarts) < NARROW
    if dim == 1:
        narrow |= variances < 0.4 * NARROW * _total(restarts)[..., 0]
    on_floor = is_on_floor(variances, restarts.floor)
    few = count < FEW * least * max(1.0, log(max(n_points, 1.0)) / log(FEW_OF))
    found = (count < least) | ((narrow | on_floor) & few)
    thin = on_floor & ~few
    if bool(thin.any()):
        found |= thin & _flat(restarts, looked, closer)
        if tied is not None:
            found |= thin & tied
    return found & ~_isolated(restarts, found, n_points) if bool(found.any()) else found


@torch.no_grad()
def measure_floor(restarts: Restarts) -> Tensor:
    """Which mixtures of one covariance have it on the floor where they are not flat as a whole, (R,).

    They tell values apart that repeat, and the more exactly, the lower the floor: their likelihood is no evidence.
    """
    if not restarts.shares_covariance:
        return torch.zeros(len(restarts), dtype=torch.bool)
    on_floor = is_on_floor(restarts.smallest_variances, restarts.floor).all(1)
    is_flat = torch.linalg.eigvalsh(_total(restarts))[:, 0] <= 2 * restarts.floor
    return on_floor & ~is_flat


def can_avoid_spikes(family: Covariance, n_points: float) -> bool:
    """Whether all components can hold enough of so many points; those that share a covariance need not."""
    return family.own is not type(family) or n_points >= needed(family) * family.n_components


def needed(family: Covariance) -> float:
    """Fewer points nearly lie in a plane by chance."""
    return family.dim + 2 if family.dim > 1 else 2.5


def _flat(restarts: Restarts, looked: Statistics, closer: Closer | None) -> Tensor:
    """Which components would have no width at all in some direction without a floor, (R, K).

    What is left of one that has none are the squares of the points' own rounding errors, and those of second moments.
    """
    device, own = looked.second.device, torch.finfo(looked.second.dtype).eps
    if looked.second.dtype is not torch.float64:
        if closer is None:
            return torch.zeros(len(restarts), restarts.family.n_components, dtype=torch.bool, device=device)
        restarts, looked = closer(restarts)
    least = min(FLAT * restarts.floor, ROUNDING * max(torch.finfo(torch.float64).eps, own**2))
    return (restarts.unbounded_variances(looked, least / 10) <= least).to(device)


def _narrowest(restarts: Restarts) -> Tensor:
    """The least that vᵀ Σ_k v is of vᵀ W v in any direction v, W = Σ_k π_k Σ_k, (R, K): the same in any coordinates."""
    dense = restarts.dense
    within = torch.einsum("rk,rkij->rij", restarts.components.log_weights.exp(), dense)
    factor = bounded_factor(within, restarts.floor)[:, None]
    half = torch.linalg.solve_triangular(factor, dense, upper=False)
    return torch.linalg.eigvalsh(torch.linalg.solve_triangular(factor, half.mT, upper=False))[..., 0]


def _total(restarts: Restarts) -> Tensor:
    """The covariance of each mixture as a whole, (R, D, D)."""
    log_weights, means, _ = restarts.components
    weights = log_weights.exp()
    deviations = means - torch.einsum("rk,rki->ri", weights, means)[:, None]
    between = torch.einsum("rk,rki,rkj->rij", weights, deviations, deviations)
    return torch.einsum("rk,rkij->rij", weights, restarts.dense) + between


def _isolated(restarts: Restarts, few: Tensor, n_points: float) -> Tensor:
    """Whether a component lies farther from all that are not `few` than a point of theirs could, (R, K).

    Of the average covariance of those that are not; for the bound see `Mixture.isolated`.
    """
    dim, t = restarts.family.dim, UNLIKELY + log(max(n_points, 1.0))
    log_weights, means, _ = restarts.components
    weights = log_weights.exp().masked_fill(few, 0)
    average = torch.einsum("rk,rkij->rij", weights / weights.sum(1, keepdim=True).clamp_min(1e-300), restarts.dense)
    factor = bounded_factor(average, restarts.floor)
    between = (means[:, :, None] - means[:, None]).flatten(1, 2)  # from each other, which may be one of the few
    whitened = torch.linalg.solve_triangular(factor, between.mT, upper=False)
    squared = whitened.square().sum(1).view(*few.shape, -1).masked_fill(few[:, None], torch.inf)
    return (squared.amin(2) > 100 * (dim + 2 * sqrt(dim * t) + 2 * t)) & ~few.all(1, keepdim=True)
