"""What is typed for a command over a run: the grammar and the checks of a fit, for the data group and the seed alone.

Everything else of a run is settled when it is fitted, so to give it here is a mistake that deserves an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.types import Override

from mixfit import catalogue
from mixfit.errors import InputError
from mixfit.grammar import is_hydras, parsed, typed
from mixfit.keys import key_of
from mixfit.overrides import checked_each
from mixfit.spelling import nearest


def checked(words: Sequence[str]) -> dict[str, Any]:
    """What is typed of the data group and the seed, each key with its one value.

    Raises `InputError` for anything else, and for whatever a fit would refuse.
    """
    overrides = parsed(words)
    for override in overrides:
        _check_is_about_points(override)
        _check_is_one_value(override)
    chosen, given = checked_each(overrides)
    return {key: values[0] for key, values in {**chosen, **given}.items()}


def _check_is_about_points(override: Override) -> None:
    key, known = override.key_or_group, catalogue.known_keys() | {*catalogue.groups()}
    ours = sorted(key for key in known if key in ("data", "seed") or key.startswith("data."))
    if key in ours:
        return
    if key in known or is_hydras(override) or key.endswith("._target_"):
        raise InputError(
            f"{typed(override)}: the run is fitted, and {key} belongs to a fit; "
            "only data, its keys and seed can be given here"
        )
    raise InputError(f"{key}: there is no such key; {nearest(key, ours)}")


def _check_is_one_value(override: Override) -> None:
    if override.is_sweep_override():
        text, key = typed(override), override.key_or_group
        entry = key_of(key)
        takes_lists = entry is not None and "list" in str(entry.kind)
        one_list = f", or write {key}=[{text.partition('=')[2]}] for one list" if takes_lists else ""
        raise InputError(f"{text}: several values, and this looks at one set of points; give one value{one_list}")
