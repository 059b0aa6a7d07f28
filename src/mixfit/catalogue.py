"""What the YAML files offer: groups, their choices, and the keys and defaults of each. Read here and nowhere else.

Without Hydra and OmegaConf, which take longer to import than all of these files to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mixfit.errors import InputError
from mixfit.kinds import written
from mixfit.plain_yaml import dotted, parsed
from mixfit.spelling import nearest

HERE = Path(__file__).resolve()

CONFIGS = next(
    folder.resolve() for folder in (HERE.with_name("configs"), HERE.parents[2] / "configs") if folder.is_dir()
)
"""Inside the package where it is installed; in a checkout a link there leads to the folder at the top, and where the
system has no links that folder is found without."""

MISSING = "???"
"""The default of a key that must be given."""


@cache
def groups() -> tuple[str, ...]:
    """The groups in the order of the table of contents; `experiment`, which may change any of them, is the last."""
    return tuple(default_choices())


@cache
def default_choices() -> dict[str, str | None]:
    """What is chosen of each group unless something else is asked for."""
    entries = _content(CONFIGS / "train.yaml")["defaults"]
    named = (next(iter(entry.items())) for entry in entries if isinstance(entry, dict))
    return {group: choice for group, choice in named if not group.startswith("override ")}


@cache
def options(group: str) -> tuple[str, ...]:
    """The choices of a group."""
    return tuple(sorted(path.stem for path in (CONFIGS / group).glob("*.yaml")))


@cache
def parts(group: str) -> tuple[str, ...]:
    """The choices of a group that stand for a part of their own, and not for several to choose from."""
    return tuple(name for name in options(group) if f"{group}._target_" in defaults_of(group, name))


@cache
def defaults_of(group: str, choice: str) -> dict[str, Any]:
    """The keys of a choice, dotted, and their defaults."""
    return dict(dotted(_content(CONFIGS / group / f"{choice}.yaml"), f"{group}."))


@cache
def defaults_of_no_group() -> dict[str, Any]:
    """The keys that belong to no group, dotted, and their defaults."""
    content = _content(CONFIGS / "train.yaml")
    return dict(dotted({key: value for key, value in content.items() if key not in ("defaults", "hydra")}))


def check_choice(group: str, choice: object, is_offered: Callable[[str], bool] | None = None) -> None:
    """Raises `InputError`, which names the nearest, if the group has no such choice; no experiment is one too.

    Of a group some of whose choices make no sense somewhere, the message names those that are offered.
    """
    if choice in options(group) or (choice is None and group == "experiment"):
        return
    known = [option for option in options(group) if is_offered is None or is_offered(option)]
    hint = nearest(str(choice), known)
    others = f" (there are: {', '.join(known)})" if hint.startswith("did") else ""
    raise InputError(f"{group}={written(choice)}: there is no such choice; {hint}{others}")


def defaults(choices: Mapping[str, str | None]) -> dict[str, Any]:
    """Every key of the configuration, dotted, and its default, for the choices made; choices of others add nothing."""
    ours = {group: choices.get(group) for group in groups() if group != "experiment"}
    return defaults_of_no_group() | {
        key: value
        for group, choice in ours.items()
        if choice in options(group)
        for key, value in defaults_of(group, str(choice)).items()
    }


@cache
def experiment(name: str) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
    """What an experiment chooses, the values that it gives to dotted keys, and what it asks of Hydra (dotted too)."""
    content = _content(CONFIGS / "experiment" / f"{name}.yaml")
    entries = [next(iter(entry.items())) for entry in content.pop("defaults", []) if isinstance(entry, dict)]
    choices = {group.removeprefix("override ").strip(" /"): choice for group, choice in entries}
    of_hydra = content.pop("hydra", {})
    return choices, dict(dotted(content)), dict(dotted(of_hydra))


def choices_with(key: str) -> tuple[str, ...]:
    """The choices of the key's group that have this key."""
    group = key.partition(".")[0]
    return tuple(choice for choice in options(group) if key in defaults_of(group, choice))


@cache
def known_keys() -> frozenset[str]:
    """Every key of every choice, dotted; what stands for a part is not among them."""
    keys = set(defaults_of_no_group())
    for group in groups():
        if group != "experiment":
            keys.update(*(defaults_of(group, choice) for choice in options(group)))
    return frozenset(key for key in keys if not key.endswith("._target_"))


def headline(group: str, choice: str) -> str:
    """What the YAML file of a choice says of itself: its first comment that is neither to Hydra nor a command."""
    lines = (CONFIGS / group / f"{choice}.yaml").read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("# ") for line in lines if re.match(r"# (?!@|python )", line)), "")


def _content(path: Path) -> dict[str, Any]:
    content = parsed(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}
