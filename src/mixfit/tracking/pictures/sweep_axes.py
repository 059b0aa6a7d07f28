"""The axes of a sweep's panels: where they end, what they are called, and words short enough for them."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from mixfit.tracking.pictures.components import Array
from mixfit.tracking.pictures.style import MUTED
from mixfit.tracking.pictures.sweep_fits import Panel, Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import ScalarFormatter

CLOSE = 0.002
"""An axis is never cut shorter than this share of what it shows."""
LONGEST = 24
"""Characters of a word beside its dots."""
MOST_WORDS = 14
ALIKE = 1e-5
"""Values within this share of their size are the same answer; their axis does not magnify what is left."""
WIDENED = 0.01
CHARACTER = 0.068
"""Inches that a character of a panel's title takes on average."""

Place = tuple[float, float, float | None]
"""Where a measure stands on the axis of the key, its mean and its standard error."""


def limits(values: Array, errors: Array, worth: float) -> tuple[float, float]:
    """The ends of an axis for values (M,) with their errors (M,).

    All of them, unless a quarter or less would flatten the rest: then those leave, if that shows the rest more than
    `worth` times larger. Values that are alike stand in the middle of a wider axis, where they look equal.
    """
    low, high = float((values - errors).min()), float((values + errors).max())
    settled = float(np.quantile(values + errors, 0.75, method="lower"))
    settled = max(settled, low + CLOSE * max(1.0, abs(low)))
    if high - low > worth * (settled - low):
        high = settled
    size = max(abs(low), abs(high))
    if high - low <= ALIKE * size or not size:
        return low - WIDENED * (size or 1.0), high + WIDENED * (size or 1.0)
    margin = 0.07 * (high - low)
    return low - margin, high + margin


def limit(axes: "Axes", drawn: Sequence[Place], worth: float, axis: str) -> float:
    """Sets the ends of the axis of the measure; returns the upper one."""
    means, errors = np.array([mean for _, mean, _ in drawn]), np.array([error or 0.0 for _, _, error in drawn])
    low, high = limits(means, errors, worth)
    (axes.set_ylim if axis == "y" else axes.set_xlim)(low, high)
    (axes.yaxis if axis == "y" else axes.xaxis).set_major_formatter(_plain_numbers())
    return high


def name_panel(axes: "Axes", panel: Panel, note: str = "") -> None:
    """Writes over the panel which data it shows, what is measured, and a note: in two lines where one is too narrow."""
    room = room_of(axes)
    asked = f"{_question(panel)}{note}"
    text = " · ".join(text for text in (panel.data, asked) if text)
    lines = [text] if len(text) <= room else [panel.data, asked] if panel.data else wrap(asked, room)[:2]
    shown = "\n".join(_without_middle(line, room) for line in lines if line)
    axes.set_title(shown, loc="left", size=9, color=MUTED, parse_math=False)


def room_of(axes: "Axes") -> int:
    """How many characters of a title are as wide as the axes."""
    return int(axes.bbox.width / axes.figure.dpi / CHARACTER)


def _plain_numbers() -> "ScalarFormatter":
    """Numbers in full: without an offset, which a reader would have to add."""
    from matplotlib.ticker import ScalarFormatter

    return ScalarFormatter(useOffset=False)


def _question(panel: Panel) -> str:
    if len(panel.measures) > 1:
        return "BIC and ICL" if panel.measures[0] == "bic" else "NLL"
    if panel.places and None in panel.values:
        return f"{panel.measures[0]}, level where there is no {panel.key.rpartition('.')[2]}"
    if panel.places or panel.is_cost:
        return panel.measures[0]
    n_left = len(panel.values) - MOST_WORDS
    return f"{panel.key}, without the {n_left} worst" if n_left > 0 else panel.key


def shortened(value: Setting, longest: int = LONGEST) -> str:
    """A setting in words; a long one loses its middle, for paths differ at their ends and names at their starts."""
    return _without_middle("(none)" if value in (None, "null") else str(value), longest)


def _without_middle(text: str, longest: int) -> str:
    half = (longest - 1) // 2
    return text if len(text) <= longest else f"{text[: longest - 1 - half]}…{text[-half:] if half else ''}"
