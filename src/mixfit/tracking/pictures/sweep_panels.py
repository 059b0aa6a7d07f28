"""One panel of a sweep: lines over numbers, dots beside words, or what seconds buy."""

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from mixfit.tracking.pictures.components import Array
from mixfit.tracking.pictures.style import DASHES, INK, MUTED, TRUE, inches, name_axes, quiet
from mixfit.tracking.pictures.sweep_fits import Colours, Fit, Panel, Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

STROKES: tuple[Any, ...] = ("-", (0, (4, 2)), (0, (1, 1.5)))
"""How a panel's measures are told apart: solid, dashed, dotted."""
DECADES = 20
"""An axis whose ends are at least this ratio apart is logarithmic."""
CLOSE = 0.002
"""An axis is never cut shorter than this share of what it shows."""
WORTH, WORTH_A_DOT = 3, 12
"""Cut the axis of lines, or of dots, where that shows the rest so many times larger."""
MOST_WORDS = 14
NARROW = 2.5
"""Inches of an axis that has room for few numbers only."""
LONGEST = 24
"""Characters of a word beside its dots."""

Place = tuple[float, float, float | None]
"""Where a measure stands on the axis of the key, its mean and its standard error."""


def draw(canvas: "SubFigure", panel: Panel, colours: Colours) -> None:
    """The panel with its axes, its title and its words."""
    has_words = not panel.places and not panel.is_cost
    left = 0.4 + 0.075 * max(len(shortened(value)) for value in panel.values) if has_words else 0.8
    right = 0.65 if panel.is_priced else 0.3
    axes = canvas.add_axes(inches(canvas, left=left, bottom=0.6, right=right, top=0.35))
    quiet(axes)
    axes.set_title(_title(panel), **_TITLE)
    if panel.is_cost:
        _draw_cost(axes, panel, colours)
    elif panel.places:
        _draw_lines(axes, panel, colours)
    else:
        _draw_dots(axes, panel, colours)


def limits(values: Array, errors: Array, worth: float) -> tuple[float, float]:
    """The ends of an axis for values (M,) with their errors (M,).

    All of them, unless a quarter or less would flatten the rest: then those leave, if that shows the rest more than
    `worth` times larger.
    """
    low, high = float((values - errors).min()), float((values + errors).max())
    settled = float(np.quantile(values + errors, 0.75, method="lower"))
    settled = max(settled, low + CLOSE * max(1.0, abs(low)))
    if high - low > worth * (settled - low):
        high = settled
    margin = 0.07 * (high - low) or 0.01 * max(1.0, abs(low))
    return low - margin, high + margin


def shortened(value: Setting) -> str:
    """A setting in words; a long one keeps its end, where paths differ."""
    text = "(none)" if value is None else str(value)
    return text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"


def _draw_lines(axes: "Axes", panel: Panel, colours: Colours) -> None:
    """A line for each colour and measure over the key's numbers; a level one for fits that have no such key."""
    drawn: list[Place] = []
    groups = _groups(panel, colours)
    _scale_key(axes, panel)
    for line, (tone, best) in enumerate(groups):
        aside = 0.008 * (line - (len(groups) - 1) / 2)
        for stroke, measure in zip(STROKES, panel.measures, strict=False):
            places = _places(best, measure)
            moved, leads = _moved(axes, places, aside), measure == panel.measures[0]
            _draw_line(axes, moved, tone, stroke, faint=not leads)
            if leads and panel.has_optimum and moved:
                x, lowest, _ = min(moved, key=lambda place: place[1])
                axes.plot(x, lowest, marker="o", markersize=10, color=tone, fillstyle="none", markeredgewidth=0.9)
            drawn += places
        for _, value, _ in _places([(0.0, fit) for setting, fit in best if setting is None], panel.measures[0]):
            axes.axhline(value, color=tone, linewidth=1.1, linestyle=DASHES)
            drawn.append((0.0, value, None))
    if panel.is_priced:
        drawn += _draw_price(axes, groups)
    highest = _limit(axes, drawn, WORTH if panel.measures[0].startswith("nll/") else inf, "y")
    top = max(mean for _, mean, _ in drawn)
    axes.set_title(_title(panel) + (f"  ↑ up to {top:.4g}" if top > highest else ""), **_TITLE)
    name_axes(axes, panel.key, "")


def _draw_line(axes: "Axes", places: Sequence[Place], tone: str, stroke: Any, faint: bool) -> None:
    """A line with its bars."""
    x, means, bars = [x for x, _, _ in places], [mean for _, mean, _ in places], [error or 0 for _, _, error in places]
    style: dict[str, Any] = {"linestyle": stroke, "color": tone, "marker": "o", "markersize": 2.5 if faint else 5}
    axes.errorbar(x, means, yerr=bars, linewidth=1.0 if faint else 1.8, elinewidth=1.0, **style)


def _draw_price(axes: "Axes", groups: "Sequence[Group]") -> list[Place]:
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


def _draw_dots(axes: "Axes", panel: Panel, colours: Colours) -> None:
    """A row for each of the key's words, a dot in it for each colour; what lies off the axis is named at its edge."""
    rows = {value: row for row, value in enumerate(_words_drawn(panel))}
    groups = _groups(panel, colours)
    apart = min(0.16, 0.6 / len(groups)) if panel.key != colours.key else 0.0
    dots = [
        (rows[value] + apart * (line - (len(groups) - 1) / 2), *fit.numbers[panel.measures[0]], tone)
        for line, (tone, best) in enumerate(groups)
        for value, fit in best
        if value in rows
    ]
    highest = _limit(axes, [(height, mean, error) for height, mean, error, _ in dots], WORTH_A_DOT, "x")
    for height, mean, error, tone in dots:
        axes.errorbar(mean, height, xerr=error or 0.0, color=tone, **_DOT)
        if mean > highest:
            axes.text(0.99, height, f"{mean:.4g} →", transform=axes.get_yaxis_transform(), **_OFF | {"color": tone})
    axes.set_yticks(range(len(rows)), [shortened(value) for value in rows], parse_math=False)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.locator_params(axis="x", nbins=5 if axes.bbox.width > NARROW * axes.figure.dpi else 3)
    name_axes(axes, panel.measures[0], "")


def _draw_cost(axes: "Axes", panel: Panel, colours: Colours) -> None:
    """What seconds buy: a dot for the best fit of each of the key's values, a faint one for every other fit."""
    measure = panel.measures[0]
    timed = [fit for fit in panel.fits if fit.numbers.get("seconds/fit", (0.0, None))[0] > 0]
    axes.set_xscale("log")
    best = panel.best(timed)
    highest = _limit(axes, [(0.0, *fit.numbers[measure]) for _, fit in best], WORTH_A_DOT, "y")
    for value, fit in best:
        tone = colours.tone(value) if colours.key == panel.key else INK
        others = [other for other in timed if other.settings[panel.key] == value and other is not fit]
        axes.scatter(*_positions(others, measure), s=14, color=tone, alpha=0.3, linewidths=0)
        (seconds, clock), (mean, error) = fit.numbers["seconds/fit"], fit.numbers[measure]
        axes.errorbar(seconds, mean, xerr=min(clock or 0.0, 0.9 * seconds), yerr=error or 0.0, color=tone, **_DOT)
        if mean > highest:
            off = {**_OFF, "color": tone, "ha": "center", "va": "top"}
            axes.text(seconds, 0.98, f"↑\n{mean:.4g}", transform=axes.get_xaxis_transform(), **off)
        if colours.key != panel.key and mean <= highest:
            axes.annotate(shortened(value), (seconds, mean), (6, 4), textcoords="offset points", **_NAME)
    _name_decades(axes)
    name_axes(axes, "seconds/fit", "")


Group = tuple[str, list[tuple[Setting, Fit]]]
"""A colour, and the best fit of each of the key's values."""


def _groups(panel: Panel, colours: Colours) -> list[Group]:
    return [(colours.tone(value), panel.best(own)) for value, own in colours.split(panel.fits) if own]


def _words_drawn(panel: Panel) -> list[Setting]:
    """The key's values that have room, those of the best fits, in their own order."""
    ranked = dict.fromkeys(fit.settings[panel.key] for fit in panel.fits)
    kept = list(ranked)[:MOST_WORDS]
    return [value for value in panel.values if value in kept]


def _title(panel: Panel) -> str:
    return " · ".join(text for text in (panel.data, _question(panel)) if text)


def _question(panel: Panel) -> str:
    if len(panel.measures) > 1:
        return "BIC and ICL" if panel.measures[0] == "bic" else "NLL"
    if panel.places and None in panel.values:
        return f"{panel.measures[0]}, level where there is no {panel.key}"
    if panel.places or panel.is_cost:
        return panel.measures[0]
    n_left = len(panel.values) - MOST_WORDS
    return f"{panel.key}, without the {n_left} worst" if n_left > 0 else panel.key


def _places(best: Sequence[tuple[Setting, Fit]], measure: str) -> list[Place]:
    return [(x, *fit.numbers[measure]) for x, fit in best if isinstance(x, int | float) and measure in fit.numbers]


def _positions(fits: Sequence[Fit], measure: str) -> tuple[list[float], list[float]]:
    return [fit.numbers["seconds/fit"][0] for fit in fits], [fit.numbers[measure][0] for fit in fits]


def _moved(axes: "Axes", places: Sequence[Place], aside: float) -> list[Place]:
    """The places moved by a share of the axis, so that equal ones do not hide each other."""
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


def _name_decades(axes: "Axes") -> None:
    """Ticks that are read as numbers: 0.1, 1, 10; on a short axis those between too."""
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}" if np.ptp(np.log10(axes.get_xlim())) < 1 else "")


def _limit(axes: "Axes", drawn: Sequence[Place], worth: float, axis: str) -> float:
    """Sets the ends of the axis of the measure; returns the upper one."""
    means, errors = np.array([mean for _, mean, _ in drawn]), np.array([error or 0.0 for _, _, error in drawn])
    low, high = limits(means, errors, worth)
    (axes.set_ylim if axis == "y" else axes.set_xlim)(low, high)
    return high


_DOT: dict[str, Any] = {"marker": "o", "markersize": 6, "linewidth": 0, "elinewidth": 1.4}
_NAME: dict[str, Any] = {"size": 8, "color": INK, "parse_math": False}
_TITLE: dict[str, Any] = {"loc": "left", "size": 9, "color": MUTED, "parse_math": False}
_OFF: dict[str, Any] = {"size": 8, "ha": "right", "va": "center"}
