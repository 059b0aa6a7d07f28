"""R mixtures of one family over the same points: their components stand side by side, in the same matrix products.

To a pass they are one mixture of R·K components, of which each K share the points among themselves and know nothing of
the others. So many starts cost little more than one where a pass of one is mostly the cost of beginning it, and every
operation that a family has for its components serves those of all mixtures at once. A family whose components share one
covariance has R of them here: to a pass they are a family whose components have each their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.passes.one_pass import Block, by_chunk, statistics, statistics_under
from mixfit.mixtures.passes.rule import plan
from mixfit.mixtures.statistics import Statistics

LEAST_FLOOR = 1e-12
"""Where a fit has no floor its starts have this one: what collapses in one of them does not end the others."""

MOMENTS = ("count", "first", "second", "center")
"""What statistics keep of each component."""


class Restarts:
    """R mixtures; none of them changes.

    Args:
        family: of each, which knows K and D.
        floor: the smallest eigenvalue that any covariance may have; at least `LEAST_FLOOR`.
        components: log π (R, K), μ (R, K, D), and the factors, (R, …) in the shape of the family.
    """

    def __init__(self, family: Covariance, floor: float, components: Components) -> None:
        self.family = family
        self.floor = max(floor, LEAST_FLOOR)
        self.components = components

    @classmethod
    def of(cls, family: Covariance, floor: float, mixtures: Sequence[Components]) -> Restarts:
        """Those of these parameters."""
        log_weights, means, scales = (torch.stack([one[j].detach() for one in mixtures]) for j in range(3))
        return cls(family, floor, Components(log_weights, means, scales))

    @classmethod
    def at_zero(cls, family: Covariance, floor: float, points: Tensor) -> Restarts:
        """One mixture of unit Gaussians at zero, in the type and place of points (N, D): to begin others."""
        scale = family.identity().to(points)[None]
        means = points.new_zeros(1, family.n_components, family.dim)
        return cls(family, floor, Components(means[..., 0], means, scale))

    def __len__(self) -> int:
        return len(self.components.log_weights)

    def __getitem__(self, which: Tensor | slice | list[int]) -> Restarts:
        """Some of them."""
        return Restarts(self.family, self.floor, Components(*(tensor[which] for tensor in self.components)))

    def __add__(self, others: Restarts) -> Restarts:
        """Those and these."""
        pairs = zip(self.components, others.components, strict=True)
        return Restarts(self.family, self.floor, Components(*(torch.cat(pair) for pair in pairs)))

    def with_(self, which: list[int], others: Restarts) -> Restarts:
        """Those with others in the place of some."""
        place = torch.tensor(which, device=self.components.means.device)
        pairs = zip(self.components, others.components, strict=True)
        replaced = Components(*(own.index_copy(0, place, other) for own, other in pairs))
        return Restarts(self.family, self.floor, replaced)

    def to(self, like: Tensor) -> Restarts:
        """Those in the type and place of a tensor."""
        return Restarts(self.family, self.floor, Components(*(tensor.to(like) for tensor in self.components)))

    def one(self, which: int) -> Components:
        """The parameters of one of them, in the family's shapes."""
        return Components(*(tensor[which] for tensor in self.components))

    # Parameters

    @property
    def shares_covariance(self) -> bool:
        """Whether the components of a mixture have one covariance."""
        return self.family.own is not type(self.family)

    @property
    def dense(self) -> Tensor:
        """The covariances as matrices, (R, K, D, D)."""
        return self._each().dense(self._columns.scale).unflatten(0, (len(self), -1))

    @property
    def smallest_variances(self) -> Tensor:
        """The smallest eigenvalue of each covariance, (R, K)."""
        return self._each().smallest_variance(self._columns.scale).unflatten(0, (len(self), -1))

    def unbounded_variances(self, looked: Statistics, least: float) -> Tensor:
        """The smallest eigenvalue of each covariance that what they have seen asks for, (R, K), floor or no floor.

        What is less than `least` comes out as that.
        """
        count, _, second = self._moments(looked)
        each = self._each()
        variances = each.smallest_variance(each.factor(second, count, least))
        return variances.unflatten(0, (len(self), -1))

    def colored(self, vectors: Tensor) -> Tensor:
        """L_k v_k for one vector per component, (R, K, D)."""
        return self._each().color(self._columns.scale, vectors.flatten(0, 1)).view_as(vectors)

    # Looking at points

    @torch.no_grad()
    def statistics(self, points: Tensor, weights: Tensor | None = None, assignment: Assignment = soft) -> Statistics:
        """One pass over points (N, D) for all: moments of R·K components, log-likelihoods (R,)."""
        log_weights = self.components.log_weights
        columns = self._columns
        chosen = plan(self._each(), columns, len(points))
        return statistics(chosen, [Block(points, weights)], assignment, log_weights)

    @torch.no_grad()
    def log_joint(self, points: Tensor) -> Tensor:
        """log π_k + log N(x_n; μ_k, Σ_k) of each, (N, R, K), in nats."""
        chosen = plan(self._each(), self._columns, len(points))
        whole = by_chunk(chosen, Block(points), lambda log_joint: log_joint.plus_common(log_joint.own).T.clone())
        return whole.unflatten(1, (len(self), -1))

    @torch.no_grad()
    def begun(self, points: Tensor, responsibilities: Tensor) -> Restarts:
        """Those whose components hold given shares (R, N, K) of the points, with one covariance for all of a mixture.

        Shares that carry weights are as good as any. A component without points is at the mixture's mean.
        """
        n_restarts, n_points, _ = responsibilities.shape
        zero = Restarts.at_zero(self.family, self.floor, points)[[0] * n_restarts]
        shares = responsibilities.transpose(0, 1).reshape(n_points, -1)
        looked = statistics_under(plan(zero._each(), zero._columns, n_points), points, shares)
        return zero._with_one_covariance(looked)

    # Looking at statistics

    @torch.no_grad()
    def maximized(self, looked: Statistics) -> Restarts:
        """The M-step of each."""
        count, means, second = self._moments(looked)
        if self.shares_covariance:
            return self._at(count, means, self._shared(second, count))
        scale = self._each().factor(second, count, self.floor).unflatten(0, (len(self), -1))
        return self._at(count, means, scale)

    def after(
        self, n_passes: int, points: Tensor, weights: Tensor | None = None, assignment: Assignment = soft
    ) -> Restarts:
        """Those after so many steps of EM."""
        now = self
        for _ in range(n_passes):
            now = now.maximized(now.statistics(points, weights, assignment))
        return now

    def of_one(self, looked: Statistics, which: int) -> Statistics:
        """Of what all have seen, that of one of them: each of its components with a second moment of its own."""
        mine = slice(which * self._n_components, (which + 1) * self._n_components)
        moments = {name: getattr(looked, name)[mine] for name in MOMENTS}
        return replace(looked, log_likelihood=looked.log_likelihood[which], **moments)

    @torch.no_grad()
    def made_of(self, parts: Sequence[Statistics]) -> Restarts:
        """As many mixtures of the same family as there are statistics, each at the maximum under its own."""
        moments = {name: torch.cat([getattr(part, name) for part in parts]) for name in MOMENTS}
        like = Components(*(tensor[:1].expand(len(parts), *tensor.shape[1:]) for tensor in self.components))
        return Restarts(self.family, self.floor, like).maximized(replace(parts[0], **moments))

    # Inside

    @property
    def _n_components(self) -> int:
        return self.family.n_components

    def _each(self) -> Covariance:
        """The family of all components, side by side."""
        return self.family.own(len(self) * self._n_components, self.family.dim)

    @property
    def _columns(self) -> Components:
        """All components, side by side, each with a covariance of its own."""
        log_weights, means, scale = self.components
        if self.shares_covariance:
            scale = scale[:, None].expand(-1, self._n_components, *scale.shape[1:])
        return Components(log_weights.flatten(), means.flatten(0, 1), scale.flatten(0, 1))

    def _moments(self, looked: Statistics) -> tuple[Tensor, Tensor, Tensor]:
        """Counts, means and second moments about them, of R·K components."""
        smallest = torch.finfo(looked.count.dtype).tiny ** 0.5
        count = looked.count.clamp_min(smallest)
        shift = looked.first / count[:, None]
        return count, looked.center + shift, looked.second - self._each().outer(looked.first, shift)

    def _with_one_covariance(self, looked: Statistics) -> Restarts:
        count, means, second = self._moments(looked)
        scale = self._shared(second, count)
        if not self.shares_covariance:
            scale = scale[:, None].expand(-1, self._n_components, *scale.shape[1:])
        return self._at(count, means, scale)

    def _shared(self, second: Tensor, count: Tensor) -> Tensor:
        """The factor of each mixture's average covariance, (R, …)."""
        total, n_points = (moment.unflatten(0, (len(self), -1)).sum(1) for moment in (second, count))
        return self.family.own(len(self), self.family.dim).factor(total, n_points, self.floor)

    def _at(self, count: Tensor, means: Tensor, scale: Tensor) -> Restarts:
        count, means = count.unflatten(0, (len(self), -1)), means.unflatten(0, (len(self), -1))
        log_weights = torch.log(count / count.sum(1, keepdim=True))
        return Restarts(self.family, self.floor, Components(log_weights, means, scale))
