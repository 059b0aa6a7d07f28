"""A table that looks alike on the terminal and on the page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """Finished text.

    Attributes:
        headings: of the columns; the first one names the rows.
        rows: one text per heading.
        notes: what a reader must know to judge the numbers, one sentence or more each.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    @property
    def markdown(self) -> str:
        """The table and, below it, its notes."""
        rule = [":--", *["--:"] * (len(self.headings) - 1)]
        lines = ["| " + " | ".join(cells) + " |" for cells in (self.headings, rule, *self.rows)]
        return "\n".join([*lines, "", *(f"- {note}" for note in self.notes)])


def print_table(table: Table) -> None:
    """Prints the table and its notes."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    drawn = RichTable(box=None, pad_edge=False)
    for column, heading in enumerate(table.headings):
        drawn.add_column(heading, justify="right" if column else "left")
    for row in table.rows:
        drawn.add_row(*row)
    console.print(drawn)
    for note in table.notes:
        console.print(f"[dim]- {note}[/dim]")


def met(kept: bool) -> str:
    """Whether a promise was kept, so that a broken one is seen."""
    return "yes" if kept else "**no**"
