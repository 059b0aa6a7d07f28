"""Two components become one and a third becomes two: the few triples that look most promising, side by side.

Ueda, Nakano, Ghahramani & Hinton (2000) rank the pairs to put together by how far the same points belong to both, and
the components to cut by how little the points that they hold look like a Gaussian; then they try the first few triples.
Here pairs are ranked by what it costs to put them together, which is known without another look at the points (see
`mixtures.merging`), and components by what a cut gains: the divergence that Ueda and others take is large for a wide
component, whatever its points look like. As many triples are tried at once as a pass can look at for little, and the
next turn takes those that are next in rank.
"""

from __future__ import annotations

from math import log, pi
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.assignments import soft
from mixfit.mixtures.merging import HALF_APART, Parts
from mixfit.mixtures.moves.move import Points
from mixfit.mixtures.restarts import Restarts
from mixfit.mixtures.statistics import Statistics


@torch.no_grad()
def split_and_merge(restarts: Restarts, points: Points, turn: int, generator: torch.Generator) -> Restarts:
    """As many proposals for each mixture as cost little, those for the same one R apart; itself if K is below three."""
    family = restarts.family
    if family.n_components < 3:
        return restarts
    looked = points.seen_by(restarts)
    n_triples = points.proposals_for_each(restarts)
    proposals: list[list[Statistics]] = [[] for _ in range(n_triples)]
    for which in range(len(restarts)):
        parts = Parts(restarts.of_one(looked, which), family, restarts.floor)
        cuts = longest_cuts(restarts[[which]], points)
        triples = promising(parts.pairs, cuts.gains)
        for rank, of_rank in enumerate(proposals):
            i, j, k = triples[(turn * n_triples + rank) % len(triples)]
            direction = torch.randn(family.dim, generator=generator, dtype=torch.float64).to(points.points)
            both = parts.joined(*(torch.tensor([which], device=looked.count.device) for which in (i, j)))
            step = HALF_APART * (parts.reach(k, direction) if turn else cuts.axes[k])
            of_rank.append(parts.with_(parts.all_but(i, j, k), both, parts.halves(k, step)))
    return restarts.made_of([statistics for of_rank in proposals for statistics in of_rank])


class Cuts(NamedTuple):
    """Of each component in two.

    Attributes:
        gains: (K,), nats of all points together; a Gaussian's are zero.
        axes: (K, D), across which it is cut, as long as the standard deviation there.
    """

    gains: Tensor
    axes: Tensor


def longest_cuts(restarts: Restarts, points: Points) -> Cuts:
    """Each component of one mixture cut through its mean, across the longest axis of the points that it holds.

    Along that axis, in units of its standard deviation, each half has a share s of the component's n points, and a
    variance v of its own. Hard assignments then gain n Σ s (log s - log(v) / 2), and of a Gaussian they lose
    n (log 2 + log(1 - 2/π) / 2), which is added: what is left is zero but for points that do not look like one.
    """
    log_joint = restarts.log_joint(points.points)[:, 0].T  # (K, N)
    held = (points.weights * soft(log_joint, restarts.components.log_weights[0])).to(points.points)
    smallest = torch.finfo(held.dtype).tiny ** 0.5
    total = held.sum(1).clamp_min(smallest)
    means = held @ points.points / total[:, None]
    scatter = torch.stack([(points.points * of_one[:, None]).T @ points.points for of_one in held])
    variances, axes = torch.linalg.eigh(scatter / total[:, None, None] - means[:, :, None] * means[:, None])
    deviations, axes = variances[:, -1].clamp_min(restarts.floor).sqrt(), axes[..., -1]
    along = (axes @ points.points.T - (axes * means).sum(1, keepdim=True)) / deviations[:, None]
    gains = total * (log(2) + log(1 - 2 / pi) / 2)
    for half in (held * (along < 0), held * (along >= 0)):
        count = half.sum(1).clamp_min(smallest)
        mean = (half * along).sum(1) / count
        variance = (half * along.square()).sum(1) / count - mean.square()
        gains += count * ((count / total).log() - variance.clamp_min(restarts.floor).log() / 2)
    return Cuts(gains, axes * deviations[:, None])


def promising(pairs: list[tuple[int, int]], gains: Tensor) -> list[tuple[int, int, int]]:
    """Pairs (i, j) to put together and another k to cut: those whose ranks have the smallest sum first.

    Args:
        pairs: that may be put together, the cheapest first.
        gains: (K,), by cutting each.
    """
    cuts = gains.argsort(descending=True, stable=True).tolist()
    ranked = [
        (rank + place, i, j, k)
        for rank, (i, j) in enumerate(pairs)
        for place, k in enumerate(k for k in cuts if k not in (i, j))
    ]
    return [(i, j, k) for _, i, j, k in sorted(ranked, key=lambda triple: triple[0])]
