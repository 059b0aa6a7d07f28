"""Components that hold nothing, or next to nothing at the floor: where they begin anew, and when that has to end.

The likelihood of a mixture is unbounded: a component that closes in on a point or two is rewarded for it, until the
floor stops it, and says nothing of the data any more. So after every pass a component that ended like this begins anew
where the density is poorest, and the next time at the next poorest place. Six kinds are left where they are, because
the data force them and another attempt would end alike: those that hold enough points for a covariance of their own
(equal points), those of data that are flat as a whole (a constant column), have too few points for so many components,
or fewer different ones than components, those on points that lie far from everything else, which no other component
could describe, and those that have sunk again and again (rounded points on few places), of which the fit's own warning
speaks. A component that holds nothing again and again is one too many, and the fit ends with an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mixfit.errors import InputError
from mixfit.mixtures.mixture import Mixture

logger = logging.getLogger(__name__)

EMPTY = 1e-9
"""A component that holds less than this share of the points holds nothing."""

PATIENCE = 5
"""How often one component begins anew in a fit."""

REMEDY = "lower model.n_components, raise model.floor, or choose covariance=tied"
"""Of a component that collapses in any fit."""

Poorest = Callable[[int], Tensor]
"""The n places where the density is poorest, (n, D), the poorest first: where a component may begin anew.

There may be fewer, and there is none where the points are of fewer kinds than there are components.
"""


class Collapses:
    """What has become of the components of one fit.

    Args:
        mixture: changed in place.
        unit: the weight that counts as one point.
        remedy: what to change where a component collapses again and again.
    """

    def __init__(self, mixture: Mixture, unit: float = 1.0, remedy: str = REMEDY) -> None:
        self.mixture = mixture
        self.unit = unit
        self.remedy = remedy
        self.times = [0] * mixture.covariance.n_components

    @torch.no_grad()
    def mend_(self, count: Tensor, n_points: float, poorest: Poorest) -> bool:
        """Begins anew what has collapsed; returns whether anything has.

        Args:
            count: Σ_n r_nk of the pass, (K,).
            n_points: that were seen in it, their weights added up.
            poorest: where to begin.

        Raises:
            InputError: a component holds nothing, and has collapsed as often as `PATIENCE` allows.
        """
        count, n_points = count / self.unit, n_points / self.unit
        needed = self.mixture.covariance.n_needed
        if float(count.min()) >= max(needed, EMPTY * n_points):
            return False
        if not all(bool(offset.isfinite().all()) for offset in self.mixture.parameters()):
            return False  # the step that led there is about to be undone
        collapsed = self._collapsed(count, n_points).nonzero().flatten()
        if not len(collapsed):
            return False
        skipped = max(self.times[component] for component in collapsed.tolist())  # where it has come to nothing
        places = poorest(skipped + len(collapsed))[-len(collapsed) :]
        if not len(places):
            return False
        for component in collapsed.tolist():
            self.times[component] += 1
            self._check(component, float(count[component]), n_points)
        logger.info(
            "components %s collapsed, holding %s of %g points: they begin anew where the density is poorest",
            collapsed.tolist(),
            ", ".join(f"{held:.3g}" for held in count[collapsed].tolist()),
            n_points,
        )
        self.mixture.reseed_(collapsed[: len(places)], places)
        return True

    def _collapsed(self, count: Tensor, n_points: float) -> Tensor:
        """Which components have, (K,)."""
        mixture = self.mixture
        empty = count < EMPTY * n_points
        needed = mixture.covariance.n_needed
        if n_points < needed * len(count):
            return empty
        has_patience = torch.tensor([times < PATIENCE for times in self.times], device=count.device)
        sunk = (count < needed) & mixture.on_floor & ~empty & has_patience
        if not sunk.any() or mixture.is_flat:
            return empty
        return empty | (sunk & ~mixture.isolated(sunk | empty, n_points))

    def _check(self, component: int, count: float, n_points: float) -> None:
        if self.times[component] <= PATIENCE:
            return
        held = (
            f"component {component} of {len(self.times)} (counted from 0) has collapsed {self.times[component]} times"
        )
        needed = self.mixture.covariance.n_needed
        needs = f", of which its covariance needs {needed}" if needed else ""
        raise InputError(
            f"{held}: it was left with {count:.3g} of {n_points:g} points{needs}, and began anew where the density was "
            f"poorest, again and again; {self.remedy}"
        )

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers for a checkpoint."""
        return {"times": list(self.times)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes them up again."""
        self.times = list(state["times"])
