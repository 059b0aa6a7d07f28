"""Where does a mixture describe its points worst? Not at a single point, which may simply lie far out.

A component that begins on one lonely point sinks onto it, so a place is the mean of a neighbourhood with points enough
for a component, and it is as poor as these points are on average.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.mixture import Mixture

MOST_POINTS = 20_000
"""Of more points every so many-th is looked at."""

MOST_CANDIDATES = 500
"""Neighbourhoods are those of so many points, the worst described ones."""


@torch.no_grad()
def poorest_places(mixture: Mixture, points: Tensor, n_places: int) -> Tensor:
    """The means (n, D) of disjoint neighbourhoods whose mean log-density is lowest, the lowest first.

    There may be fewer than asked for, but at least one; none only where fewer points are different than there are
    components, for then no place lacks one. The points (N, D) are in the mixture's coordinates; equal ones count once.
    """
    points = torch.unique(points[:: -(-len(points) // MOST_POINTS)], dim=0)
    if len(points) < mixture.covariance.n_components:
        return points[:0]
    n_neighbors = min(len(points), max(3, 2 * mixture.covariance.n_needed))
    log_density = mixture.log_density(points)
    candidates = log_density.argsort()[: MOST_CANDIDATES + n_places * n_neighbors]
    distances = torch.cdist(points[candidates], points, compute_mode="donot_use_mm_for_euclid_dist")
    neighbors = distances.topk(n_neighbors, largest=False).indices
    taken = torch.zeros(len(points), dtype=torch.bool, device=points.device)
    places: list[Tensor] = []
    for place in neighbors[log_density[neighbors].mean(1).argsort()]:
        if len(places) < n_places and not taken[place].any():
            taken[place] = True
            places.append(points[place].mean(0))
    return torch.stack(places)
