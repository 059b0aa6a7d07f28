"""pomegranate: `summarize` and `from_summaries` of a `GeneralMixtureModel` of `Normal`s, which its `fit` repeats."""

from __future__ import annotations

import torch
from pomegranate.distributions import Normal
from pomegranate.gmm import GeneralMixtureModel
from torch import Tensor

from scripts.benchmarks.passes.one_pass import Outcome, Start


class Pomegranate:
    """A model that is built anew for every pass, before the clock starts; it does not check its data."""

    def __init__(self, points: Tensor, start: Start, family: str) -> None:
        self.points, self.start, self.family = points, start, family
        self.nll = torch.nan

    def reset(self) -> None:  # noqa: D102
        weights, means, covariances = self.start
        if self.family == "diag":
            covariances = covariances.diagonal(dim1=-2, dim2=-1)
        normals = [
            Normal(mean.clone(), covariance.clone(), covariance_type=self.family, check_data=False)
            for mean, covariance in zip(means, covariances, strict=True)
        ]
        self.model = GeneralMixtureModel(normals, priors=weights.clone(), check_data=False)

    def run(self) -> None:  # noqa: D102
        self.nll = -float(self.model.summarize(self.points)) / len(self.points)
        self.model.from_summaries()

    def outcome(self) -> Outcome:  # noqa: D102
        means = torch.stack([normal.means.detach() for normal in self.model.distributions])
        covariances = torch.stack([normal.covs.detach() for normal in self.model.distributions])
        dense = covariances if self.family == "full" else torch.diag_embed(covariances)
        return Outcome(self.nll, self.model.priors.detach(), means, dense)
