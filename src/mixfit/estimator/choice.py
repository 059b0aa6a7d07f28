"""What the arguments of an estimator leave to be chosen: K where it is "auto", the family where that is."""

from __future__ import annotations

from typing import Any

from mixfit import chosen
from mixfit.errors import InputError
from mixfit.estimator.fitted import FittedMixture
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.search import Search
from mixfit.selecting import AUTO, Question


def k_of(estimator: FittedMixture) -> int | None:
    """K where it is given."""
    return None if estimator.n_components == AUTO else int(estimator.n_components)


def family_of(estimator: FittedMixture) -> type[Covariance] | None:
    """The family that the arguments ask for; None where it is to be chosen."""
    closed_form = chosen.closed_form(estimator.optimizer)
    if closed_form is not None and closed_form.family is not None:
        return closed_form.family
    return None if estimator.covariance_type == AUTO else chosen.family(estimator.covariance_type)


def question_of(estimator: FittedMixture, search: Search, seed: int) -> Question | None:
    """What is left to be chosen, if anything; raises `InputError` for arguments that nothing can be chosen with."""
    arguments: dict[str, Any] = estimator.get_params(deep=False)
    n_components, family = k_of(estimator), family_of(estimator)
    if n_components is not None and family is not None:
        return None
    for name in ("weights_init", "means_init", "precisions_init"):
        if arguments[name] is not None:
            raise InputError(f"{name} is the start of one mixture, and 'auto' chooses between many; leave it out")
    if arguments["criterion"] == "nll/val":
        raise InputError("criterion='nll/val': fit has no held-out points to choose by; choose 'bic' or 'icl'")
    names = chosen.families_of_auto() if family is None else [chosen.name_of_family(family)]
    return Question(
        families={name: chosen.family(name) for name in names},
        n_components=n_components,
        max_components=int(arguments["max_components"]),
        criterion=arguments["criterion"],
        floor=float(arguments["reg_covar"]),
        search=search,
        assignment=chosen.assignment(estimator.optimizer),
        seed=seed,
    )
