"""The jobs of a sweep: which there are, what their folders are called, and which of them still have to run.

A job's folder is named by what was typed for it, in alphabetical order, so the same job has the same folder however
and whenever the sweep is typed. That is what lets a sweep that was killed go on: a folder that says `done`, with the
configuration that the job would have, is that job. A finished run is never written over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from pathlib import PurePath

from hydra.core.override_parser.types import Override

from mixfit.errors import InputError

LONGEST_NAME = 150
"""Bytes of a folder's name; file systems take 255."""


@dataclass(frozen=True)
class Job:
    """One run of a sweep: its overrides as they would be typed for it alone, and its folder below the sweep's."""

    overrides: tuple[str, ...]
    name: str


def jobs_of(overrides: Sequence[Override]) -> list[Job]:
    """Every combination of the values given, each once, in the order typed: the last key changes fastest.

    Of a key that is given twice the last holds, so that what is typed wins over what an experiment says.
    """
    typed = (tuple(job) for job in product(*choices_of(overrides).values()))
    return [Job(job, name_of(job)) for job in dict.fromkeys(typed)]


def swept_keys(overrides: Sequence[Override]) -> list[str]:
    """The keys that have several values, dotted, without the prefixes of the override grammar."""
    return sorted(key.lstrip("+~") for key, choices in choices_of(overrides).items() if len(set(choices)) > 1)


def choices_of(overrides: Sequence[Override]) -> dict[str, list[str]]:
    """For every key that is overridden, the overrides to choose from."""
    return {override.get_key_element(): list(_choices(override)) for override in overrides}


def name_of(overrides: Sequence[str]) -> str:
    """`n_components-4_optimizer-em`: no character that a shell or Hydra would make the user quote.

    Where that loses something of a value, as of a path or a list, or the name gets too long, a digest tells it apart.
    """
    ours = [override.lstrip("+~") for override in overrides if not override.startswith("hydra")]
    typed = sorted(override.partition("=")[::2] for override in ours)
    last = Counter(key.rpartition(".")[2] for key, _ in typed)
    words = (
        f"{key.rpartition('.')[2] if last[key.rpartition('.')[2]] == 1 else key}-{_shortened(value)}"
        for key, value in typed
    )
    name = "_".join(words) or "defaults"
    if all(_shortened(value) == value for _, value in typed) and len(name.encode()) <= LONGEST_NAME:
        return name
    digest = sha256("\n".join(sorted(ours)).encode()).hexdigest()[:8]
    return f"{name.encode()[: LONGEST_NAME - 9].decode(errors='ignore')}-{digest}"


def quoted(value: str) -> str:
    """A value as Hydra's grammar takes it, in quotes if it has to be."""
    if re.fullmatch(r"[\w./+-]+", value, re.ASCII):
        return value
    escaped = value.replace("'", "\\'")
    return f"'{escaped}'"


def _choices(override: Override) -> Iterator[str]:
    key = override.get_key_element()
    if not override.is_sweep_override():
        yield key if override.is_delete() else f"{key}={override.get_value_element_as_str()}"
    elif override.is_discrete_sweep():
        yield from (f"{key}={value}" for value in override.sweep_string_iterator())
    else:
        raise InputError(
            f"{override.input_line}: an interval has no end of values, and this sweep tries each; list them, "
            f"as in {key}=0.1,0.2, or give {key}=range(start,stop,step)"
        )


def _shortened(value: str) -> str:
    """A value without what file names do not like; of a path only the file."""
    return re.sub(r"[^\w.,-]+", "-", PurePath(value).name).strip("-.") or "none"
