"""Expectation maximisation (Dempster, Laird & Rubin 1977): soft assignments, then the best parameters under them."""

from __future__ import annotations

from mixfit.mixtures.assignments import soft
from mixfit.optimizers.closed_form import ClosedForm


class EM(ClosedForm):
    """Each step raises the likelihood, and no rate has to be chosen; slow where components overlap."""

    assign = staticmethod(soft)
    allowed_rise = 1e-10

    def objective(self) -> float:
        """The negative log-likelihood."""
        return float(self.gathered.nll)
