"""One step to the maximum under the statistics of a whole pass, or of a part of a stream: EM and k-means.

Such a step cannot make the objective worse. So one that does has lost its digits, and the fit ends with an error that
says so instead of with a number that nobody can trust.
"""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

import torch
from torch.optim import Optimizer

from mixfit.errors import InputError
from mixfit.mixtures.assignments import Assignment
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.statistics import Statistics
from mixfit.optimizers.closed_form import ClosedForm
from mixfit.optimizers.collapse import Poorest
from mixfit.optimizers.fitter import Fitter, Look, Pass, Steps
from mixfit.optimizers.stopping import Stopping, Verdict


class ClosedFormFitter(Fitter):
    """Gathers the statistics of a pass and steps once.

    Args:
        mixture: changed in place.
        stopping: judges every pass.
        assign: how points are shared.
        reseeds: whether components that collapse begin anew.
        unit: the weight that counts as one point.
    """

    def __init__(
        self, mixture: Mixture, stopping: Stopping, assign: Assignment, reseeds: bool = True, unit: float = 1.0
    ) -> None:
        super().__init__(mixture, stopping, reseeds, unit)
        self.assign = assign
        self.last = inf  # objective

    def visit(self, optimizer: Optimizer, steps: Steps, look: Look, first: bool) -> Statistics:  # noqa: D102
        statistics = look(None)
        _closed_form(optimizer).observe(statistics)
        return statistics

    def end_pass(self, optimizer: Optimizer, steps: Steps, seen: Pass, poorest: Poorest) -> Verdict:  # noqa: D102
        closed_form = _closed_form(optimizer)
        objective = closed_form.objective()
        self._check(objective, closed_form.allowed_rise)
        steps.step()
        if self.reseeds and self.collapses.mend_(seen.held, seen.n_points, poorest):
            self.last = inf
            self.stopping.forget()
            return Verdict.BETTER
        self.last = objective
        return self.stopping.update(objective)

    def _check(self, objective: float, allowed_rise: float) -> None:
        """Raises `InputError` where no step could have led, but for numbers that lost their digits."""
        if not isfinite(objective):
            raise InputError(
                f"the likelihood became {objective}: a component has collapsed; "
                "raise model.floor or lower model.n_components"
            )
        rise = objective - self.last
        if rise > allowed_rise and rise > allowed_rise + self._rounding * max(1.0, abs(objective)):
            raise InputError(
                f"a step raised the objective by {rise:.3g} nats per point, to {objective:.6g}, which "
                "only rounding errors can do: covariances are too close to singular for their numbers; raise "
                f"model.floor={self.mixture.floor:g}"
            )

    @property
    def _rounding(self) -> float:
        """What an objective of one may lose by rounding; a covariance at the floor has the inverse 1/floor."""
        eps = torch.finfo(self.mixture.mean_origin.dtype).eps
        on_floor = bool(self.mixture.on_floor.any())
        return 10 * eps * (1 / max(self.mixture.floor, eps) if on_floor else 1e4)

    def follow(self, optimizer: Optimizer, look: Look, share: float) -> Statistics:
        """Online EM (Cappé & Moulines 2009): the M-step under (1 - share) · old + share · new statistics per point.

        The old ones need no memory: the parameters are the maximum under their own expected statistics. With the
        assignment of k-means it is online k-means.
        """
        new = look(None)
        if not isfinite(float(new.nll)):
            raise InputError(
                f"this part of the stream has a likelihood of {float(new.nll)}; leave out points that are far from all "
                "others, or raise model.floor"
            )
        _closed_form(optimizer).observe(
            self.mixture.expected_statistics() * (1 - share) + new * (share / float(new.n_points))
        )
        optimizer.step()
        return new

    def settle_(self, nll: float) -> bool:
        """Every step of a closed form is the best so far."""
        return False

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {**super().state_dict(), "last": self.last}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        super().load_state_dict(state)
        self.last = state["last"]


def _closed_form(optimizer: Optimizer) -> ClosedForm:
    if not isinstance(optimizer, ClosedForm):
        raise TypeError(f"{type(optimizer).__name__} steps along a gradient and has no closed form")
    return optimizer
