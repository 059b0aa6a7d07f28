"""From a composed configuration to what it leaves to be chosen, and back with the choice made."""

from __future__ import annotations

from omegaconf import DictConfig

from mixfit import chosen
from mixfit.build import options_of, search_of
from mixfit.errors import InputError
from mixfit.given.given import Given
from mixfit.mixtures.assignments import soft
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.search import Search
from mixfit.mixtures.selection import Cell
from mixfit.optimizers import ClosedForm
from mixfit.parts import optimizer_of, part, start_of
from mixfit.selecting import AUTO, Question


def build_question(config: DictConfig) -> Question | None:
    """What `model.n_components=auto` and `covariance=auto` leave to be chosen; None where nothing is.

    Raises `InputError` for a start that is given: it has a K and a family of its own.
    """
    optimizer, _, own = optimizer_of(options_of(config.optimizer))
    n_components = None if config.model.n_components == AUTO else config.model.n_components
    names = config.covariance.get("families")
    if n_components is not None and (own or names is None):
        return None
    if own or names is None:
        own = own or part("covariance", options_of(config.covariance), Covariance)
        families = {chosen.name_of_family(own): own}
    else:
        families = {name: chosen.family(name) for name in names}
    return Question(
        families=families,
        n_components=n_components,
        max_components=config.model.max_components,
        criterion=config.model.criterion,
        floor=config.model.floor,
        search=_search(config),
        assignment=optimizer.assign if isinstance(optimizer, type) and issubclass(optimizer, ClosedForm) else soft,
        seed=config.seed,
    )


def with_choice(config: DictConfig, cell: Cell | None) -> DictConfig:
    """The configuration that asks for what was chosen, where something was."""
    if cell is None:
        return config
    asked = config.copy()
    asked.model.n_components = cell.n_components
    if "families" in config.covariance:
        asked.covariance = {"_target_": chosen.defaults_of("covariance", cell.covariance)["_target_"]}
    return asked


def _search(config: DictConfig) -> Search:
    options = options_of(config.init)
    start = start_of(options)
    if isinstance(start, Given):
        raise InputError(
            "model.n_components=auto and covariance=auto choose between mixtures, and this init gives the start of "
            "one: choose an init that draws, as init=kmeans_plusplus, or name both"
        )
    return search_of(start, options, options_of(config.moves))
