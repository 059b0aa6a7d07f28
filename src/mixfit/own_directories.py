"""Directories of configurations that a user brings along: composed and looked through before Hydra acts on them.

Hydra configures its logging, calls its callbacks and makes its launcher as soon as it has composed a configuration,
which is before anything here is asked. What a YAML file adds to Hydra's own part can come from any group, under any
package, through any interpolation, so the files are not read one by one: what they add up to is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mixfit.catalogue import CONFIGS
from mixfit.configuration import check_hydra
from mixfit.errors import InputError
from mixfit.grammar import parsed
from mixfit.overrides import SEARCHED
from mixfit.sweep import quoted


def check_directories(directory: str | None, arguments: Sequence[str]) -> None:
    """Raises `InputError` if the user's own directories are none, or tell Hydra to import, call or start something.

    What is swept is left out: the sweeper composes every job, and asks the same.

    Args:
        directory: from the command line, beside those of `hydra.searchpath`.
        arguments: the overrides, each of which is right by itself.
    """
    typed = dict(zip(arguments, parsed(arguments), strict=True))
    searched = [argument for argument, override in typed.items() if override.key_or_group == SEARCHED]
    folders = [*([] if directory is None else [directory]), *_searched(searched)]
    if not folders:
        return
    for folder in folders:
        if not Path(folder).is_dir():
            raise InputError(f"{folder}: there is no such folder; give one that holds your own configurations")
    from hydra import compose, initialize_config_dir

    single = [
        argument
        for argument, override in typed.items()
        if argument not in searched and not override.is_sweep_override()
    ]
    places = ",".join(quoted(f"file://{Path(folder).absolute()}") for folder in folders)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        check_hydra(compose("train", [*single, f"{SEARCHED}=[{places}]"], return_hydra_config=True))


def _searched(arguments: Sequence[str]) -> Iterator[str]:
    """The folders of `hydra.searchpath`, of which the first that is given counts."""
    for override in parsed(arguments)[:1]:
        value = override.value()
        for place in value if isinstance(value, list) else [value]:
            yield str(place).removeprefix("file://")
