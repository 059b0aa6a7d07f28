"""Expectation maximisation (Dempster, Laird & Rubin 1977): soft assignments, then the best parameters under them."""

from __future__ import annotations

import torch

from mixfit.mixtures.assignments import soft
from mixfit.optimizers.closed_form import ClosedForm


class EM(ClosedForm):
    """Each step raises the likelihood, and no rate has to be chosen; slow where components overlap."""

    assign = staticmethod(soft)

    def objective(self) -> float:
        """The negative log-likelihood."""
        return float(self.gathered.nll)

    @staticmethod
    def allowed_rise(dtype: torch.dtype) -> float:
        """1e-10 in float64, and as many more in float32 as its digits are coarser."""
        return 1e-10 * torch.finfo(dtype).eps / torch.finfo(torch.float64).eps
