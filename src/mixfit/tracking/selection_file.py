"""The file `selection.csv` in the folder of a run that chose: a row for each cell, one of which is marked as chosen.

A run that goes on reads there what it began with.
"""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

from mixfit.errors import InputError
from mixfit.mixtures.selection import Cell, Selection
from mixfit.one_move import write_in_one_move

NAME = "selection.csv"

CHOSEN = "chosen"
"""The column beside those of a cell: yes in one row, no in the others."""


def write(folder: Path, selection: Selection) -> None:
    """Writes the table in one move."""
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*Cell._fields, CHOSEN])
    for cell in selection.cells:
        values = ("" if value is None else value for value in cell)
        rows.writerow([*values, "yes" if cell == selection.chosen else "no"])
    write_in_one_move(folder / NAME, text.getvalue().encode())


def read(folder: Path, criterion: str) -> Selection:
    """The table as it was written; raises `InputError` if it is gone or damaged."""
    try:
        with (folder / NAME).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        cells = [_cell(row) for row in rows]
        (chosen,) = [cell for cell, row in zip(cells, rows, strict=True) if row[CHOSEN] == "yes"]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise InputError(
            f"{folder / NAME}: is gone or damaged, so nothing says what this run has chosen; run it again in another "
            "folder"
        ) from error
    return Selection(cells, criterion, chosen, None)


def _cell(row: dict[str, str]) -> Cell:
    return Cell(
        covariance=row["covariance"],
        n_components=int(row["n_components"]),
        n_parameters=int(row["n_parameters"]),
        n_points=float(row["n_points"]),
        nll=float(row["nll"]),
        bic=float(row["bic"]),
        icl=float(row["icl"]),
        nll_val=float(row["nll_val"]) if row["nll_val"] else None,
        stability=float(row["stability"]),
        n_spikes=int(row["n_spikes"]),
        bic_of_ties=float(row["bic_of_ties"]) if row.get("bic_of_ties") else None,
    )
