"""Do the arguments of an estimator agree with the mixture that it holds?

They may have been changed since it was fitted, or stand in a file beside a mixture that they did not make. A fit that
goes on, and one that is kept or comes back, asks here first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixfit import catalogue, chosen
from mixfit.errors import InputError
from mixfit.estimator.arguments import INITIALIZERS, check_arguments
from mixfit.estimator.choice import family_of, k_of
from mixfit.estimator.fitted import FittedMixture
from mixfit.estimator.initial import initial_of
from mixfit.mixtures.density import Density


def check_continues(estimator: FittedMixture, density: Density) -> None:
    """Raises `InputError` unless the density is of the kind that the estimator's arguments ask for or may choose."""
    covariance = density.mixture.covariance
    family, n_components = family_of(estimator) or type(covariance), k_of(estimator) or covariance.n_components
    if (type(covariance), covariance.n_components) != (family, n_components):
        raise InputError(
            f"the mixture that is there has {covariance.n_components} components of the family "
            f"{type(covariance).__name__}, and n_components={estimator.n_components}, covariance_type="
            f"{estimator.covariance_type!r} and optimizer={estimator.optimizer!r} ask for {estimator.n_components} of "
            f"{family.__name__}; set them back, or begin with a new estimator"
        )


def check_keeps(estimator: FittedMixture, density: Density) -> None:
    """Raises `InputError` unless the arguments can be, and could have made this density."""
    arguments = estimator.get_params(deep=False)
    check_arguments(arguments | _known_parts(arguments))
    check_continues(estimator, density)
    initial_of(density.mixture.covariance, *(arguments[f"{name}_init"] for name in ("weights", "means", "precisions")))


def _known_parts(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A part of ours in place of an optimizer or a start that is elsewhere or was given: what it has fitted is here."""
    known: dict[str, dict[str, Any]] = {
        "optimizer": {"optimizer": "em", "optimizer_options": None},
        "init_params": {"init_params": "points"},
    }
    there = {
        "optimizer": catalogue.options("optimizer"),
        "init_params": (*filter(chosen.draws, catalogue.options("init")), *INITIALIZERS),
    }
    foreign = (name for name in known if isinstance(arguments[name], str) and arguments[name] not in there[name])
    return {name: value for stranger in foreign for name, value in known[stranger].items()}
