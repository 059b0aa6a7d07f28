"""How the negative log-likelihood fell, against passes over the data, with the true mixture's as the line to reach.

The vertical axis shows where things happen: the lower three quarters of the drawn curve. A first fall that dwarfs the
rest would flatten it, so it may leave the picture; then the picture says so. Beyond 100 passes the horizontal axis is
logarithmic, but linear below one pass, where the start of training has its place.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mixfit.tracking.pictures.components import Array
from mixfit.tracking.pictures.style import DASHES, INK, MUTED, TRUE, name_axes, quiet, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

History = Mapping[str, tuple[Array, Array]]
"""For each series, such as nll/train, the passes (M,) and the NLL in nats per point (M,)."""

SERIES = (INK, "#a16207", "#0f766e")
MANY_PASSES = 100
HUGE = 1e6
"""Nats that are written with a power of ten."""
SETTLED = 0.75
CLOSE = 0.02
"""Nats per point; an axis is never cut shorter than this."""
WORTH = 3
"""Cut the vertical axis only where that shows the rest this many times larger."""


def draw_history(axes: "Axes", history: History, nll_true: float | None) -> None:
    """One line per series, each named at its end with its last value; the true NLL dashed."""
    quiet(axes)
    axes.ticklabel_format(axis="y", useOffset=False, style="plain")  # or a power of ten would stand in the title
    name_axes(axes, "passes over the data", "")
    axes.set_title("negative log-likelihood, nats per point", loc="left", y=1, size=9, color=MUTED)
    series = finite(history)
    if not series:
        _note(axes, "no finite value recorded")
        return
    for line, (passes, nll) in enumerate(series.values()):
        marker = "o" if len(nll) < 12 else ""
        axes.plot(passes, nll, color=_tone(line), linewidth=1.4 if line else 2.4, marker=marker, markersize=3.5)
    if nll_true is not None:
        axes.axhline(nll_true, color=TRUE, linewidth=1.1, linestyle=DASHES)
    _scale_passes(axes, series)
    limits = nll_limits(list(series.values()), nll_true)
    axes.set_ylim(*limits)
    if max(map(abs, limits)) >= HUGE:
        axes.yaxis.set_major_formatter("{x:.1e}")
    _name_lines(axes, series, nll_true)
    _note(axes, "\n".join(_remarks(history, series, highest_shown=axes.get_ylim()[1])))


def nll_limits(series: list[tuple[Array, Array]], nll_true: float | None) -> tuple[float, float]:
    """The ends of the vertical axis: of all values, or of the lower three quarters where the rest is far off."""
    reference = [] if nll_true is None else [nll_true]
    low = min([*(float(nll.min()) for _, nll in series), *reference])
    high = max([*(float(nll.max()) for _, nll in series), *reference])
    settled = max([low + CLOSE, *(_settled(passes, nll) for passes, nll in series), *reference])
    if high - low > WORTH * (settled - low):
        high = settled
    margin = 0.06 * (high - low) or 0.01 * max(1.0, abs(low))
    return low - margin, high + margin


def finite(history: History) -> dict[str, tuple[Array, Array]]:
    """The series without what is not finite; those with nothing left are dropped."""
    arrays = {name: np.asarray(series, dtype=np.float64) for name, series in history.items()}
    kept = {name: series[:, np.isfinite(series).all(axis=0)] for name, series in arrays.items()}
    return {name: (passes, nll) for name, (passes, nll) in kept.items() if len(nll)}


def _remarks(history: History, series: History, highest_shown: float) -> list[str]:
    """What the drawn lines leave out."""
    highest = max(float(nll.max()) for _, nll in series.values())
    lost = sum(len(nll) for _, nll in history.values()) - sum(len(nll) for _, nll in series.values())
    return [
        *([f"↑ up to {highest:.4g}"] if highest > highest_shown else []),
        *([f"{lost} not finite"] if lost else []),
    ]


def _note(axes: "Axes", text: str) -> None:
    axes.text(0.98, 0.97, text, transform=axes.transAxes, color=MUTED, size=8, ha="right", va="top")


def _scale_passes(axes: "Axes", series: History) -> None:
    first = min(float(passes.min()) for passes, _ in series.values())
    last = max(float(passes.max()) for passes, _ in series.values())
    if last > MANY_PASSES:
        axes.set_xscale("symlog", linthresh=1.0, linscale=0.3)
        axes.xaxis.set_major_formatter("{x:,.0f}")
    else:
        axes.locator_params(axis="x", integer=True)
    axes.set_xlim(first, last if last > first else first + 1)


def _settled(passes: Array, nll: Array) -> float:
    """The value that the curve stays below over three quarters of its drawn width."""
    places = np.log10(np.maximum(passes, 1.0)) if passes.max() > MANY_PASSES else passes
    if len(nll) < 2 or places[-1] == places[0]:
        return float(nll.max())
    ranks = np.argsort(nll, kind="stable")
    halves = np.diff(places, prepend=places[0]) + np.diff(places, append=places[-1])
    width = np.cumsum(halves[ranks])
    return float(nll[ranks][np.searchsorted(width, SETTLED * width[-1])])


def _name_lines(axes: "Axes", series: History, nll_true: float | None) -> None:
    """Write each line's name and last value to the right of the axes, moved apart where lines end close together."""
    low, high = axes.get_ylim()
    names = [
        (name.rpartition("/")[2], float(nll[-1]), _tone(line)) for line, (name, (_, nll)) in enumerate(series.items())
    ]
    if nll_true is not None:
        names.append(("true", nll_true, TRUE))
    heights = np.array([(value - low) / (high - low) for _, value, _ in names])
    for (name, value, tone), height in zip(names, spread(heights, 0.09), strict=True):
        axes.text(
            1.02,
            height,
            f"{name} {_digits(value)}",
            transform=axes.transAxes,
            color=tone,
            size=9,
            va="center",
            parse_math=False,
        )


def _digits(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.6g}" if abs(value) < HUGE else f"{value:.1e}"


def _tone(line: int) -> str:
    return SERIES[line % len(SERIES)]
