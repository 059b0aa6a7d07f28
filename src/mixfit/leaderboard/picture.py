"""The table as plain values that a picture can be drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixfit.leaderboard.board import Leaderboard
from mixfit.leaderboard.row import Row
from mixfit.leaderboard.settings import Setting, names_of, order
from mixfit.tracking.pictures.sweep import Fit, sweep_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure_of(board: Leaderboard) -> Figure:
    """The picture of a table."""
    ranked = [row for row in board.rows if row.rank]
    swept = {key: _values(ranked, place) for place, key in enumerate(board.swept)}
    title = " × ".join(names_of([key for key, values in swept.items() if len(values) > 1 or not ranked]))
    return sweep_figure(
        swept,
        [_fit(board, row, ranked) for row in ranked],
        title=title or "one setting",
        remarks=_remarks(board),
    )


def _values(rows: list[Row], place: int) -> list[Setting]:
    return sorted({row.settings[place] for row in rows}, key=order)


def _fit(board: Leaderboard, row: Row, rows: list[Row]) -> Fit:
    estimates = {name: estimate for name, estimate in row.estimates.items() if estimate is not None}
    return Fit(
        settings=dict(zip(board.swept, row.settings, strict=True)),
        numbers={name: (estimate.mean, estimate.standard_error) for name, estimate in estimates.items()},
        data={key: value for key, value in row.data.items() if _sets_apart(key, row, rows)},
    )


def _sets_apart(key: str, row: Row, rows: list[Row]) -> bool:
    """Whether the key of the data differs; an option of a source differs only from the same source's."""
    beside = [other for other in rows if key == "data" or other.data["data"] == row.data["data"]]
    return len({other.data.get(key) for other in beside}) > 1 and key != "data._target_"


def _remarks(board: Leaderboard) -> list[str]:
    n_runs, n_done = sum(row.n_runs for row in board.rows), sum(row.n_done for row in board.rows)
    done = f"{n_done} of {_counted(n_runs, 'run')} done"
    bars = "bars are ± one standard error over seeds" if any(row.n_done > 1 for row in board.rows) else ""
    n_failed = sum(row.endings.get("failed", 0) for row in board.rows)
    failed = f"{n_failed} failed" if n_failed else ""
    return [text for text in (_counted(len(board.rows), "setting"), done, failed, bars) if text]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
