"""Points some at a time, on all threads: each thread keeps to its own chunks, so none waits for another.

A thread that works through a chunk alone has everything in its core's cache; one operation shared by all threads would
be over before they have met. Chunks are gathered into panels, and panels are added up in their own order, so that the
result does not depend on how many threads there are, nor on which was quicker.

Torch's own threads, when they have just shared an operation, go on spinning for some milliseconds and take the cores
from ours. So they rest during a pass; and during a whole fit, which makes pass after pass with little between.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from threading import Barrier, Lock
from typing import TypeVar

import torch

MOST_CHUNKS, LEAST_PANELS = 8, 8
"""A panel has so many chunks, or fewer where there would not be as many panels."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def panels(n_points: int, rows: int) -> list[list[slice]]:
    """All points in chunks of so many rows, gathered into panels; one empty chunk if there are no points."""
    chunks = [slice(first, min(first + rows, n_points)) for first in range(0, max(1, n_points), rows)]
    size = min(MOST_CHUNKS, max(1, len(chunks) // LEAST_PANELS))
    return [chunks[first : first + size] for first in range(0, len(chunks), size)]


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """The function of each item, in their order, computed on as many threads as torch has here.

    Each works on one item by itself. Not more than two items per thread are taken ahead. What is done with the results
    meanwhile has one thread.
    """
    n_threads = _of_passes.get() or torch.get_num_threads()
    if n_threads == 1:
        yield from map(function, items)
        return
    pool, rest = _pool(n_threads), iter(items)
    waiting: deque[Future[Result]] = deque(pool.submit(function, item) for item in islice(rest, 2 * n_threads))
    with threads_for_passes_alone():
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in islice(rest, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()


_of_passes: ContextVar[int | None] = ContextVar("threads of passes", default=None)
"""How many threads passes have that this thread makes; None for as many as torch has."""


@contextmanager
def threads_for_passes_alone() -> Iterator[None]:
    """Inside, passes have as many threads as torch had before, and torch's own operations one."""
    n_threads, of_passes = torch.get_num_threads(), _of_passes.get()
    _of_passes.set(of_passes or n_threads)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
        _of_passes.set(of_passes)


_lock = Lock()
_pools: dict[int, ThreadPoolExecutor] = {}


def _pool(n_threads: int) -> ThreadPoolExecutor:
    """Threads in which an operation of torch keeps to its thread.

    What they are told becomes torch's choice for every new thread of the process, so it is taken back at once.
    """
    with _lock:
        if n_threads not in _pools:
            before = torch.get_num_threads()
            met = Barrier(n_threads + 1)
            pool = _pools[n_threads] = ThreadPoolExecutor(n_threads, "mixfit-pass")
            for _ in range(n_threads):
                pool.submit(_alone, met)
            met.wait()
            torch.set_num_threads(before)
        return _pools[n_threads]


def _alone(met: Barrier) -> None:
    torch.get_num_threads()  # a thread takes the common choice when torch is first used in it, and keeps its own after
    torch.set_num_threads(1)
    met.wait()


if hasattr(os, "register_at_fork"):  # a forked process has the pool and not its threads
    os.register_at_fork(after_in_child=_pools.clear)
