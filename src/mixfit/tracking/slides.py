"""When a fit is worth a picture: often enough to watch it learn, too seldom to cost.

Passes between pictures grow by a constant factor, because most happens early; and however fast the fit, drawing takes
at most a tenth of its time. So which passes are drawn depends on the clock, and nothing else does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST = 6
"""Pictures between the first and the last."""

SPACING = 3.0
SHARE = 0.1


class Slides:
    """The pictures of a fit between its first and its last.

    Args:
        passes: that the fit has made already.
        clock: tells the seconds.
    """

    def __init__(self, passes: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.began = clock()
        self.seconds = 0.0
        self.next = max(1.0, SPACING * passes)
        self.left = MOST

    def is_due(self, passes: float) -> bool:
        """Whether the next picture should be drawn now."""
        return self.left > 0 and passes >= self.next and self.seconds <= SHARE * (self.clock() - self.began)

    def drawn_at(self, passes: float) -> None:
        """Waits for the next passes worth a picture."""
        self.next = SPACING * passes
        self.left -= 1

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Counts what drawing takes."""
        began = self.clock()
        yield
        self.seconds += self.clock() - began
