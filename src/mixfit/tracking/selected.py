"""What a run says of its choice: in its folder, on the screen and in `metrics.json`."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

from rich.console import Console
from rich.table import Table

from mixfit.mixtures.selection import Selection
from mixfit.tracking.metrics_file import Value
from mixfit.tracking.pictures.png import drawn, png
from mixfit.tracking.pictures.selection import selection_figure
from mixfit.tracking.table import shown

NAMES = {"bic": "BIC", "icl": "ICL", "nll/val": "held-out NLL, nats per point"}


def values_of(selection: Selection | None) -> dict[str, Value]:
    """What `metrics.json` says of it; nothing where nothing was chosen."""
    if selection is None:
        return {}
    chosen = selection.chosen
    return {
        "selected/n_components": chosen.n_components,
        "selected/covariance": chosen.covariance,
        "selected/stability": chosen.stability,
    }


def picture_of(selection: Selection) -> bytes:
    """The curves, as PNG."""
    curves = {
        family: [
            (cell.n_components, nan if cell.n_spikes else cell.criterion(selection.criterion), cell.stability)
            for cell in selection.cells
            if cell.covariance == family
        ]
        for family in families_of(selection)
    }
    chosen = selection.chosen
    figure = selection_figure(
        curves,
        (chosen.covariance, chosen.n_components),
        criterion=NAMES[selection.criterion],
        title=_found(selection),
        remark=f"{_among(selection)} to {chosen.n_points:,.0f} points",
    )
    return png(drawn(figure))


def print_selection(selection: Selection) -> None:
    """The table, K by families: the criterion, and in brackets how far restarts agree; stars where there are spikes."""
    families = families_of(selection)
    cells = {(cell.n_components, cell.covariance): cell for cell in selection.cells}
    table = Table(box=None, pad_edge=False)
    for name in ("K", *families):
        table.add_column(name, justify="right", style="dim" if name == "K" else "")
    for k in sorted({k for k, _ in cells}):
        row = []
        for family in families:
            cell = cells.get((k, family))
            text = "" if cell is None else f"{shown(cell.criterion(selection.criterion))} ({cell.stability:.2f})"
            text += "*" if cell is not None and cell.n_spikes else ""
            row.append(f"[bold]{text}[/bold]" if cell == selection.chosen else text)
        table.add_row(str(k), *row)
    console = Console(highlight=False)
    console.print(f"{NAMES[selection.criterion]} (agreement of restarts)", style="dim")
    console.print(table)
    if any(cell.n_spikes for cell in selection.cells):
        console.print("* closes in on few or equal points: its likelihood is no evidence", style="dim")
    console.print(f"chosen: {_found(selection)}")


def families_of(selection: Selection) -> Sequence[str]:
    """The names of the families, in the order of the table."""
    return list(dict.fromkeys(cell.covariance for cell in selection.cells))


def _found(selection: Selection) -> str:
    chosen = selection.chosen
    return f"{chosen.n_components} component{'s' * (chosen.n_components > 1)}, {chosen.covariance} covariance"


def _among(selection: Selection) -> str:
    """What the chosen fit is among those that it could be weighed against."""
    n_rivals = sum(cell.n_spikes == selection.chosen.n_spikes for cell in selection.cells)
    sound = "sound " if n_rivals < len(selection.cells) else ""
    if n_rivals == 1:
        return f"the only {sound}fit"
    return f"the lowest {NAMES[selection.criterion].partition(',')[0]} of {n_rivals} {sound}fits"
