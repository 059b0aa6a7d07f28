"""Per-component sufficient statistics under responsibilities: the one thing that looks at the data.

With responsibilities r_nk = p(k | x_n), every fitter of this project needs only

    count_k  = Σ_n r_nk
    first_k  = Σ_n r_nk (x_n - c_k)
    second_k = Σ_n r_nk (x_n - c_k)(x_n - c_k)ᵀ      (in the shape that the covariance family keeps)

EM maximises their expected log-likelihood in closed form, gradient descent differentiates it, k-means is the same with
hard responsibilities. They are small and they add up: over chunks that stay in cache, over mini-batches, over
processes. A point with a weight counts as often as its weight says. They are taken about a centre c_k, the component's
mean at the time of the pass, because the textbook form E[xxᵀ] - μμᵀ loses every digit of a small variance that lies
far from the origin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mixfit.mixtures.products import packed, unpacked


def weight_of_one(weights: Tensor | None) -> float:
    """The weight that counts as one point: the smallest of the weights (N,), but no less than a tenth of their mean.

    Only ratios of weights matter to a fit, so twice the weights are no more points; None is one for every point.
    """
    return 1.0 if weights is None else max(float(weights.min()), float(weights.mean()) / 10)


@dataclass(frozen=True)
class Statistics:
    """Sums over points; `a + b` are the statistics of both sets of points together.

    Attributes:
        n_points: how many points were summed, (); the sum of their weights if they have any.
        log_likelihood: Σ_n log p(x_n) of the mixture that made the responsibilities, in nats, (); (R,) of R mixtures
            whose components stand side by side.
        count: (K,), sums to `n_points`.
        first: (K, D), about `center`.
        second: about `center`, in the family's shape: full (K, D, D), tied (D, D), diag (K, D), spherical (K,).
        center: (K, D), what the moments are taken about.
    """

    n_points: Tensor
    log_likelihood: Tensor
    count: Tensor
    first: Tensor
    second: Tensor
    center: Tensor

    def __add__(self, other: Statistics) -> Statistics:
        if self.center is not other.center and not torch.equal(self.center, other.center):
            raise ValueError("statistics add up only when they are taken about the same centre")
        return Statistics(
            self.n_points + other.n_points,
            self.log_likelihood + other.log_likelihood,
            self.count + other.count,
            self.first + other.first,
            self.second + other.second,
            self.center,
        )

    def __mul__(self, factor: float) -> Statistics:
        return self.summed(lambda part: part * factor)

    def summed(self, over_processes: Callable[[Tensor], Tensor], symmetric: bool = False) -> Statistics:
        """The statistics of all processes' points, given the sum of one vector over the processes: one message.

        Args:
            over_processes: adds up.
            symmetric: whether second moments are symmetric matrices, of which a half need not travel.
        """
        second = packed(self.second) if symmetric else self.second
        parts = (self.n_points, self.log_likelihood, self.count, self.first, second)
        message = torch.cat([part.flatten().to(self.n_points.dtype) for part in parts])
        totals = over_processes(message).split([part.numel() for part in parts])
        n_points, log_likelihood, count, first, second = (
            total.reshape(part.shape).to(part.dtype) for total, part in zip(totals, parts, strict=True)
        )
        second = unpacked(second, self.first.shape[1]) if symmetric else second
        return replace(self, n_points=n_points, log_likelihood=log_likelihood, count=count, first=first, second=second)

    @property
    def nll(self) -> Tensor:
        """Negative log-likelihood in nats per point, in the coordinates the points came in, ()."""
        return -self.log_likelihood / self.n_points
