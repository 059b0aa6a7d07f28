"""The parameters of a mixture as its density uses them."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Components(NamedTuple):
    """log π (K,), μ (K, D), and the factors L in the shape of their covariance family."""

    log_weights: Tensor
    means: Tensor
    scale: Tensor
