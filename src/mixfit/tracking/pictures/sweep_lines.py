"""Lines of a sweep over a key whose values are numbers: one for each colour and measure."""

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from mixfit.tracking.pictures.style import DASHES, TRUE, name_axes
from mixfit.tracking.pictures.sweep_axes import Place, limit, name_panel, room_of, shortened
from mixfit.tracking.pictures.sweep_fits import Colours, Fit, Group, Panel, Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STROKES: tuple[Any, ...] = ("-", (0, (4, 2)), (0, (1, 1.5)))
"""How a panel's measures are told apart: solid, dashed, dotted."""
DECADES = 20
"""An axis whose ends are at least this ratio apart is logarithmic."""
WORTH = 3
"""Cut the axis of NLLs where that shows the rest so many times larger; criteria keep all, for ICL may be far off."""
ASIDE = 0.008
"""Share of the axis between lines, so that equal ones do not hide each other."""


def draw_lines(axes: "Axes", panel: Panel, colours: Colours) -> None:
    """A line for each colour and measure over the key's numbers; a level one for fits that have no such key."""
    groups = colours.groups(panel)
    _scale_key(axes, panel)
    drawn = _draw_price(axes, groups) if panel.is_priced else []
    for line, (tone, best) in enumerate(groups):
        drawn += _draw_group(axes, panel, best, tone, ASIDE * (line - (len(groups) - 1) / 2))
    highest = limit(axes, drawn, WORTH if panel.measures[0].startswith("nll/") else inf, "y")
    top = max(mean for _, mean, _ in drawn)
    name_panel(axes, panel, f"  ↑ up to {top:.4g}" if top > highest else "")
    name_axes(axes, shortened(panel.key, room_of(axes)), "")


def _draw_group(
    axes: "Axes", panel: Panel, best: Sequence[tuple[Setting, Fit]], tone: str, aside: float
) -> list[Place]:
    """The lines of one colour; a ring marks the lowest point of the leading measure, where that is an answer."""
    first = panel.measures[0]
    for stroke, measure in zip(STROKES, panel.measures, strict=False):
        _draw_line(axes, _moved(axes, _places(best, measure), aside), tone, stroke, faint=measure != first)
    leading = _moved(axes, _places(best, first), aside)
    if panel.has_optimum and leading:
        x, lowest, _ = min(leading, key=lambda place: place[1])
        axes.plot(x, lowest, marker="o", markersize=10, color=tone, fillstyle="none", markeredgewidth=0.9)
    level = [(0.0, *fit.numbers[first]) for setting, fit in best if setting is None]
    for _, mean, _ in level:
        axes.axhline(mean, color=tone, linewidth=1.1, linestyle=DASHES)
    return [*level, *(place for measure in panel.measures for place in _places(best, measure))]


def _draw_line(axes: "Axes", places: Sequence[Place], tone: str, stroke: Any, faint: bool) -> None:
    """A line with its bars."""
    x, means, bars = [x for x, _, _ in places], [mean for _, mean, _ in places], [error or 0 for _, _, error in places]
    style: dict[str, Any] = {"linestyle": stroke, "color": tone, "marker": "o", "markersize": 2.5 if faint else 5}
    axes.errorbar(x, means, yerr=bars, linewidth=1.0 if faint else 1.8, elinewidth=1.0, **style)


def _draw_price(axes: "Axes", groups: Sequence[Group]) -> list[Place]:
    """p/2N, the excess that p parameters estimated from N points cost on average; one line where all agree."""
    prices = {tuple(price): tone for tone, best in groups if (price := _price(best))}
    for places, tone in prices.items():
        own = TRUE if len(prices) == 1 else tone
        axes.plot([x for x, _, _ in places], [y for _, y, _ in places], color=own, linewidth=1.1, linestyle=DASHES)
    drawn = [place for places in prices for place in places]
    if drawn:
        x, highest = max((x, y) for x, y, _ in drawn)
        axes.annotate("p / 2N", (x, highest), (9, 0), textcoords="offset points", va="center", size=8, color=TRUE)
    return drawn


def _price(best: Sequence[tuple[Setting, Fit]]) -> list[Place]:
    counted = [(x, fit.numbers) for x, fit in best if {"n_parameters", "n_points"} <= fit.numbers.keys()]
    return [
        (x, numbers["n_parameters"][0] / (2 * numbers["n_points"][0]), None)
        for x, numbers in counted
        if isinstance(x, int | float)
    ]


def _places(best: Sequence[tuple[Setting, Fit]], measure: str) -> list[Place]:
    return [(x, *fit.numbers[measure]) for x, fit in best if isinstance(x, int | float) and measure in fit.numbers]


def _moved(axes: "Axes", places: Sequence[Place], aside: float) -> list[Place]:
    """The places moved by a share of the axis."""
    transform = axes.transData + axes.transAxes.inverted()
    shares = transform.transform([(x, 0.0) for x, _, _ in places] or np.empty((0, 2)))
    moved = transform.inverted().transform(shares + np.array([aside, 0.0]))
    return [(float(x), mean, error) for (x, _), (_, mean, error) in zip(moved, places, strict=True)]


def _scale_key(axes: "Axes", panel: Panel) -> None:
    """A linear or logarithmic axis that names the key's own values, as many as have room."""
    places = panel.places
    low, high = min(places), max(places)
    log = low > 0 and high / low >= DECADES
    axes.set_xscale("log" if log else "linear")
    margin = 0.06 * (np.log10(high / low) if log else high - low)
    axes.set_xlim(*((low / 10**margin, high * 10**margin) if log else (low - margin, high + margin)))
    axes.minorticks_off()
    if len(places) <= 8:
        axes.set_xticks(places, [f"{place:g}" for place in places])
