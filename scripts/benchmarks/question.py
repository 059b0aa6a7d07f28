"""What a file that asks a question has to offer."""

from __future__ import annotations

from typing import Protocol

from scripts.benchmarks.result import Repetitions
from scripts.benchmarks.table import Table


class Question(Protocol):
    """A module with these two functions."""

    def measure(self) -> Repetitions:
        """Every fit or every timing there was, in the order they ran."""
        ...

    def table(self, repetitions: Repetitions) -> Table:
        """What the repetitions say, beside what was promised."""
        ...
