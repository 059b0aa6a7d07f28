"""mixfit: `statistics`, which is the E-step and the sums of the M-step in one look, and `maximize_`."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mixfit.mixtures.covariances import Diag, Full
from mixfit.mixtures.mixture import Mixture
from scripts.benchmarks.passes.one_pass import Outcome, Start

FAMILIES = {"full": Full, "diag": Diag}


class Ours:
    """A mixture without a floor, in the type of its points; `over_processes` adds up a tensor of all processes."""

    def __init__(
        self, points: Tensor, start: Start, family: str, over_processes: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        self.points, self.start, self.over_processes = points, start, over_processes
        self.mixture = Mixture(FAMILIES[family](*start.means.shape)).to(points.dtype)
        self.nll = torch.nan

    def reset(self) -> None:  # noqa: D102
        scale = self.mixture.covariance.scale_of(self.start.covariances)
        self.mixture.set_(self.start.weights.log(), self.start.means, scale)

    def run(self) -> None:  # noqa: D102
        statistics = self.mixture.statistics(self.points)
        if self.over_processes is not None:
            statistics = statistics.summed(self.over_processes)
        self.mixture.maximize_(statistics)
        self.nll = float(statistics.nll)

    def outcome(self) -> Outcome:  # noqa: D102
        log_weights, means, scale = (tensor.detach().double() for tensor in self.mixture.components)
        return Outcome(self.nll, log_weights.exp(), means, self.mixture.covariance.dense(scale))
