"""Two components become one and a third becomes two: the few triples that look most promising, side by side.

Ueda, Nakano, Ghahramani & Hinton (2000) rank the pairs to put together by how far the same points belong to both, and
the components to cut by how little the points that they hold look like a Gaussian; then they try the first few triples.
Here pairs are ranked by what it costs to put them together, which is known without another look at the points (see
`mixtures.merging`). As many triples are tried at once as a pass can look at for little, and the next turn takes those
that are next in rank.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mixfit.mixtures.assignments import soft
from mixfit.mixtures.merging import Parts
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
        triples = promising(parts.pairs, misfits(restarts[[which]], points))
        for rank, of_rank in enumerate(proposals):
            i, j, k = triples[(turn * n_triples + rank) % len(triples)]
            direction = torch.randn(family.dim, generator=generator, dtype=torch.float64).to(points.points)
            both = parts.joined(*(torch.tensor([which], device=looked.count.device) for which in (i, j)))
            of_rank.append(parts.with_(parts.all_but(i, j, k), both, parts.halves(k, direction)))
    return restarts.made_of([statistics for of_rank in proposals for statistics in of_rank])


def misfits(restarts: Restarts, points: Points) -> Tensor:
    """How little the points that each component of one mixture holds look like its Gaussian, (K,).

    Kullback and Leibler's divergence Σ_n f_nk log(f_nk / N(x_n; μ_k, Σ_k)) of its shares f_nk ∝ w_n r_nk of the points.
    """
    log_weights = restarts.components.log_weights[0]
    log_joint = restarts.log_joint(points.points)[:, 0].T  # (K, N)
    held = points.weights * soft(log_joint, log_weights)
    shares = held / held.sum(1, keepdim=True).clamp_min(torch.finfo(held.dtype).tiny)
    own = (log_joint - log_weights[:, None]).masked_fill(shares == 0, 0)
    return (torch.xlogy(shares, shares) - shares * own).sum(1)


def promising(pairs: list[tuple[int, int]], misfits: Tensor) -> list[tuple[int, int, int]]:
    """Pairs (i, j) to put together and another k to cut: those whose ranks have the smallest sum first.

    Args:
        pairs: that may be put together, the cheapest first.
        misfits: (K,), how little each looks like a Gaussian.
    """
    cuts = misfits.argsort(descending=True, stable=True).tolist()
    ranked = [
        (rank + place, i, j, k)
        for rank, (i, j) in enumerate(pairs)
        for place, k in enumerate(k for k in cuts if k not in (i, j))
    ]
    return [(i, j, k) for _, i, j, k in sorted(ranked, key=lambda triple: triple[0])]
