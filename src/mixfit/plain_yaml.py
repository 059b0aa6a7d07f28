"""YAML as OmegaConf means it, without OmegaConf, which takes ten times as long to read it."""

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


def parsed(text: str) -> Any:
    """What the text says, in plain values; `yaml.YAMLError` or `ValueError` if it is not YAML."""
    return yaml.load(text, _Loader)


def dotted(content: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a nested mapping, its levels joined by dots, with its value."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
