"""What comes next is made ready in a thread while what is there is used.

Readers of files spend their time outside of Python's lock, so reading costs a fit next to nothing as long as it is
quicker than the arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

DEPTH = 2
"""How many items wait to be used."""

SECONDS = 0.1
"""After which the thread looks whether anybody still waits for it."""


@dataclass(frozen=True)
class _Ended:
    """The end of the items, and why if there is a reason."""

    error: BaseException | None = None


class _Item(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value = value


def ahead(items: Iterable[T], depth: int = DEPTH) -> Iterator[T]:
    """The same items in the same order; an error comes where the items would have raised it."""
    queue: Queue[_Item[T] | _Ended] = Queue(depth)
    unwanted = Event()
    thread = Thread(target=_fill, args=(queue, items, unwanted), daemon=True)
    thread.start()
    try:
        while not isinstance(item := queue.get(), _Ended):
            yield item.value
        if item.error is not None:
            raise item.error
    finally:
        unwanted.set()
        thread.join()


def _fill(queue: Queue[_Item[T] | _Ended], items: Iterable[T], unwanted: Event) -> None:
    try:
        for value in items:
            _put(queue, _Item(value), unwanted)
            if unwanted.is_set():
                return
        _put(queue, _Ended(), unwanted)
    except BaseException as error:  # whoever uses the items is to see it
        _put(queue, _Ended(error), unwanted)


def _put(queue: Queue[_Item[T] | _Ended], item: _Item[T] | _Ended, unwanted: Event) -> None:
    while not unwanted.is_set():
        try:
            queue.put(item, timeout=SECONDS)
        except Full:
            continue
        return
