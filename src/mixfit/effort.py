"""How much a pass looks at, and what follows: how many threads, and how long Lightning is left out of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import torch

VISIT = 2_000_000
"""A full batch is used again until about this many numbers (N·K·D a pass) have been looked at, but at most 50 times,
before Lightning validates, logs and saves: often enough to watch, too seldom to cost."""

TINY = 5_000_000
"""Passes over fewer numbers than this run on one thread, where two would wait for each other."""

THREADS = torch.get_num_threads()
"""What torch chose for this machine, for passes that are not tiny."""


def passes_per_visit(numbers: int) -> int:
    """How often a full batch is used before Lightning looks up, if a pass looks at this many numbers."""
    return min(50, max(1, VISIT // max(1, numbers)))


def use_threads(numbers: int) -> None:
    """One thread for passes over few numbers; torch's own choice for others."""
    torch.set_num_threads(1 if numbers < TINY else THREADS)


_lock = Lock()
_under_way: list[int] = []
"""The number of threads before each computation that is under way in some thread: a new thread begins with the last
number that any of them set, which is not what the user chose."""


@contextmanager
def with_threads(numbers: int) -> Iterator[None]:
    """The same for a while, and with no more threads than there were."""
    with _lock:
        before = _under_way[0] if _under_way else torch.get_num_threads()
        _under_way.append(before)
    torch.set_num_threads(1 if numbers < TINY else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        with _lock:
            _under_way.remove(before)
