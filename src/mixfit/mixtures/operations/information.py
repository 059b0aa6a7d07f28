"""How many nats does a draw carry, and how many are lost by taking another density for the true one?

Neither has a closed form for a mixture, but most of each is known exactly, and only the rest is left to chance.

Entropy: H(x) = Σ_k π_k H(N_k) + H(π) - E[H(k | x)]. The mean is over the entropy of the responsibilities, which lies
between 0 and log K and hardly varies where components lie apart; plain averaging of -log p(x) has the variance D/2.

KL: let every component k of p be matched with the component j(k) of q that has the smallest KL(N_k ‖ M_j) - log ω_j
(Goldberger, Gordon & Greenspan 2003). The mean of Σ_k p(k | x) log[π_k N_k(x) / (ω_j M_j(x))] is known exactly, and
log[p(x) / q(x)] follows it closely, so it serves as the control variate. Its coefficient is estimated from draws of
its own, so the estimate stays unbiased, and lies between 0, plain averaging, and 1.

Neither depends on the origin, so draws are made about one of p's: far from zero they would lose their digits.
"""

from __future__ import annotations

from math import log, pi

import torch
from torch import Generator, Tensor

from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.component_divergence import component_divergences
from mixfit.mixtures.operations.monte_carlo import Estimate, expectation
from mixfit.mixtures.operations.parameters import about, standardized_components

PILOT_SAMPLES = 2_000
"""Draws that choose the coefficient of the control variate and nothing else."""


def entropy(
    density: Density,
    n_samples: int = 10_000,
    generator: Generator | None = None,
    *,
    tolerance: float | None = None,
    max_samples: int = 10_000_000,
) -> Estimate:
    """H = -E[log p(x)] in nats, in the data's units, and its standard error; exact for one component.

    Args:
        density: p.
        n_samples: the draws to begin with.
        generator: where they come from.
        tolerance: the largest standard error, in nats; as many more draws are made as it needs.
        max_samples: the most draws that a tolerance may need.

    Raises:
        ValueError: the tolerance needs more draws than that, or is not positive; or `n_samples` is below 2.
    """
    density = about(density, density.standardization.shift)
    log_weights, _, scale = standardized_components(density)
    covariance = density.mixture.covariance
    of_components = 0.5 * covariance.dim * (1 + log(2 * pi)) + covariance.log_det(scale)
    weights = log_weights.exp()
    known = (weights * of_components).sum() + torch.special.entr(weights).sum() + density.standardization.log_volume

    def of_assignment(n: int) -> Tensor:
        points, _ = density.sample(n, generator)
        return torch.special.entr(density.responsibilities(points)).sum(1)

    rest = expectation(of_assignment, n_samples, tolerance, max_samples)
    return Estimate(float(known) - rest.value, rest.standard_error)


def kl(
    density: Density,
    other: Density,
    n_samples: int = 10_000,
    generator: Generator | None = None,
    *,
    tolerance: float | None = None,
    max_samples: int = 10_000_000,
) -> Estimate:
    """KL(p ‖ q) = E_p[log p(x) - log q(x)] in nats, and its standard error; exactly 0 for a density and itself.

    Between single Gaussians it is exact but for rounding. The other arguments are those of `entropy`.

    Args:
        density: p, which the draws come from.
        other: q, over the same axes and in the same units; of any family and number of components.
        n_samples: the draws to begin with.
        generator: where they come from.
        tolerance: the largest standard error, in nats.
        max_samples: the most draws that a tolerance may need.

    Raises:
        ValueError: the dimensions differ, or as for `entropy`.
    """
    dim, other_dim = density.mixture.covariance.dim, other.mixture.covariance.dim
    if dim != other_dim:
        raise ValueError(f"the densities live in {dim} and {other_dim} dimensions; a divergence needs the same axes")
    if _are_same(density, other):
        return Estimate(0.0, 0.0)
    origin = density.standardization.shift
    pair = _Pair(about(density, origin), about(other, origin), generator)
    coefficient = pair.best_coefficient(PILOT_SAMPLES)

    def controlled(n: int) -> Tensor:
        log_ratio, control = pair.draw(n)
        return log_ratio - coefficient * (control - pair.control_mean)

    return expectation(controlled, n_samples, tolerance, max_samples)


def _are_same(density: Density, other: Density) -> bool:
    """Whether the two have equal parameters, bit by bit."""
    standardizations = density.standardization, other.standardization
    mine, yours = (
        [*standardized_components(p), s.shift, s.scale] for p, s in zip((density, other), standardizations, strict=True)
    )
    is_same_family = type(density.mixture.covariance) is type(other.mixture.covariance)
    return is_same_family and all(torch.equal(a, b) for a, b in zip(mine, yours, strict=True))


class _Pair:
    """p and q with their components matched: draws of log p/q beside a control whose mean is known."""

    def __init__(self, density: Density, other: Density, generator: Generator | None) -> None:
        self.density, self.other, self.generator = density, other, generator
        log_weights, other_log_weights = (standardized_components(p).log_weights for p in (density, other))
        loss, self.match = (component_divergences(density, other) - other_log_weights).min(1)
        weights = log_weights.exp()
        self.control_mean = float((weights * loss).sum() - torch.special.entr(weights).sum())

    def draw(self, n: int) -> tuple[Tensor, Tensor]:
        """log p(x)/q(x) and the control for n draws of p, each (n,)."""
        points, _ = self.density.sample(n, self.generator)
        log_joint, other_log_joint = self.density.log_joint(points), self.other.log_joint(points)
        responsibilities = log_joint.softmax(1)
        gaps = torch.where(responsibilities > 0, log_joint - other_log_joint[:, self.match], 0.0)
        return log_joint.logsumexp(1) - other_log_joint.logsumexp(1), (responsibilities * gaps).sum(1)

    def best_coefficient(self, n: int) -> float:
        """Cov(log ratio, control) / Var(control), between 0 and 1; 0 where the control does not vary."""
        covariance = torch.cov(torch.stack(self.draw(n)))
        shared, variance = float(covariance[0, 1]), float(covariance[1, 1])
        return min(max(shared / variance, 0.0), 1.0) if variance > 0 else 0.0
