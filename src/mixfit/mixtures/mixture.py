"""p(x) = Σ_k π_k N(x; μ_k, Σ_k) in whatever coordinates its points come in.

Two things happen to a mixture: a pass of `statistics` over points, and a change of its parameters that looks only at
those statistics. `maximize_` makes the change in closed form (the M-step). `nll` hands it to any torch optimizer: its
value is the exact negative log-likelihood, and its graph is only the expected log-likelihood Q on K-sized tensors, for
by Fisher's identity (∇θ log p(x) = ∇θ Q(θ; statistics at θ)) both have the same gradient. So a gradient step costs
what an EM step costs, and nothing of the size of the data waits for a backward pass.

The parameters are offsets from an origin, in units of the Fisher information there: a mean moves by L_k/√π_k, a factor
L_k by L_k/√(2π_k) along its diagonal, a logit by 1/√π_k. By Xu & Jordan (1996) EM is gradient ascent preconditioned by
exactly these quantities, so from the origin a plain gradient step of rate one has EM's length, and one learning rate
fits every component of every size in every dimension. Whatever sets parameters outright (an initialiser, an M-step)
also moves the origin there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from math import log, pi, sqrt

import torch
from torch import Tensor, nn

from mixfit.mixtures.assignments import Assignment, log_sum, soft
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.covariances.cholesky import is_on_floor
from mixfit.mixtures.passes.chunks import threads_for_passes_alone
from mixfit.mixtures.passes.formulation import LogJoint, wide
from mixfit.mixtures.passes.one_pass import Block, Into, by_chunk, statistics, statistics_under, unchanged
from mixfit.mixtures.passes.rule import Plan, plan
from mixfit.mixtures.statistics import Statistics

__all__ = ["Components", "Mixture"]

SMALL_STEP = 1e-3
"""Of an offset, to see where the floor lies: small against one, and large against rounding."""

UNLIKELY = 14.0
"""-log of the chance, 1e-6, that any of N points of a Gaussian lies so far out as what counts as isolated."""


class Mixture(nn.Module):
    """K Gaussian components of one covariance family in D dimensions; starts as K equal unit Gaussians at zero.

    Args:
        covariance: the family, which knows K and D.
        floor: the smallest eigenvalue that any covariance may have, in the coordinates of the points.
    """

    def __init__(self, covariance: Covariance, floor: float = 0.0) -> None:
        super().__init__()
        self.covariance = covariance
        self.floor = floor
        n_components, dim = covariance.n_components, covariance.dim
        self.register_buffer("logit_origin", torch.zeros(n_components))
        self.register_buffer("mean_origin", torch.zeros(n_components, dim))
        self.register_buffer("scale_origin", covariance.identity())
        self.register_buffer("unit", torch.full((n_components,), float(n_components) ** 0.5))
        self.logit_offset = nn.Parameter(torch.zeros(n_components))
        self.mean_offset = nn.Parameter(torch.zeros(n_components, dim))
        self.scale_offset = nn.Parameter(torch.zeros_like(covariance.identity()))

    logit_origin: Tensor
    mean_origin: Tensor
    scale_origin: Tensor
    unit: Tensor  # 1/√π_k at the origin, (K,), bounded for components that hold next to nothing

    # Parameters

    @property
    def components(self) -> Components:
        """log π (K,), μ (K, D) and the factors L (the family's shape): differentiable in the offsets."""
        step = self.covariance.color(self.scale_origin, self.mean_offset)
        return Components(
            torch.log_softmax(self.logit_origin + self.unit * self.logit_offset, 0),
            self.mean_origin + self.unit[:, None] * step,
            self.covariance.moved(self.scale_origin, self.scale_offset, self.unit),
        )

    @property
    def n_parameters(self) -> int:
        """Free parameters: K - 1 weights, K·D means and the family's own."""
        n_components, dim = self.mean_origin.shape
        return n_components - 1 + n_components * dim + self.covariance.n_parameters

    @property
    def on_floor(self) -> Tensor:
        """Which components have the smallest variance that the floor allows, (K,): their likelihood measures it."""
        variances = self.covariance.smallest_variance(self.components.scale.detach())
        return is_on_floor(variances, self.floor)

    @property
    def n_on_floor(self) -> int:
        """How many these are."""
        return int(self.on_floor.sum())

    @property
    def is_flat(self) -> bool:
        """Whether the average covariance Σ_k π_k Σ_k is on the floor, or nearly: then the data as a whole are flat."""
        log_weights, _, scale = (tensor.detach() for tensor in self.components)
        average = torch.tensordot(log_weights.exp(), self.covariance.dense(scale), 1)
        return float(torch.linalg.eigvalsh(average).min()) <= 2 * self.floor

    @torch.no_grad()
    def set_(self, log_weights: Tensor, means: Tensor, scale: Tensor) -> None:
        """Puts the mixture, and its origin, at the given parameters."""
        self.logit_origin.copy_(log_weights)
        self.mean_origin.copy_(means)
        self.scale_origin.copy_(scale)
        self.unit.copy_(torch.softmax(log_weights, 0).clamp_min(1e-4).rsqrt())
        for offset in self.parameters():
            offset.zero_()

    @torch.no_grad()
    def bound_(self) -> None:
        """Puts every eigenvalue of every covariance that sank below the floor back onto it."""
        scale = self.components.scale
        bounded = self.covariance.bounded(scale, self.floor)
        if bounded is not scale:
            self.scale_offset.copy_(self.covariance.offset_of(bounded, self.scale_origin, self.unit))

    @torch.no_grad()
    def along_floor(self, gradient: Tensor) -> Tensor:
        """The gradient by `scale_offset` without what `bound_` would undo of a small step against it.

        A line search along what has no effect finds no descent (projected gradients: Bertsekas 1976).
        """
        step = SMALL_STEP / gradient.abs().max().clamp_min(SMALL_STEP)
        scale = self.covariance.moved(self.scale_origin, self.scale_offset - step * gradient, self.unit)
        bounded = self.covariance.bounded(scale, self.floor)
        if bounded is scale:
            return gradient
        return (self.scale_offset - self.covariance.offset_of(bounded, self.scale_origin, self.unit)) / step

    # Looking at points

    def log_joint(self, points: Tensor, into: Into = unchanged) -> Tensor:
        """log π_k + log N(x_n; μ_k, Σ_k), (N, K), in nats; log-sum-exp of it is the log-density.

        `into` takes some of the points at a time to the mixture's coordinates, dtype and device, where they are not.

        In float64 wherever there is such a thing: far points need its digits to be shared among components. But -inf
        where the mixture's own dtype has no number so low, for such points may have been beyond it too.
        """
        own = self.mean_origin

        def whole(log_joint: LogJoint) -> Tensor:
            found = log_joint.plus_common(log_joint.own.to(wide(own.device), copy=True))
            return found.masked_fill(found.to(own.dtype) == -torch.inf, -torch.inf).T

        return self._by_chunk(Block(points, into=into), whole)

    def log_density(self, points: Tensor, into: Into = unchanged) -> Tensor:
        """log p(x_n), (N,), in nats; `into` as in `log_joint`."""
        dtype = self.mean_origin.dtype
        return self._by_chunk(
            Block(points, into=into), lambda log_joint: log_joint.plus_common(log_sum(log_joint.own)).to(dtype)
        )

    @torch.no_grad()
    def certainty(self, points: Tensor, into: Into = unchanged) -> Tensor:
        """log p(x_n) and log max_k p(k | x_n), (N, 2), in nats; `into` as in `log_joint`.

        The latter is NaN, and no error, where no density is known.
        """

        def both(log_joint: LogJoint) -> Tensor:
            own = log_joint.own.to(wide(log_joint.own.device))
            log_density = log_sum(own)
            nowhere = log_joint.plus_common(log_density).to(self.mean_origin.dtype) == -torch.inf
            certainty = (own.amax(0) - log_density).masked_fill(nowhere, torch.nan)
            return torch.stack([log_joint.plus_common(log_density), certainty], 1)

        return self._by_chunk(Block(points, into=into), both)

    def responsibilities(self, points: Tensor, assignment: Assignment = soft, into: Into = unchanged) -> Tensor:
        """p(k | x_n), (N, K); or another sharing of the points among the components. NaN where no density is known.

        `into` as in `log_joint`.
        """
        log_weights, dtype = self.components.log_weights, self.mean_origin.dtype

        def shares(log_joint: LogJoint) -> Tensor:
            nowhere = log_joint.plus_common(log_joint.own.amax(0)).to(dtype) == -torch.inf
            return assignment(log_joint.own, log_weights).to(dtype).masked_fill(nowhere, torch.nan).T

        return self._by_chunk(Block(points, into=into), shares)

    @torch.no_grad()
    def squared_distances(self, points: Tensor) -> Tensor:
        """(x_n - μ_k)ᵀ Σ_k⁻¹ (x_n - μ_k), (N, K): the squares of Mahalanobis' distances."""
        _, means, scale = self.components
        whitened = self.covariance.whiten(scale, points - means[:, None])
        return torch.linalg.vecdot(whitened, whitened).T

    @torch.no_grad()
    def isolated(self, few: Tensor, n_points: float) -> Tensor:
        """Whether a component's mean is farther from all that are not `few` (K,) than a point of theirs could be, (K,).

        For χ² of D degrees, P(χ² ≥ D + 2√(D t) + 2t) ≤ exp(-t) (Laurent & Massart 2000).
        """
        dim, t = self.covariance.dim, UNLIKELY + log(max(n_points, 1.0))
        squared = self.squared_distances(self.components.means)
        squared[:, few] = torch.inf
        return (squared.amin(1) > dim + 2 * sqrt(dim * t) + 2 * t) & ~few.all()

    @torch.no_grad()
    def statistics(
        self,
        points: Tensor,
        assignment: Assignment = soft,
        components: Components | None = None,
        weights: Tensor | None = None,
    ) -> Statistics:
        """One pass over points (N, D): the sufficient statistics about the current means, and the log-likelihood.

        A point of weight w (weights are (N,), not negative) counts as if it were there w times. Works in chunks that
        stay in cache; costs O(N K D²) for triangular factors and O(N K D) for the others.
        """
        return self.statistics_of([Block(points, weights)], assignment, components)

    @torch.no_grad()
    @threads_for_passes_alone()
    def statistics_of(
        self, blocks: Iterable[Block], assignment: Assignment = soft, components: Components | None = None
    ) -> Statistics:
        """The same of points that come in blocks, of which few need to be there at a time.

        There must be a block, though it may be empty. If there are several, each is made while others are looked at.
        """
        components = Components(*(tensor.detach() for tensor in components or self.components))
        rest = iter(blocks)
        first = next(rest)  # of several blocks each is large
        chosen = self._pass_over(first.points, components)
        return statistics(chosen, chain([first], rest), assignment, components.log_weights)

    @torch.no_grad()
    def statistics_under(self, responsibilities: Tensor, points: Tensor) -> Statistics:
        """The same sums under given responsibilities (N, K), which know nothing of a likelihood (its entry is 0).

        Responsibilities that carry weights, w_n r_nk, are as good as any.
        """
        return statistics_under(self._pass_over(points, self.components), points, responsibilities)

    @torch.no_grad()
    def expected_statistics(self) -> Statistics:
        """What a single point drawn from this mixture adds on average; `maximize_` of it changes nothing.

        The parameters of a mixture say the same as its expected statistics, so that they can stand for points that
        were seen and are gone: count π_k, first moment zero about μ_k, second moment π_k Σ_k; no log-likelihood.
        """
        log_weights, means, scale = self.components
        n_components, dim = means.shape
        axes = torch.eye(dim, dtype=means.dtype, device=means.device).expand(n_components, dim, dim)
        count = log_weights.exp()
        second = self.covariance.scatter(scale, count[:, None].expand(-1, dim).contiguous(), axes)
        nothing = torch.zeros((), dtype=wide(means.device), device=means.device)
        return Statistics(nothing + 1, nothing, count, torch.zeros_like(means), second, means)

    # Looking at statistics

    def expected_log_likelihood(self, statistics: Statistics, components: Components | None = None) -> Tensor:
        """Q(θ; statistics) = Σ_k count_k log π_k + Σ_nk r_nk log N(x_n; μ_k, Σ_k), (), in nats, differentiable."""
        log_weights, means, scale = components or self.components
        shift = means - statistics.center
        outer = self.covariance.outer
        crossed = outer(statistics.first, shift) + outer(shift, statistics.first)
        second = statistics.second - crossed + outer(statistics.count[:, None] * shift, shift)
        log_mass = log_weights - self._log_normalizer(scale)
        return (statistics.count * log_mass).sum() - 0.5 * self.covariance.mahalanobis(scale, second)

    def nll(self, statistics: Statistics, components: Components | None = None) -> Tensor:
        """Negative log-likelihood per point, (), in nats; `statistics` must be those of the current parameters.

        The value is that of the pass; the gradient is that of -Q/N, which Fisher's identity says is the same.
        """
        expected = self.expected_log_likelihood(statistics, components)
        surrogate = -expected / statistics.n_points.to(expected.dtype)
        return surrogate + (statistics.nll - surrogate.detach()).to(surrogate.dtype)

    @torch.no_grad()
    def maximize_(self, statistics: Statistics) -> None:
        """The M-step: the parameters with the highest expected log-likelihood whose variances respect the floor.

        A component that holds nothing keeps its mean, a vanishing weight and the floor's covariance.
        """
        smallest = torch.finfo(statistics.count.dtype).tiny ** 0.5
        count = statistics.count.clamp_min(smallest)
        shift = statistics.first / count[:, None]
        means = statistics.center + shift
        second = statistics.second - self.covariance.outer(statistics.first, shift)
        scale = self.covariance.factor(second, count, self.floor)
        self.set_(torch.log(count / count.sum()), means, scale)

    @torch.no_grad()
    def em_gain(self, statistics: Statistics) -> float:
        """What the M-step would gain in expected log-likelihood, in nats per point: EM gains at least as much.

        It is zero, but for rounding, at a stationary point of the likelihood alone, so it tells how far away one is.
        """
        other = deepcopy(self)
        other.maximize_(statistics)
        gain = other.expected_log_likelihood(statistics) - self.expected_log_likelihood(statistics)
        return float(gain / statistics.n_points)

    @torch.no_grad()
    def reseed_(self, chosen: Tensor, means: Tensor) -> None:
        """Begins the chosen components anew at `means` (n, D): the average covariance, and half an average weight."""
        log_weights, all_means, scale = self.components
        weights = log_weights.exp()
        weights[chosen] = 0.5 / len(weights)
        all_means[chosen] = means.to(all_means)
        covariances = self.covariance.dense(scale).clone()
        covariances[chosen] = (log_weights.exp()[:, None, None] * covariances).sum(0)
        self.set_(torch.log(weights / weights.sum()), all_means, self.covariance.scale_of(covariances))

    # Inside

    def _pass_over(self, points: Tensor, components: Components) -> Plan:
        return plan(self.covariance, components, len(points))

    def _by_chunk(self, block: Block, function: Callable[[LogJoint], Tensor]) -> Tensor:
        return by_chunk(self._pass_over(block.points, self.components), block, function)

    def _log_normalizer(self, scale: Tensor) -> Tensor:
        return self.covariance.log_det(scale) + 0.5 * self.covariance.dim * log(2 * pi)
