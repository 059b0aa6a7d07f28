"""The table as text: `leaderboard.csv` for programs and `leaderboard.md` for people.

The CSV has every digit and the same measures for every sweep, one column for a mean and, where seeds can differ, one
named `<measure>/se` for its standard error; `n` is the number of seeds behind them, `runs` the number of all.
`above best` is the paired difference that ranks, `folders` the names of the row's runs, separated by blanks. The
columns of the clock, `seconds/...`, stand at the end: all others are the same bytes whenever a sweep is repeated.
Markdown has the same rows, rounded to the digits that the seeds support, and no column that is empty throughout.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from mixfit.leaderboard.board import Leaderboard
from mixfit.leaderboard.estimate import Estimate, in_column
from mixfit.leaderboard.row import MEASURES, Row
from mixfit.leaderboard.settings import Setting

EXACT = ("n_points", "n_parameters", "converged")
"""Measures whose mean says all: every seed has the same points and parameters, and `converged` becomes a share."""
ABOVE_BEST = "above best"
"""The column of the paired difference to the best row."""


def csv_of(board: Leaderboard) -> str:
    """The rows as comma-separated values, blank where there is no number."""
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    clock = [name for name in MEASURES if name.startswith("seconds/")]
    others = [name for name in MEASURES if name not in clock]
    after = [*_columns([*others, ABOVE_BEST]), "status", "error", "folders", *_columns(clock)]
    writer.writerow(["rank", *board.swept, "n", "runs", *after])
    for row in board.rows:
        settings = [shown(value) for value in row.settings]
        before = [row.rank, *settings, row.n_done, row.n_runs, *_numbers(row, [*others, ABOVE_BEST])]
        writer.writerow([*before, row.status, row.error, " ".join(row.folders), *_numbers(row, clock)])
    return table.getvalue()


def markdown_of(board: Leaderboard) -> str:
    """The rows as a Markdown table, and below it what the ranks mean."""
    held_out = all(row.mean("nll/val") is not None for row in board.rows if row.rank)
    hidden = {"n_points", "seconds/total", *(["nll/train"] if held_out else [])}
    if not any(row.is_on_floor for row in board.rows):
        hidden.add("components_on_floor")
    columns = {"rank": [shown(row.rank) for row in board.rows]}
    columns |= {key: [shown(row.settings[place]) for row in board.rows] for place, key in enumerate(board.swept)}
    columns |= {"n": [runs(row) for row in board.rows]}
    columns |= {name: estimated(board.rows, name) for name in (ABOVE_BEST, *MEASURES) if name not in hidden}
    columns |= {"status": [row.status for row in board.rows], "error": [row.error or "" for row in board.rows]}
    filled = {name: cells for name, cells in columns.items() if any(cells) or name in ("rank", "n", "status")}
    rule = [":--" if name in (*board.swept, "status", "error") else "--:" for name in filled]
    lines = [list(filled), rule, *zip(*filled.values(), strict=True)]
    return "\n".join([*map(markdown_line, lines), "", f"{board.caption[0].upper()}{board.caption[1:]}.", ""])


def shown(value: Setting) -> str:
    """A setting or a rank as it would be typed; nothing where there is none."""
    return "" if value is None else str(value)


def runs(row: Row) -> str:
    """How many runs are behind the row's numbers: `3`, or `2/3` where one of three is not done."""
    return str(row.n_done) if row.n_done == row.n_runs else f"{row.n_done}/{row.n_runs}"


def estimated(rows: Sequence[Row], name: str) -> list[str]:
    """The rows' measure as a column, rounded; nothing where there is none."""
    estimates = [estimate_of(row, name) for row in rows]
    if name in EXACT:
        estimates = [estimate and Estimate(estimate.mean, None) for estimate in estimates]
    return in_column(estimates)


def estimate_of(row: Row, name: str) -> Estimate | None:
    """The row's estimate of a measure, or its difference to the best row."""
    return row.above_best if name == ABOVE_BEST else row.estimates[name]


def _columns(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield from [name] if name in EXACT else [name, f"{name}/se"]


def _numbers(row: Row, names: Sequence[str]) -> Iterator[str]:
    """What stands in the columns of these measures: the shortest digits that give the same number back."""
    for name in names:
        estimate = estimate_of(row, name)
        yield "" if estimate is None else _digits(estimate.mean)
        if name not in EXACT:
            yield "" if estimate is None or estimate.standard_error is None else _digits(estimate.standard_error)


def _digits(number: float) -> str:
    return repr(number).removesuffix(".0")


def markdown_line(cells: Sequence[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"
