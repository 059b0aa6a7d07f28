"""From names and options to objects: nothing but parts of this package and torch's optimizers.

A configuration can come from a stranger, inside a run's folder, so what it names is never simply imported and called.
It is one name in a module of the package that its group's parts live in, defined there and not merely imported there,
and of the kind that the group needs. Other modules of ours are not even imported: some of them do what they are for.
Plain values come in, whoever read them, so this serves a command as well as somebody's Python.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import FunctionType
from typing import Any

from torch.optim import Optimizer

from mixfit.errors import InputError
from mixfit.given.given import Given
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.initializer import Initializer
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.moves import Move
from mixfit.optimizers import Aitken, ClosedForm, Plateau, Stopping
from mixfit.spelling import listed, nearest

GIVEN = "mixfit.given"
"""Where the starts live that are not drawn."""

PACKAGES = {
    "data": ("mixfit.data",),
    "covariance": ("mixfit.mixtures.covariances",),
    "moves": ("mixfit.mixtures.moves",),
    "init": ("mixfit.mixtures.initializers", GIVEN),
    "optimizer": ("mixfit.optimizers", "torch.optim"),
}
"""Where the parts of each group live: all that a configuration may name."""


def part(group: str, options: dict[str, Any], kind: type) -> Any:
    """The class or function that `_target_` names, which is taken out of the options.

    Raises `InputError` unless it is one of the group's packages' own, and an instance or a subclass of the kind; a
    source of points, whose kind is `object`, has a `load`.
    """
    name = str(options.pop("_target_"))
    module, _, attribute = name.rpartition(".")
    if not _is_within(module, group):
        raise InputError(f"{group}._target_={name}: a configuration may only name parts of {listed(PACKAGES[group])}")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"{group}._target_={name}: there is no such part; choose {group}=... instead") from error
    if not (_is_within(str(getattr(found, "__module__", "")), group) and _is_needed(found, kind)):
        raise InputError(f"{group}._target_={name} is not what {group} needs; choose {group}=... instead")
    return found


def _is_within(module: str, group: str) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in PACKAGES[group])


def _is_needed(found: object, kind: type) -> bool:
    if kind is FunctionType:
        return isinstance(found, FunctionType)
    return isinstance(found, type) and issubclass(found, kind) and (kind is not object or hasattr(found, "load"))


def called(group: str, target: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    """What the target makes of the options; raises `InputError` for an option that it does not have or take."""
    known = list(inspect.signature(target).parameters)
    for key in options:
        if key not in known:
            raise InputError(f"{group}.{key}: {target.__name__} has no such option; {nearest(key, known)}")
    try:
        return target(**options)
    except (TypeError, ValueError, RuntimeError, IndexError) as error:
        raise error if isinstance(error, InputError) else InputError(f"{group}: {error}") from error


def start_of(options: dict[str, Any]) -> Initializer | Given:
    """The initializer, or the start that is given and made of the options; `_target_` is taken out of them."""
    if not str(options["_target_"]).startswith(f"{GIVEN}."):
        found: Initializer = part("init", options, FunctionType)
        return found
    start: Given = called("init", part("init", options, Given), options)
    return start


def move_of(options: dict[str, Any]) -> tuple[Move, int | None]:
    """The move, and how many turns it may gain nothing; `_target_` and `patience` are taken out of the options."""
    found: Move = part("moves", options, FunctionType)
    patience = options.pop("patience", None)
    for key in options:
        raise InputError(f"moves.{key}: a move has no such option; {nearest(key, ['patience'])}")
    return found, patience


def optimizer_of(
    options: dict[str, Any],
) -> tuple[Callable[[Mixture], Optimizer], Stopping, type[Covariance] | None]:
    """What makes the optimizer, when it has converged, and the family that it insists on, if it does."""
    target = part("optimizer", options, Optimizer)
    if issubclass(target, ClosedForm):
        return target, called("optimizer", Aitken, options), target.family
    import_module("torch._dynamo")  # a second or two at the first step, with which no fit should be charged
    stopping_keys = inspect.signature(Plateau).parameters
    stopping = called("optimizer", Plateau, {key: options.pop(key) for key in stopping_keys if key in options})
    build = partial(called, "optimizer", target)
    return lambda mixture: build(options | {"params": mixture.parameters()}), stopping, None
