"""What Hydra's override grammar makes of the words that were typed: keys, and every value that each is to have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, QuotedString, Transformer
from hydra.errors import HydraException

from mixfit import catalogue
from mixfit.errors import InputError
from mixfit.plain_yaml import dotted
from mixfit.spelling import nearest


def parsed(arguments: Sequence[str]) -> list[Override]:
    """The overrides, read; `InputError` with what to write instead where one cannot be read."""
    return [_parsed(argument) for argument in arguments]


def typed(override: Override) -> str:
    """An override as it was written."""
    return override.input_line or ""


def is_hydras(override: Override) -> bool:
    """Whether it is meant for Hydra itself."""
    return override.key_or_group.partition("/")[0].partition(".")[0] == "hydra"


def chooses(override: Override) -> bool:
    """Whether it chooses from a group, and does not give a mapping of values to it."""
    return override.key_or_group in catalogue.groups() and not isinstance(override.value(), dict)


def pairs_of(override: Override) -> Iterator[tuple[str, list[Any]]]:
    """Dotted keys with all the values that they are given; a mapping gives values to the keys below."""
    values = list(values_of(override))
    if len(values) == 1 and isinstance(values[0], dict):
        yield from ((key, [value]) for key, value in dotted(values[0], f"{override.key_or_group}."))
    else:
        yield override.key_or_group, values


def values_of(override: Override) -> Iterator[Any]:
    """The one value, or each of the values of a sweep; the ends of an interval."""
    value: Any = override.value()
    if isinstance(value, Glob):
        yield from value.filter(list(catalogue.options(override.key_or_group)))
    elif not override.is_sweep_override():
        yield value
    elif override.is_discrete_sweep():
        yield from map(_plain, override.sweep_iterator(transformer=Transformer.identity))
    else:
        yield from (value.start, value.end)


def _plain(value: Any) -> Any:
    """A value without the quotes that the grammar keeps around the elements of a sweep."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.text if isinstance(value, QuotedString) else value


@cache
def _parsed(argument: str) -> Override:
    try:
        return _parser().parse_override(argument)
    except HydraException as error:
        raise InputError(f"{argument}: {_remedy(argument)}") from error


def _remedy(argument: str) -> str:
    """What to write instead of something that the grammar does not read."""
    key, equals, value = argument.partition("=")
    if not equals:
        known = [*catalogue.known_keys(), *catalogue.groups()]
        return f"expected a value, as in {key}=..." if key in known else f"expected key=value; {nearest(key, known)}"
    called = re.match(r"(range|choice|interval|glob)\[(.*)\]$", value)
    if called:
        return f"this cannot be read; write '{key}={called[1]}({called[2]})', with the quotes"
    return (
        "this cannot be read; a value with blanks, brackets, quotes or an equals sign in it needs both kinds of "
        f"""quotes, as in '{key}="{value.strip("'" + '"')}"'"""
    )


@cache
def _parser() -> OverridesParser:
    return OverridesParser.create()
