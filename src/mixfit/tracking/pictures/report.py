"""One picture of a run for whoever has no TensorBoard: the density, how the NLL fell and a short table.

Its left part is the picture of the density by itself, pixel for pixel, so that nobody has to draw that again.
"""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from mixfit.tracking.pictures.components import Array, Components
from mixfit.tracking.pictures.density import DPI, WIDTH, draw_density, height_of
from mixfit.tracking.pictures.history import History, draw_history
from mixfit.tracking.pictures.png import Pixels
from mixfit.tracking.pictures.scene import Labels, scene_of
from mixfit.tracking.pictures.style import ALARM, FAINT, INK, MUTED, Box, inches

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

HEADING = 0.5
"""Inches kept for the title."""
BESIDE = 5.0
"""Inches beside the density."""
LONGEST = 34
"""Characters of a value that fit in the table; longer ones end in an ellipsis."""

LINE, MOST_LINES = 74, 5
"""Characters of a warning on a line, and lines that fit above the NLL."""


def report_figure(
    points: Array,
    fitted: Components,
    *,
    history: History,
    summary: Mapping[str, str],
    title: str,
    nll_true: float | None = None,
    truth: Components | None = None,
    columns: Sequence[str] = (),
    labels: Labels | None = None,
    n_points: int | None = None,
    warning: str | None = None,
) -> "Figure":
    """The density at the left, the NLL against passes at the upper right, the summary below it.

    Args:
        points: (N, D), in the data's units.
        fitted: the mixture in the same units.
        history: for each series, such as nll/train and nll/val, the passes (M,) and the NLL (M,) in nats per point.
        summary: a few names and values, shown as given.
        title: a few words over the whole.
        nll_true: the NLL of the true mixture, where it is known.
        truth: the mixture the points were drawn from, where it is known.
        columns: the name of each feature; x1, x2, ... when empty.
        labels: the component of each point (N,); the likeliest under `fitted` when None.
        n_points: how many there are, if `points` are a sample of them.
        warning: what whoever looks at the fit has to know, at the top; a long one ends in an ellipsis.
    """
    from matplotlib.figure import Figure

    scene = scene_of(points, fitted, truth, columns, labels, n_points)
    half = height_of(scene) / 2
    figure = Figure(figsize=(WIDTH + BESIDE, HEADING + 2 * half), dpi=DPI, facecolor="white")
    cells = figure.add_gridspec(3, 2, width_ratios=(WIDTH, BESIDE), height_ratios=(HEADING, half, half))
    upper, lower = figure.add_subfigure(cells[1, 1]), figure.add_subfigure(cells[2, 1])
    place = inches(figure, left=0.75, bottom=0, right=0, top=0.38)
    figure.text(place[0], place[3], title, size=14, weight="bold", color=INK, parse_math=False)
    if warning is not None:
        lines = wrap(warning, LINE, max_lines=MOST_LINES, placeholder=" …")
        left, top = (WIDTH + 0.75) / (WIDTH + BESIDE), 1 - 0.1 / (HEADING + 2 * half)
        figure.text(left, top, "\n".join(lines), size=7, color=ALARM, va="top", linespacing=1.15, parse_math=False)
    draw_density(figure.add_subfigure(cells[1:, 0]), scene)
    draw_history(upper.add_axes(inches(upper, left=0.75, bottom=0.6, right=1.15, top=0.65)), history, nll_true)
    draw_table(lower, inches(lower, left=0.75, bottom=0.6, right=0.35, top=0.25), summary)
    return figure


def density_part(pixels: Pixels) -> Pixels:
    """Of a drawn report the picture of the density."""
    return pixels[round(HEADING * DPI) :, : round(WIDTH * DPI)]


def draw_table(canvas: "SubFigure", box: Box, summary: Mapping[str, str]) -> None:
    """Names at the left, values at the right and a fine rule under each row; many rows move closer together.

    Straight onto the canvas: axes that show no axis cost as much as others.
    """
    from matplotlib.collections import LineCollection

    x, y, width, height = box
    rows = max(len(summary), 9)
    edges = y + height * (1 - np.arange(len(summary) + 1) / rows)
    style: dict[str, Any] = {"size": min(9.0, 9.0 * 14 / rows), "va": "center", "parse_math": False}
    for middle, (name, value) in zip((edges[:-1] + edges[1:]) / 2, summary.items(), strict=True):
        text = value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
        canvas.text(x, middle, name, color=MUTED, **style)
        canvas.text(x + width, middle, text, color=INK, ha="right", **style)
    rules = [[(x, edge), (x + width, edge)] for edge in edges[1:]]
    canvas.add_artist(LineCollection(rules, colors=FAINT, linewidths=0.8, transform=canvas.transSubfigure))
