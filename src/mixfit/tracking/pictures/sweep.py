"""What a sweep found, drawn: a panel for each thing that was swept.

The number of components has its NLLs and criteria, the dimension its excess over the truth, the optimizer its excess
against seconds, any other key its NLL. One key has the colours, the same in every panel. Where several settings fall
on one place because they differ in yet another key, the best of them is drawn: that is what could be had there, while
their mean would tell how foolish the worst of them was. NLLs of different data never share a line.
"""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from mixfit.tracking.pictures.density import DPI
from mixfit.tracking.pictures.style import INK, MUTED
from mixfit.tracking.pictures.sweep_axes import shortened
from mixfit.tracking.pictures.sweep_fits import MOST_DATA, Colours, Fit, Panel, Setting, data_in_words, hides, rows_of
from mixfit.tracking.pictures.sweep_lines import STROKES
from mixfit.tracking.pictures.sweep_panels import draw

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

__all__ = ["Fit", "sweep_figure"]

WIDTH, HEIGHT, HEADING = 1200 / DPI, 3.1, 1.0
"""Inches of the figure, of a row of panels and of what stands above them."""
EDGE = 0.3
GLUE = "\u00a0"
"""A blank at which no line ends."""
TITLE, NOTES = 88, 150
"""Characters of a line of the title and of the notes below it."""
ROOM = 72
"""Characters that the names of all colours have together."""


def sweep_figure(
    swept: Mapping[str, Sequence[Setting]], fits: Sequence[Fit], *, title: str, remarks: Sequence[str]
) -> "Figure":
    """The panels of a sweep under its title and one key to their colours and strokes.

    Args:
        swept: the keys that were swept, each with its values in their order; None where a fit has no such key.
        fits: one for each combination that has numbers, best first.
        title: a few words over the whole.
        remarks: how many runs there are, what became of them, and so on.
    """
    from matplotlib.figure import Figure

    colours, rows = Colours.of(swept), rows_of(swept, fits)
    titles = wrap(title, TITLE, max_lines=2, placeholder=" …")
    notes = _wrapped([*remarks, *_notes(fits, rows, colours)])
    heading = HEADING + 0.24 * (len(titles) - 1) + 0.16 * (len(notes) - 1)
    height = heading + HEIGHT * max(1, len(rows))
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    left = EDGE / WIDTH
    figure.text(left, 1 - 0.2 / height, "\n".join(titles), size=14, weight="bold", color=INK, **_BELOW)
    figure.text(left, 1 - (0.26 + 0.24 * len(titles)) / height, "\n".join(notes), size=9, color=MUTED, **_BELOW)
    if not rows:
        reason = "no run that is done has an NLL" if fits else "no run is done yet"
        figure.text(0.5, 0.45, reason, size=12, color=MUTED, ha="center")
        return figure
    key = _key(colours, [panel for row in rows for panel in row])
    anchor = (left, 1 - (heading - 0.24) / height)
    legend = figure.legend(handles=key, loc="upper left", bbox_to_anchor=anchor, ncols=len(key) or 1, **_LEGEND)
    for text in legend.get_texts():
        text.set_parse_math(False)
    cells = figure.add_gridspec(len(rows) + 1, 1, height_ratios=(heading, *[HEIGHT] * len(rows)))
    for down, row in enumerate(rows, start=1):
        band = figure.add_subfigure(cells[down, 0])
        parts = band.add_gridspec(1, max(len(row), min(2, len(rows))))
        for across, panel in enumerate(row):
            draw(band.add_subfigure(parts[0, across]), panel, colours)
    return figure


def _wrapped(notes: Sequence[str]) -> list[str]:
    """The notes in lines, none of them torn apart unless it is longer than a line."""
    lines = wrap("  ·  ".join(note.replace(" ", GLUE) for note in notes), NOTES)
    return [line.replace(GLUE, " ").removesuffix("  ·") for line in lines]


def _notes(fits: Sequence[Fit], rows: Sequence[Sequence[Panel]], colours: Colours) -> list[str]:
    """What to know of the panels, and what they do not show."""
    data_sets = len({data_in_words(fit) for fit in fits})
    return [
        *(["NLLs in nats per point"] if fits else []),
        *(["the best where several settings share a place"] if hides(rows, colours) else []),
        *([f"{MOST_DATA} of {data_sets} data sets"] if data_sets > MOST_DATA else []),
    ]


_BELOW: dict[str, Any] = {"va": "top", "parse_math": False}
_LEGEND = {
    **{"frameon": False, "fontsize": 9, "labelcolor": INK, "borderpad": 0, "borderaxespad": 0},
    **{"handlelength": 1.8, "columnspacing": 1.4, "handletextpad": 0.3},
}


def _key(colours: Colours, panels: Sequence[Panel]) -> "list[Artist]":
    """The values that have colours, then the measures that have strokes."""
    from matplotlib.lines import Line2D

    key: list[Artist] = []
    if colours.key:
        name, longest = colours.key.rpartition(".")[2], ROOM // len(colours.values)
        for place, value in enumerate(colours.values):
            before = f"{name} " if place == 0 and not isinstance(value, str) else ""
            words = f" {before}{shortened(value, longest)}"  # a leading blank, for matplotlib hides labels with "_"
            key.append(Line2D([], [], color=colours.tone(value), marker="o", linewidth=2, label=words))
    for place, stroke in enumerate(STROKES):
        names = sorted({panel.measures[place] for panel in panels if place < len(panel.measures) > 1}, reverse=True)
        if names:
            key.append(Line2D([], [], color=MUTED, linestyle=stroke, linewidth=1.4, label=f" {', '.join(names)}"))
    if any(panel.has_optimum for panel in panels):
        key.append(
            Line2D([], [], color=MUTED, linestyle="", marker="o", markersize=9, fillstyle="none", label=" lowest")
        )
    return key
