"""Five blades that turn about the origin, each the more the farther out.

M. J. Johnson and others (2016), "Composing graphical models with neural networks for structured representations and
fast inference", with the numbers of W. Grathwohl and others (2019), "FFJORD: free-form continuous dynamics for scalable
reversible generative models".
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, drawn

N_BLADES, RATE, SIZE = 5, 0.25, 2.0

MEAN, DEVIATIONS = 1.0, (0.3, 0.1)
"""Of a blade along its axis; and along and across it."""

N_HALVINGS = 60

SMALLEST = 1e-300
"""Where a turn stretches nothing the density would be infinite."""


class Blades:
    """x = 2 · f turned by -(2πk/5 + e^f₁/4), with f = (1 + 0.3 z₁, 0.1 z₂) of standard normal z and any k of five.

    A turn keeps the radius ρ of f and changes its angle φ to φ - e^(ρ cos φ)/4 - 2πk/5, which grows with φ as long as
    f₂ > -4 e^-f₁. All but one point in a billion lie there, so the turn can be undone, and the density is that of f
    over 4 (1 + f₂ e^f₁/4).
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
        stretched = 1 + RATE * along.exp() * across
        return torch.logsumexp(log_flat - stretched.clamp_min(SMALLEST).log(), 0) - log(N_BLADES * SIZE**2)


def _unturned(radius: Tensor, turned: Tensor) -> Tensor:
    """The angles φ with φ - e^(ρ cos φ)/4 equal to the turned ones but for whole turns, from where that grows on."""
    low = _grows_from(radius).expand_as(turned)
    least = low - RATE * (radius * low.cos()).exp()
    wanted = least + (turned - least) % (2 * pi)
    return _bisected(lambda angle: angle - RATE * (radius * angle.cos()).exp() - wanted, low, low + 2 * pi)


def _grows_from(radius: Tensor) -> Tensor:
    """The largest angle φ ≤ 0 from which on φ - e^(ρ cos φ)/4 grows, for each radius ρ; -π if it does everywhere.

    Its slope 1 + ρ sin φ e^(ρ cos φ)/4 is least where cos φ = ρ sin² φ, and grows from there to zero.
    """

    def slope(angle: Tensor) -> Tensor:
        return 1 + RATE * radius * angle.sin() * (radius * angle.cos()).exp()

    steepest = -torch.arccos(2 * radius / (1 + (1 + 4 * radius.square()).sqrt()))
    turn = _bisected(slope, steepest, torch.zeros_like(radius))
    return torch.where(slope(steepest) < 0, turn, torch.full_like(radius, -pi))


def _bisected(function: Callable[[Tensor], Tensor], low: Tensor, high: Tensor) -> Tensor:
    """Where a function that is negative at `low` and positive at `high` is zero."""
    for _ in range(N_HALVINGS):
        middle = (low + high) / 2
        below = function(middle) < 0
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
