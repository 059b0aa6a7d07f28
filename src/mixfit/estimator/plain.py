"""The estimator's arguments as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mixfit.estimator.arguments import dtype_of


def plain(value: Any) -> Any:
    """An argument as JSON has it; what only lives in a process, a random generator, is left out."""
    if isinstance(value, Tensor):
        return value.tolist()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (torch.dtype, type, np.dtype)):
        return str(dtype_of(value)).removeprefix("torch.")
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, torch.device):
        return str(value)
    if hasattr(value, "__array__"):  # a data frame, as means_init
        return np.asarray(value).tolist()
    return value if isinstance(value, (bool, int, float, str)) else None
