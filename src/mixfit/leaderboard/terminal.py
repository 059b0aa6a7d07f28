"""The table as it is printed when a sweep ends: what decides, then the best, then what went wrong.

Only the columns that decide have room in a terminal; `leaderboard.csv` and `leaderboard.md` have all.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mixfit.leaderboard.board import Leaderboard
from mixfit.leaderboard.row import Row
from mixfit.leaderboard.settings import Setting, names_of
from mixfit.leaderboard.text import ABOVE_BEST, estimate_of, estimated, runs, shown

WIDTH = 120
"""Columns where nobody watches, as in a log."""
MOST_ROWS = 40
MOST_BEST = 3
"""Lines that name a best row: the table has all of them."""
LONGEST = 28
"""Characters of a setting; longer ones lose their middle."""
FEWEST = 3
"""Measures that a column for each setting has to leave room for."""
NARROWEST = 36
"""Characters that settings need where they share one column; measures go until they have them."""


def show(board: Leaderboard) -> None:
    """Prints the table, the best row of each data set, and every row that is not done with its reason."""
    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH)
    ranked = [row for row in board.rows if row.rank]
    if ranked:
        console.print(_fitting(console, board, ranked[:MOST_ROWS]))
    left = [f"{len(ranked) - MOST_ROWS} more rows are in leaderboard.md"] if len(ranked) > MOST_ROWS else []
    seeds = ["n: seeds done"] if any(row.n_runs > 1 for row in ranked) else []
    for note in [*left, "; ".join([board.caption, *seeds])]:
        console.print(Text(note, style="dim"))
    for line in _few([f"best: {_in_full(board, row)}{_why(row)}" for row in board.best], MOST_BEST):
        console.print(Text(line, style="bold"), soft_wrap=True)
    for line in _few([f"{row.status}: {_in_full(board, row)}{_reason(row)}" for row in board.unfinished], MOST_ROWS):
        console.print(Text(line, style="red"), soft_wrap=True)


def _fitting(console: Console, board: Leaderboard, rows: list[Row]) -> Table:
    """The table with a column for each setting; with all settings in one column where that leaves too few measures."""
    measures = list(_measures(rows))
    for n_measures in range(len(measures), min(len(measures), FEWEST) - 1, -1):
        table = _table(_settings(board, rows), rows, measures[:n_measures])
        if _width(console, table) <= console.width:
            return table
    while len(measures) > 1 and _width(console, _table({}, rows, measures)) > console.width - NARROWEST:
        measures.pop()
    room = max(NARROWEST, console.width - _width(console, _table({}, rows, measures)) - 2)
    settings = [_named(board, row, _differing(board, row)) or "one setting" for row in rows]
    return _table({"settings": [_short(text, room) for text in settings]}, rows, measures, _data(board, rows, room))


def _differing(board: Leaderboard, row: Row) -> set[str]:
    """The swept keys in which the rows of the same data differ."""
    beside = [other.settings for other in board.rows if other.data == row.data]
    return {key for key, *values in zip(board.swept, *beside, strict=True) if len(set(values)) > 1}


def _data(board: Leaderboard, rows: list[Row], room: int) -> list[str]:
    """For each row, what sets its data apart."""
    own = [{key for key in board.swept if key in row.data} - _differing(board, row) for row in rows]
    return [_short(_named(board, row, keys), room) for row, keys in zip(rows, own, strict=True)]


def _width(console: Console, table: Table) -> int:
    return console.measure(table, options=console.options.update(max_width=10_000)).maximum


def _settings(board: Leaderboard, rows: list[Row]) -> dict[str, list[str]]:
    """The columns of the swept keys, under the shortest names that tell them apart."""
    names = names_of(board.swept)
    return {name: [_short(_plainly(row.settings[place])) for row in rows] for place, name in enumerate(names)}


def _table(settings: dict[str, list[str]], rows: list[Row], measures: list[str], data: Sequence[str] = ()) -> Table:
    """The columns of the settings, then those of the measures; above each data set its words, or a blank line."""
    columns = {"n": [runs(row) for row in rows]}
    if any(_converged(row) < row.n_done for row in rows):
        columns["converged"] = [f"{_converged(row)}/{row.n_done}" for row in rows]
    columns |= {name: estimated(rows, name) for name in measures}
    table = Table(box=None, pad_edge=False)
    table.add_column("rank", justify="right", no_wrap=True)
    for name in settings:
        table.add_column(name, no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for place, row in enumerate(rows):
        if row.rank == 1 and (place or any(data)):
            table.add_row("", data[place] if data else "", style="dim")
        cells = [column[place] for column in (*settings.values(), *columns.values())]
        table.add_row(shown(row.rank), *cells, style="bold" if row.rank == 1 else None)
    return table


def _converged(row: Row) -> int:
    """How many of the row's runs converged; all, where they do not say."""
    share = row.mean("converged")
    return row.n_done if share is None else round(share * row.n_done)


def _measures(rows: list[Row]) -> Iterator[str]:
    """What decides, the most important first: the NLL that ranks, the one that judges, the criterion, the time."""
    has = {name for row in rows for name, estimate in row.estimates.items() if estimate}
    yield "nll/val" if "nll/val" in has else "nll/train"
    if any(row.above_best and row.rank != 1 for row in rows):
        yield ABOVE_BEST
    yield from [name for name in ("nll/excess", "nll/test") if name in has][:1]
    yield from [name for name in ("bic", "seconds/fit") if name in has]


def _named(board: Leaderboard, row: Row, keys: Collection[str]) -> str:
    """The row's values of these keys under short names, such as `optimizer=em lr=0.1`."""
    told = zip(board.swept, names_of(board.swept), row.settings, strict=True)
    return " ".join(
        f"{name}={_short(_plainly(value))}" for key, name, value in told if key in keys and value is not None
    )


def _in_full(board: Leaderboard, row: Row) -> str:
    return _named(board, row, board.swept) or "all runs"


def _why(row: Row) -> str:
    estimate = estimate_of(row, row.measure) if row.measure else None
    floor = "; components lie on the floor, and the likelihood measures it" if row.is_on_floor else ""
    return f", {row.measure} {estimate}{floor}" if estimate else ""


def _reason(row: Row) -> str:
    return f": {row.error}" if row.error else ""


def _plainly(value: Setting) -> str:
    """A setting in words: `none` for the null of YAML."""
    return "none" if value == "null" else shown(value)


def _short(text: str, longest: int = LONGEST) -> str:
    """The text without its middle if it is too long, for paths differ at their ends and words at their beginnings."""
    half = (longest - 1) // 2
    return text if len(text) <= longest else f"{text[: longest - 1 - half]}…{text[-half:]}"


def _few(lines: list[str], most: int) -> list[str]:
    more = len(lines) - most
    return lines if more <= 0 else [*lines[:most], f"and {more} more"]
