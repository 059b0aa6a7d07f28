"""What a file that asks a question has to offer, beside `configs/experiment/<its name>.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from mixfit.runs import Run
from scripts.benchmarks.result import Repetitions
from scripts.benchmarks.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Question(Protocol):
    """A module with these names."""

    QUESTION: str
    """In one sentence."""

    BESIDE: Sequence[str]
    """Commands whose runs are needed as well, in the same folder as the experiment's own."""

    def measure(self, runs: Sequence[Run]) -> Repetitions:
        """A row for each run, in plain numbers and words, of which everything below is made."""
        ...

    def answer(self, rows: Repetitions) -> list[str]:
        """Sentences that follow from the rows; raises `ValueError` where they do not allow any."""
        ...

    def table(self, rows: Repetitions) -> Table:
        """The numbers behind the sentences."""
        ...

    def figure(self, rows: Repetitions) -> Figure:
        """The picture."""
        ...
