"""One chunk of points for each core, and the results in the order of the chunks.

A chunk is looked at in many short steps. Threads that share every step wait for each other at the end of each, and
wait long when the machine has other work; threads that take whole chunks never wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

MOST_WORKERS = 8
"""Bounds the chunks that are in memory at a time."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`function` of every item, a few items at a time; items are taken, and results come, one after the other."""
    with _one_thread_each() as n_workers, ThreadPoolExecutor(n_workers) as pool:
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > n_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _one_thread_each() -> Iterator[int]:
    """How many workers to have, while torch leaves each of them to itself."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield min(n_threads, MOST_WORKERS)
    finally:
        torch.set_num_threads(n_threads)
