"""Is the configuration that Hydra composed one that can run? Answered without torch and the data, so at once.

What was typed has been checked before (`mixfit.overrides`); this door sees what that one cannot: interpolations, the
user's own YAML files, and a configuration that was read from a run's folder. Both ask the one list in `mixfit.keys`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from omegaconf import DictConfig, OmegaConf

from mixfit import catalogue
from mixfit.errors import InputError
from mixfit.keys import refusal
from mixfit.plain_yaml import dotted
from mixfit.spelling import nearest


def check(config: DictConfig, choices: Mapping[str, str | None]) -> None:
    """Raises `InputError` for a key that nothing reads, one that is missing, and a value that its key cannot hold."""
    content = OmegaConf.to_container(config, resolve=True)
    assert isinstance(content, dict)  # a configuration is a mapping
    given, known = dict(dotted(content)), catalogue.defaults(choices)
    foreign = [group for group in catalogue.groups() if choices.get(group) not in (None, *catalogue.options(group))]
    for key, value in given.items():
        if key not in known and not key.startswith(tuple(f"{group}." for group in foreign)):
            raise InputError(f"{key}: nothing reads this key; {nearest(key, list(known))}")
        wrong = None if value == catalogue.MISSING else refusal(key, value)
        if wrong is not None:
            raise InputError(wrong)
    for key in sorted(known.keys() | _needed(foreign)):
        if given.get(key, catalogue.MISSING) == catalogue.MISSING:
            raise InputError(f"{key} is missing: give {key}=...")


def _needed(foreign: Collection[str]) -> set[str]:
    """What each of our own choices of these groups has, and so a user's own must have as well."""
    return {
        key
        for group in foreign
        if group != "experiment"
        for key in set.intersection(*(set(catalogue.defaults_of(group, name)) for name in catalogue.options(group)))
    }
