"""One panel of a sweep: lines over numbers, dots beside words, or what seconds buy."""

from typing import TYPE_CHECKING, Any

import numpy as np

from mixfit.tracking.pictures.style import INK, inches, name_axes, quiet
from mixfit.tracking.pictures.sweep_axes import MOST_WORDS, limit, name_panel, shortened
from mixfit.tracking.pictures.sweep_fits import Colours, Panel, Setting
from mixfit.tracking.pictures.sweep_lines import draw_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

WORTH = 12
"""Cut the axis of dots where that shows the rest so many times larger."""
NARROW = 2.5
"""Inches of an axis that has room for few numbers only."""


def draw(canvas: "SubFigure", panel: Panel, colours: Colours) -> None:
    """The panel with its axes, its title and its words."""
    has_words = not panel.places and not panel.is_cost
    left = 0.4 + 0.075 * max(len(shortened(value)) for value in panel.values) if has_words else 0.8
    right = 0.65 if panel.is_priced else 0.3
    axes = canvas.add_axes(inches(canvas, left=left, bottom=0.6, right=right, top=0.45))
    quiet(axes)
    name_panel(axes, panel)
    if panel.is_cost:
        _draw_cost(axes, panel, colours)
    elif panel.places:
        draw_lines(axes, panel, colours)
    else:
        _draw_dots(axes, panel, colours)


def _draw_dots(axes: "Axes", panel: Panel, colours: Colours) -> None:
    """A row for each of the key's words, a dot in it for each colour; what lies off the axis is named at its edge."""
    rows = {value: row for row, value in enumerate(_words_drawn(panel))}
    groups = colours.groups(panel)
    apart = min(0.16, 0.6 / len(groups)) if panel.key != colours.key else 0.0
    dots = [
        (rows[value] + apart * (line - (len(groups) - 1) / 2), *fit.numbers[panel.measures[0]], tone)
        for line, (tone, best) in enumerate(groups)
        for value, fit in best
        if value in rows
    ]
    highest = limit(axes, [(height, mean, error) for height, mean, error, _ in dots], WORTH, "x")
    for height, mean, error, tone in dots:
        axes.errorbar(mean, height, xerr=error or 0.0, color=tone, **_DOT)
        if mean > highest:
            axes.text(0.99, height, f"{mean:.4g} →", transform=axes.get_yaxis_transform(), **_OFF | {"color": tone})
    axes.set_yticks(range(len(rows)), [shortened(value) for value in rows], parse_math=False)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.locator_params(axis="x", nbins=5 if axes.bbox.width > NARROW * axes.figure.dpi else 3)
    name_axes(axes, panel.measures[0], "")


def _draw_cost(axes: "Axes", panel: Panel, colours: Colours) -> None:
    """What seconds buy: a dot for the best fit of each of the key's values."""
    measure = panel.measures[0]
    axes.set_xscale("log")
    best = panel.best(panel.fits)
    highest = limit(axes, [(0.0, *fit.numbers[measure]) for _, fit in best], WORTH, "y")
    for value, fit in best:
        tone = colours.tone(value) if colours.key == panel.key else INK
        (seconds, clock), (mean, error) = fit.numbers["seconds/fit"], fit.numbers[measure]
        axes.errorbar(seconds, mean, xerr=min(clock or 0.0, 0.9 * seconds), yerr=error or 0.0, color=tone, **_DOT)
        if mean > highest:
            off = {**_OFF, "color": tone, "ha": "center", "va": "top"}
            axes.text(seconds, 0.98, f"↑\n{mean:.4g}", transform=axes.get_xaxis_transform(), **off)
        if colours.key != panel.key and mean <= highest:
            axes.annotate(shortened(value), (seconds, mean), (6, 4), textcoords="offset points", **_NAME)
    _name_decades(axes)
    name_axes(axes, "seconds/fit", "")


def _words_drawn(panel: Panel) -> list[Setting]:
    """The key's values that have room, those of the best fits, in their own order."""
    ranked = dict.fromkeys(fit.settings[panel.key] for fit in panel.fits)
    kept = list(ranked)[:MOST_WORDS]
    return [value for value in panel.values if value in kept]


def _name_decades(axes: "Axes") -> None:
    """Ticks that are read as numbers: 0.1, 1, 10; on a short axis 0.2 and 0.5 too."""
    from matplotlib.ticker import LogLocator

    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5), numticks=20))
    axes.xaxis.set_minor_formatter("{x:g}" if np.ptp(np.log10(axes.get_xlim())) < 2 else "")


_DOT: dict[str, Any] = {"marker": "o", "markersize": 6, "linewidth": 0, "elinewidth": 1.4}
_NAME: dict[str, Any] = {"size": 8, "color": INK, "parse_math": False}
_OFF: dict[str, Any] = {"size": 8, "ha": "right", "va": "center"}
