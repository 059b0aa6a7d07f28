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
"""Characters of a folder's name; file systems take 255 bytes."""


@dataclass(frozen=True)
class Job:
    """One run of a sweep: its overrides as they would be typed for it alone, and its folder below the sweep's."""

    overrides: tuple[str, ...]
    name: str


def jobs_of(overrides: Sequence[Override]) -> list[Job]:
    """Every combination of the values given, each once, in the order typed: the last key changes fastest.

    Of a key that is given twice the last holds, so that what is typed wins over what an experiment says.
    """
    typed = [tuple(job) for job in product(*choices_of(overrides).values())]
    jobs = list(dict.fromkeys(typed))
    return [Job(job, name) for job, name in zip(jobs, _names(jobs), strict=True)]


def swept_keys(overrides: Sequence[Override]) -> list[str]:
    """The keys that have several values, dotted, without the prefixes of the override grammar."""
    return sorted(key.lstrip("+~") for key, choices in choices_of(overrides).items() if len(set(choices)) > 1)


def choices_of(overrides: Sequence[Override]) -> dict[str, list[str]]:
    """For every key that is overridden, the overrides to choose from."""
    return {override.get_key_element(): list(_choices(override)) for override in overrides}


def name_of(overrides: Sequence[str]) -> str:
    """`n_components-4_optimizer-em`: no character that a shell or Hydra would make the user quote."""
    ours = (override.lstrip("+~") for override in overrides)
    typed = sorted(override.partition("=") for override in ours if not override.startswith("hydra"))
    last = Counter(key.rpartition(".")[2] for key, _, _ in typed)
    words = (
        f"{key.rpartition('.')[2] if last[key.rpartition('.')[2]] == 1 else key}-{_shortened(value)}"
        for key, _, value in typed
    )
    return "_".join(words) or "defaults"


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


def _names(jobs: Sequence[tuple[str, ...]]) -> list[str]:
    """A name per job; where two would be the same, as files of one name in two folders are, all get a digest."""
    short = [name_of(job) for job in jobs]
    times = Counter(name.lower() for name in short)  # some file systems do not tell A from a
    return [
        name if times[name.lower()] == 1 and len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 9]}-{_digest(job)}"
        for name, job in zip(short, jobs, strict=True)
    ]


def _shortened(value: str) -> str:
    """A value without what file names do not like; of a path only the file."""
    return re.sub(r"[^\w.,-]+", "-", PurePath(value).name).strip("-.") or "none"


def _digest(job: Sequence[str]) -> str:
    return sha256("\n".join(sorted(job)).encode()).hexdigest()[:8]
