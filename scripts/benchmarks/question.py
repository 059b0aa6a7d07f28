"""What a file that asks a question has to offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from scripts.benchmarks.result import Repetitions
from scripts.benchmarks.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Question(Protocol):
    """A module with these two functions."""

    def measure(self) -> Repetitions:
        """Every fit or every timing there was, in the order they ran."""
        ...

    def table(self, repetitions: Repetitions) -> Table:
        """What the repetitions say, beside what was promised."""
        ...


@runtime_checkable
class Pictured(Protocol):
    """A question that also draws what it found."""

    def figure(self, repetitions: Repetitions) -> Figure:
        """The picture that stands above the table."""
        ...
