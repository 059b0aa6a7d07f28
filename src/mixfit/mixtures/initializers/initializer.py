"""What an initializer is: a draw of who belongs to whom, of which an M-step makes parameters."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Initializer = Callable[[Tensor, Tensor, int, torch.Generator], Tensor]
"""Responsibilities (N, K) for points (N, D), their weights (N,), K, and a generator on the CPU."""
