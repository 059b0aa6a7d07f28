"""Is the configuration that Hydra composed one that can run? Answered without torch and the data, so at once.

What was typed has been checked before (`mixfit.overrides`); this door sees what that one cannot: interpolations, the
user's own YAML files, and a configuration that was read from a run's folder. Both ask the one list in `mixfit.keys`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from mixfit import catalogue
from mixfit.errors import InputError
from mixfit.hydra_settings import check_composed
from mixfit.keys import refusal
from mixfit.plain_yaml import dotted
from mixfit.spelling import nearest

REFERENCE = re.compile(r"\$\{([\w.]+)\}")
"""The value of another key; where a function is called there is a colon."""

MOST_REFERENCES = 20


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


def check_from_folder(content: Mapping[str, object], place: Path) -> None:
    """Raises `InputError` if a configuration from a folder stands for more than it says.

    A value may be that of another key. What is asked of this machine, as its environment, and what grows by being
    written out, a stranger could use; whoever typed it can write the value itself.

    Args:
        content: dotted.
        place: of the file.
    """
    referring = {key: str(value) for key, value in content.items() if "${" in str(value)}
    for key, value in referring.items():
        named = REFERENCE.fullmatch(value)
        if named is None or named[1] not in content or named[1] in referring or len(referring) > MOST_REFERENCES:
            raise InputError(
                f"{place}: {key}={value[:99]} stands for something else, and the folder may come from another machine; "
                "write the value itself there"
            )


def check_hydra(config: DictConfig) -> None:
    """Raises `InputError` if a composed configuration tells Hydra to import, call or start something."""
    content = OmegaConf.to_container(config.hydra, resolve=False)
    assert isinstance(content, dict)  # a configuration is a mapping
    check_composed({str(key): value for key, value in content.items()})


def _needed(foreign: Collection[str]) -> set[str]:
    """What each of our own choices of these groups has, and so a user's own must have as well."""
    return {
        key
        for group in foreign
        if group != "experiment"
        for key in set.intersection(*(set(catalogue.defaults_of(group, name)) for name in catalogue.parts(group)))
    }
