"""The demo this project grew from, written anew: `python scripts/benchmarks/seed_demo.py [seed]`.

Two normal distributions on a line, fitted by a thousand full-batch steps of Adam at its default rate, from a random
start. Densities are added up as they are, with 1e-6 inside the logarithm. Its last line holds what it found, as JSON.
"""

from __future__ import annotations

import json
import math
import sys

import torch
from torch import Tensor

EPOCHS = 1000


def main(seed: int) -> None:
    """Fits, and prints the total negative log-likelihood every hundred epochs."""
    torch.manual_seed(seed)
    points = torch.cat([-2 + 0.5 * torch.randn(500), 2 + 0.5 * torch.randn(500)])
    means, log_variances, weights = (torch.randn(2, requires_grad=True) for _ in range(3))
    optimizer = torch.optim.Adam([means, log_variances, weights])
    for epoch in range(1, EPOCHS + 1):
        optimizer.zero_grad()
        loss = total_nll(points, means, log_variances, weights)
        loss.backward()
        optimizer.step()
        if epoch % 100 == 0:
            print(f"epoch {epoch}: NLL {loss.item():.3f}")
    print(json.dumps(found(means, log_variances, weights)))


def total_nll(points: Tensor, means: Tensor, log_variances: Tensor, weights: Tensor) -> Tensor:
    """-Σ_n log(Σ_k π_k N(x_n; μ_k, σ_k²) + 1e-6), ()."""
    variances = log_variances.exp()
    exponents = -((points[:, None] - means) ** 2) / (2 * variances)
    densities = exponents.exp() / (2 * math.pi * variances).sqrt()
    return -torch.log((torch.softmax(weights, 0) * densities).sum(1) + 1e-6).sum()


def found(means: Tensor, log_variances: Tensor, weights: Tensor) -> dict[str, object]:
    """The mixture in plain numbers, and how many threads torch used."""
    return {
        "weights": torch.softmax(weights, 0).tolist(),
        "means": means.tolist(),
        "variances": log_variances.exp().tolist(),
        "threads": torch.get_num_threads(),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
