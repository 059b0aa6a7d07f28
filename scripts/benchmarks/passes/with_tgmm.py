"""tgmm: `_e_step` and `_m_step` of its mixture, as `fit` calls them; both are private."""

from __future__ import annotations

import torch
from matplotlib import rc_context
from torch import Tensor

from scripts.benchmarks.passes.one_pass import Outcome, Start

with rc_context():  # its import would change how all pictures of the process look
    from tgmm import GaussianMixture

MOST_NUMBERS = 2**26
"""n·K·D of a batch: without batches it would hold N·K·D numbers several times, which is more than most memories."""


class Tgmm:
    """A mixture with `reg_covar=0`, put at the start by its own `init_*`."""

    def __init__(self, points: Tensor, start: Start, family: str) -> None:
        self.points, self.start, self.family = points, start, family
        self.nll = torch.nan

    def reset(self) -> None:  # noqa: D102
        weights, means, covariances = self.start
        n_components, dim = means.shape
        self.mixture = GaussianMixture(
            n_components,
            dim,
            covariance_type=self.family,
            reg_covar=0.0,
            init_weights=weights.clone(),
            init_means=means.clone(),
            init_covariances=covariances.clone() if self.family == "full" else covariances.diagonal(dim1=-2, dim2=-1),
            batch_size=max(1, MOST_NUMBERS // means.numel()),
            device="cpu",
        )
        self.mixture.dtype = self.points.dtype
        self.mixture._allocate_parameters(self.points[:2])

    def run(self) -> None:  # noqa: D102
        responsibilities, log_density = self.mixture._e_step(self.points)
        self.mixture._m_step(self.points, responsibilities)
        self.nll = -float(log_density.mean())

    def outcome(self) -> Outcome:  # noqa: D102
        covariances = self.mixture.covariances_
        dense = covariances if self.family == "full" else torch.diag_embed(covariances)
        return Outcome(self.nll, self.mixture.weights_, self.mixture.means_, dense)
