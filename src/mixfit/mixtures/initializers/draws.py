"""Points drawn at random in proportion to a mass that each has."""

from __future__ import annotations

import torch
from torch import Tensor


def drawn(mass: Tensor, n_draws: int, generator: torch.Generator) -> Tensor:
    """Indices (n_draws,) drawn independently in proportion to `mass` (N,), so that one may come more than once."""
    cumulative = mass.cumsum(0)
    levels = cumulative[-1] * torch.rand(n_draws, generator=generator, dtype=mass.dtype)
    return torch.searchsorted(cumulative, levels, right=True).clamp_max(len(mass) - 1)


def drawn_apart(mass: Tensor, n_draws: int, generator: torch.Generator) -> Tensor:
    """Indices (n_draws,) of different points, drawn one after the other in proportion to `mass` (N,).

    Each point waits an exponential time whose rate is its mass, and the first to come are those drawn (Efraimidis &
    Spirakis 2006). N indices where that is fewer.
    """
    uniform = torch.rand(len(mass), generator=generator, dtype=torch.float64)
    return (-torch.log1p(-uniform) / mass).argsort()[:n_draws]
