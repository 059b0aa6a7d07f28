"""How a selection came to its choice: the criterion against K, a line for each family, and how far restarts agree.

A cell with a spike has no mark and no line, for its value says nothing; a ring marks the chosen one.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from mixfit.tracking.pictures.components import Array
from mixfit.tracking.pictures.density import DPI
from mixfit.tracking.pictures.style import INK, MUTED, colour, inches, name_axes, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, HEADING, EDGE = 9.5, 3.6, 0.95, 0.3
"""Inches of the figure, of its panels, of what stands above them, and left of that."""

MOST_TICKS = 12

ABOVE, WORTH = 4, 3
"""The criterion's axis ends at so many times the median distance from the best, where that shows it so much larger."""

Curve = Sequence[tuple[int, float, float]]
"""K, the criterion and the stability of each cell of a family; NaN for the criterion of a cell with a spike."""


def selection_figure(
    curves: Mapping[str, Curve], chosen: tuple[str, int], *, criterion: str, title: str, remark: str
) -> "Figure":
    """The criterion at the left and the stability at the right.

    Args:
        curves: of each family, by its name.
        chosen: the family and K of the winner.
        criterion: what the left panel shows, in a few words.
        title: what was chosen.
        remark: from what.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    whole = HEADING + HEIGHT
    figure = Figure(figsize=(WIDTH, whole), dpi=DPI, facecolor="white")
    figure.text(EDGE / WIDTH, 1 - 0.4 / whole, title, size=14, weight="bold", color=INK, parse_math=False)
    figure.text(EDGE / WIDTH, 1 - 0.64 / whole, remark, size=9, color=MUTED, parse_math=False)
    cells = figure.add_gridspec(2, 2, width_ratios=(3, 2), height_ratios=(HEADING, HEIGHT))
    places = {k for curve in curves.values() for k, _, _ in curve}
    for column, name in enumerate((criterion, "agreement of restarts (ARI)")):
        canvas = figure.add_subfigure(cells[1, column])
        axes = canvas.add_axes(inches(canvas, left=0.85, bottom=0.62, right=0.25, top=0.3))
        quiet(axes)
        for place, (family, curve) in enumerate(curves.items()):
            _draw(axes, curve, 1 + column, colour(place), chosen[1] if family == chosen[0] else None)
        step = ceil(len(places) / MOST_TICKS)
        axes.set_xticks(sorted(places)[::step])
        axes.set_xlim(min(places) - 0.5, max(places) + 0.5)
        if column:
            axes.set_ylim(min(-0.02, *(stability for curve in curves.values() for _, _, stability in curve)), 1.05)
        note = "" if column else _cut(axes, np.array([value for curve in curves.values() for _, value, _ in curve]))
        name_axes(axes, "K, number of components", "")
        axes.set_title(f"{name}{note}", loc="left", size=9, color=MUTED, parse_math=False)
    key = [
        *(Line2D([], [], color=colour(place), marker="o", label=family) for place, family in enumerate(curves)),
        Line2D([], [], color=MUTED, linestyle="", marker="o", markersize=9, fillstyle="none", label="chosen"),
    ]
    anchor = (EDGE / WIDTH, 1 - 0.76 / whole)
    style = {"frameon": False, "fontsize": 9, "labelcolor": INK, "borderpad": 0, "borderaxespad": 0}
    figure.legend(handles=key, loc="upper left", bbox_to_anchor=anchor, ncols=len(key), **style)
    return figure


def _cut(axes: "Axes", values: Array) -> str:
    """Ends the axis where poor cells would flatten the others; says how far these go."""
    known = values[np.isfinite(values)]
    if not len(known):
        return ""
    lowest, highest = float(known.min()), float(known.max())
    enough = ABOVE * float(np.median(known - lowest))
    if not 0 < WORTH * enough < highest - lowest:
        return ""
    axes.set_ylim(lowest - 0.07 * enough, lowest + enough)
    return f"  ↑ up to {highest:,.6g}"


def _draw(axes: "Axes", curve: Curve, what: int, tone: str, chosen: int | None) -> None:
    values = np.array(curve, dtype=np.float64)
    axes.plot(values[:, 0], values[:, what], color=tone, marker="o", markersize=4.5, linewidth=1.6)
    if chosen is not None:
        (own,) = values[values[:, 0] == chosen]
        axes.plot(own[0], own[what], marker="o", markersize=11, color=tone, fillstyle="none", markeredgewidth=1.2)
