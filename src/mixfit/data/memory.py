"""How much may be read at once: a small file can stand for more points than any memory holds.

A few megabytes of packed zeros unpack to gigabytes, and where memory ends, the operating system ends some process
without a word. A fit needs room for a few copies of its points, so a quarter of the memory is where reading stops.
"""

import os
from collections.abc import Iterable, Iterator
from math import inf
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from mixfit.errors import InputError

LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux says what a container may use."""

SHARE = 1 / 4


class HasPoints(Protocol):
    """Some rows of a table."""

    @property
    def points(self) -> npt.NDArray[np.float64]:
        """(n, D)."""
        ...


Chunk = TypeVar("Chunk", bound=HasPoints)


def is_too_large(n_bytes: float) -> bool:
    """Whether points of this size leave too little memory for a fit."""
    return n_bytes > SHARE * bytes_of_memory()


def within_memory(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The chunks, for as long as all of them together fit; raises `InputError` when they no longer do."""
    most, n_bytes = SHARE * bytes_of_memory(), 0
    for chunk in chunks:
        n_bytes += chunk.points.nbytes
        if n_bytes > most:
            raise InputError(
                f"its points are more than {n_bytes / 1e9:.3g} GB, and this machine has {most / SHARE / 1e9:.3g} GB of "
                "memory, of which a fit needs several times its points: convert the file to Parquet or NPY, which are "
                "read anew for every pass unless data.stream=false; or fit a sample of the rows, or fewer columns "
                "by data.columns=[...]"
            )
        yield chunk


def bytes_of_memory() -> float:
    """What this machine, or the container, has; infinite where neither says."""
    return min(_of_machine(), *map(_limit, LIMITS))


def _of_machine() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return inf


def _limit(path: str) -> float:
    try:
        with Path(path).open("rb") as file:
            return float(file.read())  # `max` where there is none
    except (OSError, ValueError):
        return inf
