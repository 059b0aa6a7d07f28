"""Features for most components, deviations for the few that would lose digits: one tiny one must not slow all down."""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.passes.centred import Centred
from mixfit.mixtures.passes.features import Features
from mixfit.mixtures.passes.formulation import Formulation, LogJoint, Look, Sizes, Sums
from mixfit.mixtures.statistics import Statistics


class Split:
    """Two formulations, each of its own components, of a family whose components have covariances of their own.

    Args:
        family: of the covariances.
        components: the parameters.
        exact: which components features are exact enough for, (K,).
        sizes: of temporaries.
        factor: that features whiten points by.
        dtype: that features are in.
    """

    def __init__(
        self,
        family: Covariance,
        components: Components,
        exact: Tensor,
        sizes: Sizes,
        factor: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.means = components.means
        self.places = exact.nonzero().flatten(), (~exact).nonzero().flatten()
        few, others = (
            (type(family)(len(place), family.dim), Components(*(tensor[place] for tensor in components)))
            for place in self.places
        )
        self.formulations: tuple[Formulation, ...] = Features(*few, sizes, factor, dtype), Centred(*others, sizes)

    @property
    def rows(self) -> int:
        """As many points as suit both."""
        return min(formulation.rows for formulation in self.formulations)

    def look(self, rows: int) -> SplitLook:
        """With sums of zero."""
        return SplitLook(self, rows)

    def statistics(self, sums: Sums, n_points: Tensor, log_likelihood: Tensor) -> Statistics:
        """Those of both, each in its places."""
        cut = 2  # tensors that features add up
        parts = [
            formulation.statistics(Sums(tensors), n_points, log_likelihood)
            for formulation, tensors in zip(self.formulations, (sums.tensors[:cut], sums.tensors[cut:]), strict=True)
        ]
        count, first, second = (
            self._placed([getattr(part, name) for part in parts]) for name in ("count", "first", "second")
        )
        return Statistics(n_points, log_likelihood, count, first, second, self.means)

    def _placed(self, parts: list[Tensor]) -> Tensor:
        together = torch.cat(parts)
        return torch.empty_like(together).index_copy_(0, torch.cat(self.places), together)


class SplitLook:
    """One thread's; see `formulation.Look`."""

    def __init__(self, split: Split, rows: int) -> None:
        self.places = split.places
        self.looks: tuple[Look, ...] = tuple(formulation.look(rows) for formulation in split.formulations)
        self.scores = split.means.new_empty(len(split.means), rows)

    def log_joint(self, points: Tensor) -> LogJoint:
        """Each row from its own formulation; components with covariances of their own have nothing in common."""
        scores = self.scores[:, : len(points)]
        for place, look in zip(self.places, self.looks, strict=True):
            scores[place] = look.log_joint(points).own.to(scores.dtype)
        return LogJoint(scores)

    def add(self, responsibilities: Tensor) -> None:
        """To each its own."""
        for place, look in zip(self.places, self.looks, strict=True):
            look.add(responsibilities[place])

    def take(self) -> Sums:
        """One after the other."""
        return Sums(tuple(tensor for look in self.looks for tensor in look.take().tensors))
