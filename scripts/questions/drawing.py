"""The paper that every picture here is drawn on: a heading, a key below it, and panels with quiet axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mixfit.tracking.pictures.style import INK, MUTED, inches, name_axes, quiet

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI, WIDTH, HEADING, EDGE = 110, 10.5, 0.95, 0.3
"""Pixels per inch; inches of the whole, of what stands above the panels, and left of the heading."""


def sheet(
    title: str,
    remark: str,
    *,
    widths: Sequence[float] = (1, 1),
    n_rows: int = 1,
    height: float = 3.2,
    left: float | Sequence[float] = 0.8,
    heading: float = HEADING,
) -> tuple[Figure, list[Axes]]:
    """A figure with its heading, and its panels row by row.

    Args:
        title: in bold.
        remark: what holds for all panels.
        widths: of the panels of a row, relative to each other.
        n_rows: of panels.
        height: of a row, in inches.
        left: what a panel needs for the words beside its vertical axis, in inches; or what each of a row needs.
        heading: what stands above the panels, in inches; less where there is no key.
    """
    from matplotlib.figure import Figure

    whole = heading + n_rows * height
    figure = Figure(figsize=(WIDTH, whole), dpi=DPI, facecolor="white")
    figure.text(EDGE / WIDTH, 1 - 0.4 / whole, title, size=14, weight="bold", color=INK, parse_math=False)
    figure.text(EDGE / WIDTH, 1 - 0.64 / whole, remark, size=9, color=MUTED, parse_math=False)
    heights = (heading, *[height] * n_rows)
    cells = figure.add_gridspec(n_rows + 1, len(widths), width_ratios=widths, height_ratios=heights)
    lefts = left if isinstance(left, Sequence) else [left] * len(widths)
    panels = []
    for row in range(n_rows):
        for column in range(len(widths)):
            canvas = figure.add_subfigure(cells[row + 1, column])
            axes = canvas.add_axes(inches(canvas, left=lefts[column], bottom=0.62, right=0.25, top=0.35))
            quiet(axes)
            panels.append(axes)
    return figure, panels


def explain(figure: Figure, handles: Sequence[Artist]) -> None:
    """The key to colours and strokes, in one line below the heading."""
    height = figure.get_figheight()
    anchor = (EDGE / WIDTH, 1 - 0.74 / height)
    figure.legend(handles=list(handles), loc="upper left", bbox_to_anchor=anchor, ncols=len(handles), **_KEY)


def name(axes: Axes, title: str, horizontal: str, vertical: str) -> None:
    """What a panel shows, and its axes."""
    axes.set_title(title, loc="left", size=9, color=MUTED, parse_math=False)
    name_axes(axes, horizontal, vertical)


def line(colour: str, label: str, **style: Any) -> Artist:
    """An entry of the key."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, label=label, **style)


def ticks(axes: Axes, values: Sequence[float]) -> None:
    """Names these values on the horizontal axis, and no others."""
    axes.minorticks_off()
    axes.set_xticks(list(values), [f"{value:g}" for value in values])


def logarithmic(axes: Axes) -> None:
    """A horizontal scale of powers of ten that names 1, 2 and 5 of each, as plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


DOTS: dict[str, Any] = {"marker": "o", "markersize": 5.5, "linestyle": "none", "elinewidth": 1.3}
"""Measured means with their standard errors, for `errorbar`."""

_KEY: dict[str, Any] = {
    **{"frameon": False, "fontsize": 9, "labelcolor": INK, "borderpad": 0, "borderaxespad": 0},
    **{"handlelength": 2.0, "columnspacing": 1.5, "handletextpad": 0.5},
}
