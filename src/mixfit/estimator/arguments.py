"""What the arguments of the estimator may hold: the same as the keys that they stand for, in the same words.

An argument that scikit-learn has keeps its name; behind it stands a key of the configuration, whose type and range are
written down once, in `mixfit.keys`. All is checked before anything else is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state
from torch.linalg import LinAlgError  # type: ignore[attr-defined]
from torch.optim import Optimizer

from mixfit import catalogue, chosen
from mixfit.errors import InputError
from mixfit.keys import KEYS, Key
from mixfit.kinds import Number, Truth
from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.mixture import Mixture
from mixfit.optimizers import Stopping
from mixfit.portable.tensors import DTYPES

KEY_OF = {
    "n_components": "model.n_components",
    "max_components": "model.max_components",
    "criterion": "model.criterion",
    "reg_covar": "model.floor",
    "max_iter": "trainer.max_epochs",
    "batch_size": "data.batch_size",
    "tol": "optimizer.tolerance",
    "n_init": "init.restarts",
    "dtype": "trainer.precision",
}
"""Arguments, and the keys whose place they take."""

CHECKS: Mapping[str, Key] = {
    "n_components": KEYS["model.n_components"],
    "max_components": KEYS["model.max_components"],
    "criterion": KEYS["model.criterion"],
    "reg_covar": Key(Number(least=0, most=1), "smallest variance in any direction as a part of the data's"),
    "max_iter": KEYS["trainer.max_epochs"],
    "batch_size": KEYS["data.batch_size"],
    "tol": Key(KEYS["optimizer.tolerance"].kind, "gain that is too small to go on for", null="the optimizer's own"),
    "n_init": KEYS["init.restarts"],
    "warm_start": Key(Truth(), "whether a fit begins where the last one ended"),
}

GROUP_OF = {"covariance_type": "covariance", "optimizer": "optimizer", "init_params": "init", "moves": "moves"}
"""Arguments, and the groups of the configuration whose choices they name."""

INITIALIZERS = {"k-means++": "kmeans_plusplus", "random_from_data": "points"}
"""scikit-learn's names for starts that have another one here."""


DEVICES = ("cpu", "cuda", "mps")


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Raises `InputError`, which names the argument, for a value that it cannot hold."""
    for name, key in CHECKS.items():
        value = arguments[name]
        if problem := key.problem(value.item() if isinstance(value, np.generic) else value):
            raise InputError(f"{name}={value!r}: {in_python(problem)}")
    for name, group in GROUP_OF.items():
        _check_choice(name, group, arguments[name])
    dtype_of(arguments["dtype"])
    if arguments["device"] is not None:
        _named_device(arguments["device"])
    _check_seed(arguments["random_state"])
    with speaking_of_arguments():
        make, _, _ = optimizer_of(arguments["optimizer"], arguments["optimizer_options"], arguments["tol"])
        make(Mixture(Full(1, 1)))  # torch has its own rules, as for SGD's nesterov


def dtype_of(dtype: Any) -> torch.dtype:
    """Torch's type for what people call it: "float64", np.float64, float, torch.float64."""
    name = str(dtype).removeprefix("torch.") if isinstance(dtype, (str, torch.dtype)) else _numpy_name(dtype)
    if name not in DTYPES:
        raise InputError(f"dtype={dtype!r}: a likelihood needs the digits of {' or '.join(DTYPES)}; choose one")
    return DTYPES[name]


def device_of(device: Any, dtype: Any, points: torch.Tensor) -> torch.device:
    """Where to compute: on this device, or where the points are; raises `InputError` where this cannot be done."""
    found = _named_device(points.device if device is None else device)
    with _about_device(device):
        torch.empty(0, device=found)
    if found.type == "mps" and dtype_of(dtype) is torch.float64:
        raise InputError(f"device={str(found)!r} has no float64; choose dtype='float32' or device='cpu'")
    return found


def optimizer_of(
    name: str, options: Any, tol: float | None
) -> tuple[Callable[[Mixture], Optimizer], Stopping, type[Covariance] | None]:
    """What makes the optimizer, when it has converged, and the family that it insists on, as `chosen.optimizer`."""
    if not isinstance(options, Mapping | None):
        raise InputError(f"optimizer_options={options!r}: expected a dictionary, as in {{'lr': 0.05}}, or None")
    given = {str(option): _plain(value) for option, value in (options or {}).items()}
    return chosen.optimizer(name, given if tol is None else given | {"tolerance": float(tol)})


@contextmanager
def speaking_of_arguments() -> Iterator[None]:
    """Errors that name a key name the argument that stands for it instead.

    Without a floor, which only the estimator allows, a covariance may lose its inverse; that is an error with a remedy.
    """
    try:
        yield
    except InputError as error:
        raise InputError(in_python(str(error))) from error
    except LinAlgError as error:
        raise InputError(
            "a component has collapsed: its points do not fill all dimensions, so its covariance has no inverse; raise "
            "reg_covar, lower n_components, or choose covariance_type='diag'"
        ) from error


def in_python(message: str) -> str:
    """The words of a configuration in those of Python: arguments for keys, None for null, names in quotes."""
    for argument, key in KEY_OF.items():
        message = message.replace(key, argument)
    message = re.sub(r"\bcovariance=(\w+)", r"covariance_type='\1'", message)
    message = re.sub(r"\boptimizer\.(\w+)", r"\1 in optimizer_options", message)
    for word, meant in {"null": "None", "true": "True", "false": "False"}.items():
        message = re.sub(rf"\b{word}\b", meant, message)
    return message


def _check_choice(name: str, group: str, value: object) -> None:
    choice = INITIALIZERS.get(value, value) if isinstance(value, str) else str(value)
    if group == "init" and choice in catalogue.options(group) and not chosen.draws(choice):
        raise InputError(
            f"{name}={value!r}: names a start that is given to a command; here give weights_init, means_init and "
            f"precisions_init, or mixfit.load the folder and set warm_start=True, with {name}='kmeans_plusplus'"
        )
    try:
        catalogue.check_choice(group, choice, chosen.draws if group == "init" else None)
    except InputError as error:
        raise InputError(f"{name}={value!r}:{str(error).partition(':')[2]}") from error


def _check_seed(random_state: object) -> None:
    """What scikit-learn takes, and every number that `seed=` may be."""
    if KEYS["seed"].kind.holds(random_state):
        return
    try:
        check_random_state(random_state)
    except ValueError as error:
        raise InputError(
            f"random_state={random_state!r}: expected None, a whole number or a numpy.random.RandomState, as in "
            "scikit-learn; of a numpy.random.Generator give generator.integers(2**32)"
        ) from error


def _plain(value: Any) -> Any:
    """A value as a configuration has it: lists for tuples, Python's numbers for NumPy's."""
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, tuple) else value


def _named_device(device: Any) -> torch.device:
    """The device of this name, wherever it is; raises `InputError` for a name that no device has."""
    with _about_device(device):
        found = torch.device(device)
        if found.type not in DEVICES:
            raise RuntimeError(f"it is none of {', '.join(DEVICES)}")
    return found


@contextmanager
def _about_device(device: Any) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, AssertionError, TypeError, ValueError) as error:  # torch says so in all of these ways
        why = str(error).splitlines()[0]
        raise InputError(f"device={device!r}: there is no such device here ({why}); choose cpu or None") from error


def _numpy_name(dtype: Any) -> str:
    try:
        return np.dtype(dtype).name
    except TypeError:
        return str(dtype)
