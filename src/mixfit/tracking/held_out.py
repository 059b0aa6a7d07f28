"""Does a held-out NLL say something of the fit, or of a few points that are like no others?

A mean over points has no bound: one row in a wrong unit makes it, and it then chooses the best checkpoint. So whoever
reads such a number is told how many points it is made of, and what it is for half of them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.data.dataset import Rows
from mixfit.mixtures.density import Density

FAR = 1000.0
"""Nats above the median: nobody calls it bad luck."""


def why_far(density: Density, name: str, part: Rows, mean: float | None) -> str | None:
    """A sentence if a few held-out points make their mean NLL; `name` is what that is called."""
    if mean is None:
        return None
    middle = float(_nll(density, part.sample.points).median())
    if mean < middle + FAR / 10:
        return None
    n_far = sum(int((_nll(density, block.points) > middle + FAR).sum()) for block in part.blocks())
    return (
        f"{name}={mean:.3g} is made by {n_far} of {len(part)} points, which lie where the fit "
        f"has next to no density; half of all have no more than {middle:.3g}: look at these points, or leave them out"
    )


def _nll(density: Density, points: Tensor) -> Tensor:
    return -density.log_density(points).to("cpu", torch.float64)
