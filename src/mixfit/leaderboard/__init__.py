"""What a sweep found: one row per combination of what was swept, as a table, a file and a picture.

It is made from the folders of runs and from nothing else, so that it can be made again at any time, for part of a
sweep or for several together, and the same runs give the same bytes in whatever order they are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mixfit.leaderboard.board import Leaderboard, of
from mixfit.leaderboard.row import Row
from mixfit.leaderboard.terminal import show
from mixfit.leaderboard.text import csv_of, markdown_of
from mixfit.one_move import write_in_one_move
from mixfit.runs import Run

__all__ = ["Leaderboard", "Row", "of", "show", "write"]


def write(folder: Path, runs: Sequence[Run]) -> Leaderboard:
    """Writes `leaderboard.csv`, `leaderboard.md` and `sweep.png` into the folder; returns the table of the runs.

    Each file appears in one move: a reader sees the old one or the new one.
    """
    from mixfit.leaderboard.picture import figure_of  # matplotlib takes most of a second
    from mixfit.tracking.pictures.png import drawn, png

    board = of(runs)
    write_in_one_move(folder / "leaderboard.csv", csv_of(board).encode())
    write_in_one_move(folder / "leaderboard.md", markdown_of(board).encode())
    write_in_one_move(folder / "sweep.png", png(drawn(figure_of(board))))
    return board
