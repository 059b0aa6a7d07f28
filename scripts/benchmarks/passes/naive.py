"""The pass that one writes down first: torch's `MixtureSameFamily` for the E-step, a loop over components after it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Categorical, Distribution, Independent, MixtureSameFamily, MultivariateNormal, Normal

from scripts.benchmarks.passes.one_pass import Outcome, Start


class Naive:
    """Parameters are plain tensors; the distribution holds N·K·D numbers at a time, and more than once."""

    def __init__(self, points: Tensor, start: Start, family: str) -> None:
        self.points, self.start, self.family = points, start, family

    def reset(self) -> None:  # noqa: D102
        self.parameters = self.start
        self.nll = torch.nan

    def run(self) -> None:  # noqa: D102
        weights, means, covariances = self.parameters
        mixture = MixtureSameFamily(Categorical(weights, validate_args=False), self._components(means, covariances))
        log_joint = mixture.component_distribution.log_prob(self.points[:, None]) + weights.log()
        log_density = torch.logsumexp(log_joint, 1, keepdim=True)
        self.nll = -float(log_density.mean())
        self.parameters = self._maximum((log_joint - log_density).exp())

    def outcome(self) -> Outcome:  # noqa: D102
        return Outcome(self.nll, *self.parameters)

    def _components(self, means: Tensor, covariances: Tensor) -> Distribution:
        if self.family == "full":
            return MultivariateNormal(means, covariances, validate_args=False)
        deviations = covariances.diagonal(dim1=-2, dim2=-1).sqrt()
        return Independent(Normal(means, deviations, validate_args=False), 1, validate_args=False)

    def _maximum(self, responsibilities: Tensor) -> Start:
        count = responsibilities.sum(0)
        means = responsibilities.T @ self.points / count[:, None]
        return Start(count / count.sum(), means, self._covariances(responsibilities / count, means))

    def _covariances(self, shares: Tensor, means: Tensor) -> Tensor:
        if self.family == "diag":
            return torch.diag_embed(
                torch.stack([s @ (self.points - m) ** 2 for s, m in zip(shares.T, means, strict=True)])
            )
        deviations = (self.points - mean for mean in means)
        return torch.stack([(s[:, None] * d).T @ d for s, d in zip(shares.T, deviations, strict=True)])
