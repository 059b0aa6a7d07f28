"""From the name of a choice, as `full` or `adam`, to the part that it stands for.

The YAML files are the one list of what there is, for a command as well as for Python: a family or an optimizer that
gets a file is known by its name everywhere. Hydra is not needed to read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from torch.optim import Optimizer

from mixfit import catalogue
from mixfit.errors import InputError
from mixfit.keys import refusal
from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.initializer import Initializer
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.moves import Move
from mixfit.optimizers import ClosedForm, Stopping
from mixfit.parts import GIVEN, move_of, optimizer_of, part
from mixfit.spelling import nearest


def family(name: str) -> type[Covariance]:
    """The covariance family of this name; raises `InputError`, which names the nearest, if there is none."""
    options = defaults_of("covariance", name)
    if "_target_" not in options:
        raise InputError(f"covariance={name} is a choice between families, and here one is needed; name it")
    return part("covariance", options, Covariance)


def families_of_auto() -> list[str]:
    """The names of the families that `covariance=auto` chooses between."""
    return [*defaults_of("covariance", "auto")["families"]]


def name_of_family(family_: type[Covariance]) -> str:
    """What the family is called where one chooses; raises `InputError` if it cannot be chosen."""
    for name in catalogue.parts("covariance"):
        if family(name) is family_:
            return name
    raise InputError(f"{family_.__name__} has no file in configs/covariance, so it has no name to be chosen by")


def initializer(name: str) -> Initializer:
    """The initializer of this name; raises `InputError`, which names the nearest, if there is none."""
    return part("init", defaults_of("init", name), FunctionType)


def move(name: str) -> tuple[Move, int | None]:
    """The move of this name, and how many turns it may gain nothing; raises `InputError` if there is none."""
    return move_of(defaults_of("moves", name))


def draws(name: str) -> bool:
    """Whether a start of this name is drawn from the points; if not, it is given.

    Raises `InputError`, which names the nearest, if there is none of this name.
    """
    return not str(defaults_of("init", name)["_target_"]).startswith(f"{GIVEN}.")


def optimizer(
    name: str, options: Mapping[str, Any]
) -> tuple[Callable[[Mixture], Optimizer], Stopping, type[Covariance] | None]:
    """What makes the optimizer, when it has converged, and the family that it insists on, if it does.

    Args:
        name: of the choice.
        options: what differs from its defaults, such as {"lr": 0.05}.

    Raises:
        InputError: for a name or an option that there is not, and for a value that an option cannot hold.
    """
    known = defaults_of("optimizer", name)
    for option, value in options.items():
        if option not in known or option == "_target_":
            raise InputError(f"optimizer.{option}: optimizer={name} has no such option; {nearest(option, [*known])}")
        if wrong := refusal(f"optimizer.{option}", value):
            raise InputError(wrong)
    return optimizer_of(known | dict(options))


def optimizer_class(name: object) -> type[Optimizer] | None:
    """The class of the optimizer of this name; None for a name that is not known here, as of one's own."""
    if name not in catalogue.options("optimizer"):
        return None
    return part("optimizer", defaults_of("optimizer", str(name)), Optimizer)


def closed_form(name: object) -> type[ClosedForm] | None:
    """The same of an optimizer that needs no gradient; None for any other."""
    found = optimizer_class(name)
    return found if found is not None and issubclass(found, ClosedForm) else None


def assignment(name: object) -> Assignment:
    """How the optimizer of this name shares points among components; softly where the name is not known here."""
    found = closed_form(name)
    return found.assign if found else soft


def defaults_of(group: str, name: str) -> dict[str, Any]:
    """The keys of a choice without their group, and their defaults; raises `InputError` if there is no such choice."""
    catalogue.check_choice(group, name)
    return {key.partition(".")[2]: value for key, value in catalogue.defaults_of(group, name).items()}
