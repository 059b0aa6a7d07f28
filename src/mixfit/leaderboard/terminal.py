"""The table as it is printed when a sweep ends: what decides, then the best, then what went wrong.

Only the columns that decide have room in a terminal; `leaderboard.csv` and `leaderboard.md` have all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mixfit.leaderboard.board import Leaderboard, Row
from mixfit.leaderboard.settings import names_of
from mixfit.leaderboard.text import estimated, runs, shown

WIDTH = 120
"""Columns where nobody watches, as in a log."""
MOST_ROWS = 40
LONGEST = 28
"""Characters of a setting; longer ones lose their beginning, for paths differ at their end."""


def show(board: Leaderboard) -> None:
    """Prints the table, the best row of each data set, and every row that is not done with its reason."""
    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH)
    ranked = [row for row in board.rows if row.rank]
    if ranked:
        console.print(_fitting(console, board, ranked[:MOST_ROWS]))
    left = [f"{len(ranked) - MOST_ROWS} more rows are in leaderboard.md"] if len(ranked) > MOST_ROWS else []
    for note in [*left, board.caption]:
        console.print(Text(note, style="dim"))
    for line in _few([f"best: {_named(board, row)}{_why(row)}" for row in board.best]):
        console.print(Text(line, style="bold"), soft_wrap=True)
    for line in _few([f"{row.status}: {_named(board, row)}{_reason(row)}" for row in board.unfinished]):
        console.print(Text(line, style="red"), soft_wrap=True)


def _fitting(console: Console, board: Leaderboard, rows: list[Row]) -> Table:
    """The table with as many measures as have room; with its settings in one column if there is room for none else."""
    measures = list(_measures(rows))
    while len(measures) > 1 and _width(console, _table(_settings(board, rows), rows, measures)) > console.width:
        measures.pop()
    table = _table(_settings(board, rows), rows, measures)
    if _width(console, table) <= console.width:
        return table
    return _table({"settings": [_named(board, row) for row in rows]}, rows, list(_measures(rows))[:2])


def _width(console: Console, table: Table) -> int:
    return console.measure(table, options=console.options.update(max_width=10_000)).maximum


def _settings(board: Leaderboard, rows: list[Row]) -> dict[str, list[str]]:
    """The columns of the swept keys, under the shortest names that tell them apart."""
    names = names_of(board.swept)
    return {name: [_short(shown(row.settings[place])) for row in rows] for place, name in enumerate(names)}


def _table(settings: dict[str, list[str]], rows: list[Row], measures: list[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("rank", justify="right", no_wrap=True)
    for name in settings:
        table.add_column(name)
    for name in ["n", *measures]:
        table.add_column(name, justify="right", no_wrap=True)
    for place, row in enumerate(rows):
        if row.rank == 1 and place:
            table.add_row()
        own = [column[place] for column in settings.values()]
        numbers = [estimated(row, name) for name in measures]
        table.add_row(shown(row.rank), *own, runs(row), *numbers, style="bold" if row.rank == 1 else None)
    return table


def _measures(rows: list[Row]) -> Iterator[str]:
    """What decides, the most important first: the NLL that ranks, the one that judges, the criterion, the time."""
    has = {name for row in rows for name, estimate in row.estimates.items() if estimate}
    yield "nll/val" if "nll/val" in has else "nll/train"
    yield from [name for name in ("nll/excess", "nll/test") if name in has][:1]
    yield from [name for name in ("bic", "seconds/fit") if name in has]


def _named(board: Leaderboard, row: Row) -> str:
    told = [
        f"{key}={_short(shown(value))}" for key, value in zip(board.swept, row.settings, strict=True) if value != ""
    ]
    return " ".join(text for text in told if not text.endswith("=")) or "all runs"


def _why(row: Row) -> str:
    name = "nll/val" if row.estimates["nll/val"] else "bic"
    return f", {name} {estimated(row, name)}" if row.estimates[name] else ""


def _reason(row: Row) -> str:
    return f": {row.error}" if row.error else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_ROWS
    return lines if more <= 0 else [*lines[:MOST_ROWS], f"and {more} more"]
