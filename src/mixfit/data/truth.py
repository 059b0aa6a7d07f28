"""What points were drawn from, where that is known: the density whose NLL nobody beats.

A truth need not be a mixture of a few components. One that is, is a `Density`, and a fit's components can be compared
with its own; of any other only the log-density of points is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import TiedSpherical
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.standardization import Standardization


class Truth(Protocol):
    """A density that can be drawn from."""

    def sample(self, n_points: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Independent draws: points (n_points, D), and which of the truth's groups each is of, (n_points,)."""
        ...

    def log_density(self, points: Tensor) -> Tensor:
        """log p(x) of points (N, D), (N,), in nats."""
        ...


@dataclass(frozen=True)
class BlurredCurves:
    """Curves in the plane that are equally likely, blurred by independent normal noise on both axes.

    Attributes:
        curves: C curves, from a parameter u (n,) that is uniform on [0, 1] to their points there, (C, n, 2).
        deviation: the standard deviation of the noise, the same on both axes.
        n_nodes: the density is the mean of so many normal densities along each curve: the midpoint rule, which is
            exact to many digits once nodes are closer than the noise is wide.
    """

    curves: Callable[[Tensor], Tensor]
    deviation: float
    n_nodes: int = 500

    def sample(self, n_points: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """As `Truth.sample`; the groups are the curves."""
        along = self.curves(torch.rand(n_points, dtype=torch.float64, generator=generator))
        curve = torch.randint(len(along), (n_points,), generator=generator)
        noise = self.deviation * torch.randn(n_points, 2, dtype=torch.float64, generator=generator)
        return along[curve, torch.arange(n_points)] + noise, curve

    def log_density(self, points: Tensor) -> Tensor:
        """As `Truth.log_density`."""
        return self._nodes.log_density(points)

    @cached_property
    def _nodes(self) -> Density:
        places = (torch.arange(self.n_nodes, dtype=torch.float64) + 0.5) / self.n_nodes
        means = self.curves(places).flatten(0, 1)
        mixture = Mixture(TiedSpherical(len(means), 2)).to(torch.float64)
        equal = torch.full_like(means[:, 0], 1 / len(means)).log()
        mixture.set_(*Components(equal, means, torch.tensor(self.deviation, dtype=torch.float64)))
        return Density(mixture, Standardization.identity(2))


def circles(radii: list[float]) -> Callable[[Tensor], Tensor]:
    """Circles about the origin, each gone round once."""

    def along(u: Tensor) -> Tensor:
        angle = 2 * torch.pi * u
        return torch.tensor(radii, dtype=u.dtype)[:, None, None] * torch.stack([angle.cos(), angle.sin()], -1)

    return along
