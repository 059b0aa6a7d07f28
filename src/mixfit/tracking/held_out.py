"""Does a held-out NLL say something of the fit, or of a few points that are like no others?

A mean over points has no bound: one row in a wrong unit makes it, and it then chooses the best checkpoint. So whoever
reads such a number is told how many points it is made of, and what it is for half of them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.density import Density

FAR = 1000.0
"""Nats above the median: nobody calls it bad luck."""


def why_far(density: Density, name: str, points: Tensor) -> str | None:
    """A sentence if a few held-out points make their mean NLL; `name` is what that is called."""
    if not len(points):
        return None
    nll = -density.log_density(points).to("cpu", torch.float64)
    middle = float(nll.median())
    far = nll > middle + FAR
    if float(nll.mean()) < middle + FAR / 10:
        return None
    return (
        f"{name}={float(nll.mean()):.3g} is made by {int(far.sum())} of {len(points)} points, which lie where the fit "
        f"has next to no density; half of all have no more than {middle:.3g}: look at these points, or leave them out"
    )
