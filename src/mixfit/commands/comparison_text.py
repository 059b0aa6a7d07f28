"""A comparison as text: printed, as `compare.csv` for programs and as `compare.md` for people.

The CSV has every digit. The others round to what the standard errors support, and say once which points were used.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table

from mixfit.commands.comparison import Line
from mixfit.leaderboard.estimate import in_column
from mixfit.leaderboard.terminal import WIDTH
from mixfit.leaderboard.text import markdown_line
from mixfit.portable import Plain

CRITERIA = ("bic", "aic", "icl", "ari")
AGREEMENT = "adjusted Rand index of the runs' own groups with each other"
ABOVE_BEST = "above best: the mean difference to the best, point by point, ± its standard error"


def show(lines: Sequence[Line], note: str) -> None:
    """Prints both tables and which points they are about."""
    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH)
    columns, apart = columns_of(lines), lines[0].settings.keys()
    words = [", ".join(f"{key} {_written(value)}" for key, value in line.settings.items()) for line in lines]
    kept = {name: cells for name, cells in columns.items() if name not in apart}
    console.print(_table(kept | ({"settings": words} if apart else {})))
    console.print(f"{note}; {ABOVE_BEST}", style="dim", soft_wrap=True)
    if len(lines) > 1:
        console.print()
        console.print(_table(agreement_of(lines)))
        console.print(AGREEMENT, style="dim", soft_wrap=True)


def csv_of(lines: Sequence[Line]) -> str:
    """The lines as comma-separated values, blank where there is no number."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    numbers = ("nll", "nll/se", "above best", "above best/se", "n_parameters", *CRITERIA)
    writer.writerow(["run", *lines[0].settings, *numbers, *(f"agreement/{line.name}" for line in lines)])
    for line in lines:
        estimates = [part for each in (line.nll, line.above_best) for part in (each.mean, each.standard_error)]
        values = [line.values[name] for name in ("n_parameters", *CRITERIA)]
        settings = map(_written, line.settings.values())
        writer.writerow([line.name, *settings, *estimates, *values, *line.agreement])
    return text.getvalue()


def markdown_of(lines: Sequence[Line], note: str) -> str:
    """Both tables in Markdown, each with what it is about."""
    tables = [[*_markdown(columns_of(lines)), "", f"{note[0].upper()}{note[1:]}; {ABOVE_BEST}."]]
    if len(lines) > 1:
        tables.append([*_markdown(agreement_of(lines)), "", f"{AGREEMENT[0].upper()}{AGREEMENT[1:]}."])
    return "\n\n".join("\n".join(table) for table in tables) + "\n"


def columns_of(lines: Sequence[Line]) -> dict[str, list[str]]:
    """The first table: each run, what sets it apart, and its numbers; no column that is empty throughout."""
    columns = {"": [str(place) for place in range(1, len(lines) + 1)], "run": [line.name for line in lines]}
    columns |= {key: [_written(line.settings[key]) for line in lines] for key in lines[0].settings}
    columns |= {"nll": in_column([line.nll for line in lines])}
    columns |= {"above best": in_column([line.above_best for line in lines])}
    columns |= {"parameters": [_written(line.values["n_parameters"]) for line in lines]}
    for name in CRITERIA:
        columns[name] = [_rounded(line.values[name]) for line in lines]
    return {name: cells for name, cells in columns.items() if any(cells)}


def agreement_of(lines: Sequence[Line]) -> dict[str, list[str]]:
    """The second table: how far the groups of each run are those of each other."""
    columns = {"": [str(place) for place in range(1, len(lines) + 1)], "run": [line.name for line in lines]}
    return columns | {
        str(place): [f"{line.agreement[place - 1]:.3f}" for line in lines] for place in range(1, len(lines) + 1)
    }


def in_words(line: Line) -> str:
    """A run in the key of a picture."""
    settings = "".join(f", {key} {_written(value)}" for key, value in line.settings.items())
    return f"{line.name}{settings}: nll {line.nll.mean:.5g}"


def _table(columns: Mapping[str, Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name, cells in columns.items():
        is_text = name in ("run", "settings") or not _are_numbers(cells)
        table.add_column(name, justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    return table


def _markdown(columns: Mapping[str, Sequence[str]]) -> list[str]:
    rule = ["--:" if _are_numbers(cells) else ":--" for cells in columns.values()]
    return [markdown_line(list(columns)), markdown_line(rule), *map(markdown_line, zip(*columns.values(), strict=True))]


def _are_numbers(cells: Sequence[str]) -> bool:
    return all(cell[:1].isdigit() or cell[:1] in ("-", "") for cell in cells)


def _written(value: Plain) -> str:
    """A setting as one would type it; nothing where there is none."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _rounded(value: Plain) -> str:
    return f"{value:.6g}" if isinstance(value, float) else ""
