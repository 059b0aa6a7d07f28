"""Ward's hierarchical clustering (1963), cut where K groups are left: what mclust begins with.

Two groups of mass a and b with means u and v are a·b/(a+b)·‖u - v‖² apart, which is what joining them adds to the sum
of squares within groups. Joining the closest pair again and again gives a tree. Groups that are each other's nearest
can all be joined at once: no other join brings a third one closer, so the tree is the same (Murtagh 1983). That takes
few rounds of whole matrices, and a point of weight w is the same as w points, which are joined first at no cost.

Nothing is drawn unless there are more than `MOST_POINTS` points, of which a subset is clustered, drawn by weight. For
fewer points all draws are alike, so the configuration makes only one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.initializers.draws import drawn_apart
from mixfit.mixtures.initializers.seeds import nearest_seed

MOST_POINTS = 2000
"""That are clustered: the distances between all pairs are held."""

TIE = 1e-9
"""Each point is moved by so many standard deviations, always the same way: on a grid, where distances are alike, hardly
any two points would be each other's nearest."""


def ward(points: Tensor, weights: Tensor, n_components: int, generator: torch.Generator) -> Tensor:
    """Responsibilities (N, K): which group each point is in; those that were not clustered join the nearest mean.

    Fewer points than K leave groups empty. O(M² D) a round for M clustered points, some log M rounds unless the data
    are a chain whose gaps grow.
    """
    if len(points) <= MOST_POINTS:
        return _one_hot(_groups(points, weights, n_components), n_components, points)
    chosen = drawn_apart(weights, MOST_POINTS, generator)
    some = points[chosen]  # each counts once, for it was drawn by its weight
    labels = _groups(some, torch.ones_like(some[:, 0]), n_components)
    shares = _one_hot(labels, n_components, points)
    return nearest_seed(points, shares.T @ some / shares.sum(0)[:, None])


def _groups(points: Tensor, weights: Tensor, n_groups: int) -> Tensor:
    """The group (N,) of each point, counted from zero."""
    joins = _tree(points.double(), weights.double())
    kept = joins[: max(len(points) - n_groups, 0)]
    root = torch.arange(len(points))
    for into, other in reversed(kept):  # from the top of the tree down
        root[other] = root[into]
    return root.unique(return_inverse=True)[1]


def _tree(points: Tensor, weights: Tensor) -> list[tuple[int, int]]:
    """The N - 1 joins, cheapest first, as pairs of points that stand for the groups; the first goes on doing so."""
    jitter = torch.randn(points.shape, generator=torch.Generator().manual_seed(0), dtype=points.dtype)
    means = points + TIE * jitter
    mass, height, names = weights.clone(), torch.zeros_like(weights), torch.arange(len(points))
    found: list[tuple[float, int, int]] = []
    while len(names) > 1:
        apart = torch.cdist(means, means, compute_mode="donot_use_mm_for_euclid_dist").square_()
        apart /= mass.reciprocal() + mass.reciprocal()[:, None]
        least, partner = apart.fill_diagonal_(torch.inf).min(1)
        here = torch.arange(len(names))
        first = here[(partner[partner] == here) & (here < partner)]
        second = partner[first]
        # a join is no cheaper than those it builds on, which rounding could deny
        height[first] = torch.stack([least[first], height[first], height[second]]).amax(0)
        found += zip(height[first].tolist(), names[first].tolist(), names[second].tolist(), strict=True)
        total = mass[first] + mass[second]
        means[first] += (means[second] - means[first]) * (mass[second] / total)[:, None]
        mass[first] = total
        stay = torch.ones_like(names, dtype=torch.bool).index_fill_(0, second, False)
        names, means, mass, height = names[stay], means[stay], mass[stay], height[stay]
    return [(into, other) for _, into, other in sorted(found, key=lambda join: join[0])]


def _one_hot(labels: Tensor, n_components: int, points: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(labels, n_components).to(points.dtype)
