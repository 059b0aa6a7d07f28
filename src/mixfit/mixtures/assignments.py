"""How points are shared among components: softly, or all to one.

An assignment maps log π_k + log N(x_n; μ_k, Σ_k), laid out (…, K, n), and log π, (…, K), to responsibilities
(…, K, n) whose columns sum to one. A mixture is soft; k-means is the same machine with `nearest`. What stands before K
are several mixtures of the same points, which know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log, log2

import torch
from torch import Tensor

Assignment = Callable[[Tensor, Tensor], Tensor]

BITS_PER_NAT = 1 / log(2)

FAINT = 0.75
"""Of the smallest exponent that a dtype has: a share of fewer bits is none. It is 1e-231 of a point, in float32 3e-29,
and further off than any sum can tell; but numbers that leave the dtype's range, and products with them, take a hundred
times as long (measured on a Xeon: a pass over 64 dimensions spent two thirds of its time on them)."""


def soft(log_joint: Tensor, log_weights: Tensor) -> Tensor:
    """p(k | x_n): the posterior probability of each component."""
    return torch.softmax(log_joint, -2)


def soften_(log_joint: Tensor) -> tuple[Tensor, Tensor]:
    """`soft` in place of log_joint (…, K, n), and log p(x_n), (…, n), which needs the same exponentials.

    They are powers of two, because those of e take up to twenty times as long where they come out as zero, which is
    what most of them do for components that lie apart (measured on a CPU with AVX-512).
    """
    highest = log_joint.amax(-2, keepdim=True)
    bits = log_joint.sub_(highest).mul_(BITS_PER_NAT)
    faint = FAINT * log2(torch.finfo(bits.dtype).tiny)
    responsibilities = torch.threshold_(bits, faint, -inf).exp2_()
    total = responsibilities.sum(-2, keepdim=True)
    return responsibilities.div_(total), total.log_().add_(highest).squeeze(-2)


def log_sum(log_joint: Tensor) -> Tensor:
    """log Σ_k exp of log_joint (…, K, n), which is log p(x_n), (…, n); by powers of two like `soften_`.

    Differentiable.
    """
    lowest = torch.finfo(log_joint.dtype).min
    highest = log_joint.detach().amax(-2, keepdim=True).clamp_min(lowest)  # -inf - -inf is no number
    return torch.exp2((log_joint - highest) * BITS_PER_NAT).sum(-2).log() + highest.squeeze(-2)


def hard(log_joint: Tensor, log_weights: Tensor) -> Tensor:
    """One for the most probable component and zero for the others; the first of equals."""
    return _one_hot(log_joint)


def nearest(log_joint: Tensor, log_weights: Tensor) -> Tensor:
    """One for the component of highest density, whatever its weight: k-means' rule under a shared spherical Σ."""
    return _one_hot(log_joint - log_weights[..., None])


def _one_hot(score: Tensor) -> Tensor:
    return torch.zeros_like(score).scatter_(-2, score.argmax(-2, keepdim=True), 1.0)
