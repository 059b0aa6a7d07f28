"""The axes of a sweep's panels: where they end, what they are called, and words short enough for them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mixfit.tracking.pictures.components import Array
from mixfit.tracking.pictures.style import MUTED
from mixfit.tracking.pictures.sweep_fits import Panel, Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLOSE = 0.002
"""An axis is never cut shorter than this share of what it shows."""
LONGEST = 24
"""Characters of a word beside its dots."""
MOST_WORDS = 14

Place = tuple[float, float, float | None]
"""Where a measure stands on the axis of the key, its mean and its standard error."""


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


def limit(axes: "Axes", drawn: Sequence[Place], worth: float, axis: str) -> float:
    """Sets the ends of the axis of the measure; returns the upper one."""
    means, errors = np.array([mean for _, mean, _ in drawn]), np.array([error or 0.0 for _, _, error in drawn])
    low, high = limits(means, errors, worth)
    (axes.set_ylim if axis == "y" else axes.set_xlim)(low, high)
    return high


def name_panel(axes: "Axes", panel: Panel, note: str = "") -> None:
    """Writes over the panel which data it shows, what is measured, and a note."""
    text = " · ".join(text for text in (panel.data, _question(panel)) if text)
    axes.set_title(text + note, loc="left", size=9, color=MUTED, parse_math=False)


def _question(panel: Panel) -> str:
    if len(panel.measures) > 1:
        return "BIC and ICL" if panel.measures[0] == "bic" else "NLL"
    if panel.places and None in panel.values:
        return f"{panel.measures[0]}, level where there is no {panel.key}"
    if panel.places or panel.is_cost:
        return panel.measures[0]
    n_left = len(panel.values) - MOST_WORDS
    return f"{panel.key}, without the {n_left} worst" if n_left > 0 else panel.key


def shortened(value: Setting, longest: int = LONGEST) -> str:
    """A setting in words; a long one keeps its end, where paths differ."""
    text = "(none)" if value is None else str(value)
    return text if len(text) <= longest else f"…{text[1 - longest :]}"
