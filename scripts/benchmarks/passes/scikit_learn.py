"""scikit-learn: `_e_step` and `_m_step` of its mixture, as `fit` calls them; both are private."""

from __future__ import annotations

import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor

from scripts.benchmarks.passes.one_pass import Outcome, Start


class ScikitLearn:
    """A mixture with `reg_covar=0`, put at the start by its attributes."""

    def __init__(self, points: Tensor, start: Start, family: str) -> None:
        self.points, self.start = points.double().numpy(), start
        self.mixture = GaussianMixture(len(start.weights), covariance_type=family, reg_covar=0)
        self.nll = torch.nan

    def reset(self) -> None:  # noqa: D102
        theirs, (weights, means, covariances) = self.mixture, self.start
        factors = torch.linalg.inv(torch.linalg.cholesky(covariances)).mT.contiguous()
        theirs.weights_, theirs.means_ = weights.numpy().copy(), means.numpy().copy()
        theirs.precisions_cholesky_ = (factors if self._is_full else _diagonal(factors)).numpy()

    def run(self) -> None:  # noqa: D102
        log_likelihood, log_responsibilities = self.mixture._e_step(self.points)
        self.mixture._m_step(self.points, log_responsibilities)
        self.nll = -float(log_likelihood)

    def outcome(self) -> Outcome:  # noqa: D102
        theirs = self.mixture
        covariances = torch.from_numpy(theirs.covariances_)
        dense = covariances if self._is_full else torch.diag_embed(covariances)
        return Outcome(self.nll, torch.from_numpy(theirs.weights_), torch.from_numpy(theirs.means_), dense)

    @property
    def _is_full(self) -> bool:
        return bool(self.mixture.covariance_type == "full")


def _diagonal(matrices: Tensor) -> Tensor:
    return matrices.diagonal(dim1=-2, dim2=-1).contiguous()
