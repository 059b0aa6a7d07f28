"""What the arguments of the estimator may hold: the same as the keys that they stand for, in the same words.

An argument that scikit-learn has keeps its name; behind it stands a key of the configuration, whose type and range are
written down once, in `mixfit.keys`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from mixfit import catalogue
from mixfit.errors import InputError
from mixfit.keys import KEYS, Key, whole
from mixfit.kinds import Number, Truth

KEY_OF = {
    "n_components": "model.n_components",
    "reg_covar": "model.floor",
    "max_iter": "trainer.max_epochs",
    "batch_size": "data.batch_size",
    "tol": "optimizer.tolerance",
}
"""Arguments, and the keys whose place they take."""

CHECKS: Mapping[str, Key] = {
    **{argument: KEYS[key] for argument, key in KEY_OF.items()},
    "reg_covar": Key(Number(least=0), "smallest variance in any direction as a part of the data's"),
    "tol": Key(KEYS["optimizer.tolerance"].kind, "gain that is too small to go on for", null="the optimizer's own"),
    "n_init": Key(whole(least=1), "fits from different starts, of which the best is kept"),
    "warm_start": Key(Truth(), "whether a fit begins where the last one ended"),
}

INITIALIZERS = {"k-means++": "kmeans_plusplus", "random_from_data": "points"}
"""scikit-learn's names for starts that have another one here."""

DTYPES = {"float64": torch.float64, "float32": torch.float32}

WORDS = {key: argument for argument, key in KEY_OF.items()} | {
    "optimizer.lr": "lr in optimizer_options",
    "trainer.precision": "dtype",
}


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Raises `InputError`, which names the argument, for a value that it cannot hold."""
    for name, key in CHECKS.items():
        value = arguments[name]
        problem = key.problem(value.item() if isinstance(value, np.generic) else value)
        if problem:
            raise InputError(f"{name}={value!r}: {problem}")
    catalogue_of = {"covariance_type": "covariance", "optimizer": "optimizer", "init_params": "init"}
    for name, group in catalogue_of.items():
        with speaking_of_arguments({f"{group}=": f"{name}="}):
            catalogue.check_choice(group, INITIALIZERS.get(arguments[name], arguments[name]))
    dtype_of(arguments["dtype"])


def dtype_of(dtype: Any) -> torch.dtype:
    """Torch's type for what people call it: "float32", np.float32, torch.float32."""
    name = str(dtype).removeprefix("torch.") if isinstance(dtype, (str, torch.dtype)) else _numpy_name(dtype)
    if name not in DTYPES:
        raise InputError(f"dtype={dtype!r}: a likelihood needs the digits of {' or '.join(DTYPES)}; choose one")
    return DTYPES[name]


@contextmanager
def speaking_of_arguments(words: Mapping[str, str] = WORDS) -> Iterator[None]:
    """Errors that name a key name the argument that stands for it instead."""
    try:
        yield
    except InputError as error:
        message = str(error)
        for key, argument in words.items():
            message = message.replace(key, argument)
        raise InputError(message) from error


def _numpy_name(dtype: Any) -> str:
    try:
        return np.dtype(dtype).name
    except TypeError:
        return str(dtype)
