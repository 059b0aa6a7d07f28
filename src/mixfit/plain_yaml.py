"""YAML as OmegaConf means it, without OmegaConf, which takes ten times as long to read it.

A file may come from a stranger. Tags make plain values or nothing; and since a few lines of aliases can stand for more
values than any memory holds, and a few thousand brackets overflow libyaml's stack, which ends the process, the shape
of a text is looked at before anything is made of it. No configuration that is written here has aliases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads scalars as OmegaConf does: 1e-07 is a number, which YAML 1.1 takes for a word, and dates are words."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML's own way to say it)
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


LONGEST = 2**20
"""Characters of the longest text that is read."""

DEEPEST = 50
"""Levels of the deepest."""


def parsed(text: str) -> Any:
    """What the text says, in plain values; `yaml.YAMLError` or `ValueError` if it is not YAML, or none of ours."""
    _check_shape(text)
    return yaml.load(text, _Loader)


def _check_shape(text: str) -> None:
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} characters are more than a configuration has")
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > DEEPEST:
            raise ValueError("it has aliases or more levels than a configuration has")


def dotted(content: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a nested mapping, its levels joined by dots, with its value."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
