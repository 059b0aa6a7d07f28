"""Five blades that turn about the origin, each the more the farther out.

M. J. Johnson and others (2016), "Composing graphical models with neural networks for structured representations and
fast inference", with the numbers of W. Grathwohl and others (2019), "FFJORD: free-form continuous dynamics for scalable
reversible generative models".
"""

from __future__ import annotations

from math import log, pi

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, drawn

N_BLADES, RATE, SIZE = 5, 0.25, 2.0

MEAN, DEVIATIONS = 1.0, (0.3, 0.1)
"""Of a blade along its axis; and along and across it."""

N_HALVINGS = 60


class Blades:
    """x = 2 · f turned by -(2πk/5 + e^f₁/4), with f = (1 + 0.3 z₁, 0.1 z₂) of standard normal z and any k of five.

    A turn keeps the radius ρ of f and changes its angle φ to φ - e^(ρ cos φ)/4 - 2πk/5, which grows with φ wherever
    there are points. So it can be undone, and the density is that of f over 4 (1 + f₂ e^f₁/4).
    """

    def sample(self, n_points: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """As `Truth.sample`; the groups are the blades."""
        blade = torch.randint(N_BLADES, (n_points,), generator=generator)
        normal = torch.randn(n_points, 2, dtype=torch.float64, generator=generator)
        flat = normal * torch.tensor(DEVIATIONS, dtype=torch.float64)
        flat[:, 0] += MEAN
        radius, angle = flat.norm(dim=1), torch.atan2(flat[:, 1], flat[:, 0])
        turned = angle - RATE * flat[:, 0].exp() - 2 * torch.pi * blade / N_BLADES
        return SIZE * radius[:, None] * torch.stack([turned.cos(), turned.sin()], 1), blade

    def log_density(self, points: Tensor) -> Tensor:
        """As `Truth.log_density`."""
        radius = points.norm(dim=1) / SIZE
        blades = 2 * torch.pi * torch.arange(N_BLADES, dtype=points.dtype)[:, None] / N_BLADES
        angle = _unturned(radius, torch.atan2(points[:, 1], points[:, 0]) + blades)
        along, across = radius * angle.cos(), radius * angle.sin()
        standard = ((along - MEAN) / DEVIATIONS[0]).square() + (across / DEVIATIONS[1]).square()
        log_flat = -0.5 * standard - log(2 * pi * DEVIATIONS[0] * DEVIATIONS[1])
        stretched = (1 + RATE * along.exp() * across).abs()
        return torch.logsumexp(log_flat - stretched.log(), 0) - log(N_BLADES * SIZE**2)


def _unturned(radius: Tensor, turned: Tensor) -> Tensor:
    """The angles φ in [-π, π] with φ - e^(ρ cos φ)/4 equal to the turned ones but for whole turns: by bisection."""
    low = torch.full_like(turned, -pi)
    least = low - RATE * (radius * low.cos()).exp()
    wanted = least + (turned - least) % (2 * pi)
    high = -low
    for _ in range(N_HALVINGS):
        middle = (low + high) / 2
        below = middle - RATE * (radius * middle.cos()).exp() < wanted
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return (low + high) / 2


class Pinwheel:
    """Points of it.

    Args:
        n_samples: training points.
        n_val: validation points.
        n_test: test points.
    """

    def __init__(self, n_samples: int = 10_000, n_val: int = 10_000, n_test: int = 10_000) -> None:
        self.sizes = (n_samples, n_val, n_test)

    def load(self, seed: int) -> Dataset:
        """The points, which depend on the seed and the sizes alone."""
        return drawn(Blades(), *self.sizes, seed)
