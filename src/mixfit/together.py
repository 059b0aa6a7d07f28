"""A change to the whole process that several threads want at once: made by the first, undone by the last.

Warning filters and a logger's level belong to the process. If every fit put them back by itself, fits in several
threads would put back each other's changes, and the last one would leave them changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Lock


class Together:
    """Calling it gives a context in which the change is made.

    Args:
        change: makes it when entered, and undoes it when left.
    """

    def __init__(self, change: Callable[[], AbstractContextManager[object]]) -> None:
        self._change = change
        self._lock = Lock()
        self._n_inside = 0
        self._made = ExitStack()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """The context; any number of threads may be in it."""
        with self._lock:
            if not self._n_inside:
                self._made.enter_context(self._change())
            self._n_inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_inside -= 1
                if not self._n_inside:
                    self._made.close()
