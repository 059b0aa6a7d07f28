"""What every picture has in common: colours, quiet axes and labels that do not collide.

Component k has the k-th colour of the palette everywhere: Okabe and Ito's, which colour-blind readers can tell
apart, extended to eight and repeated after that. The whole fit is grey, the truth black and dashed, the data light
grey. Settings are passed to each artist rather than to matplotlib as a whole, so that a caller's own plots keep
their looks.
"""

from typing import TYPE_CHECKING

import numpy as np

from mixfit.tracking.pictures.components import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

Box = tuple[float, float, float, float]

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#8A8A2B")
INK, MUTED, RULE, FAINT, BARS = "#1f2933", "#6b7280", "#c5cbd3", "#eceff2", "#dfe3e8"
ALARM = "#b42318"
FITTED, TRUE = "#9aa1ab", "#111111"
DASHES = (0, (4, 3))


def colour(component: int) -> str:
    """The colour of component k, the same in every picture."""
    return PALETTE[component % len(PALETTE)]


def quiet(axes: "Axes") -> None:
    """No box, few and small grey numbers, and a grid that stays in the background."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(RULE)
    axes.grid(color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.locator_params(nbins=7)
    axes.tick_params(which="both", left=False, bottom=False, length=0, labelsize=8, labelcolor=MUTED, pad=4)
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_offset_text().set(size=7, color=MUTED)


def name_axes(axes: "Axes", horizontal: str, vertical: str) -> None:
    """Label both axes with words that are taken literally, dollar signs and all.

    They stand at the edge of the margins: to place them beside the numbers takes a second layout of every number.
    """
    width, height = axes.bbox.width / axes.figure.dpi, axes.bbox.height / axes.figure.dpi
    axes.set_xlabel(horizontal, size=9, color=INK, parse_math=False)
    axes.set_ylabel(vertical, size=9, color=INK, parse_math=False)
    axes.xaxis.set_label_coords(0.5, -0.25 / height)
    axes.yaxis.set_label_coords(-0.46 / width, 0.5)


def inches(canvas: "Figure | SubFigure", left: float, bottom: float, right: float, top: float) -> Box:
    """The box that leaves these margins, in inches, as (left, bottom, width, height) in shares of the canvas."""
    width, height = canvas.bbox.width / canvas.dpi, canvas.bbox.height / canvas.dpi
    return left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height


def spread(positions: Array, gap: float, low: float = 0.0, high: float = 1.0) -> Array:
    """Positions (M,) moved apart until neighbours keep the gap, within [low, high] while that has room for all.

    Their order stays, and those that have room already stay put.
    """
    order = np.argsort(positions, kind="stable")
    steps = gap * np.arange(len(positions))
    loose = positions[order] - steps
    pushed_up = np.maximum.accumulate(loose)
    pushed_down = np.minimum.accumulate(loose[::-1])[::-1]
    middle = (pushed_up + pushed_down) / 2 + steps  # both keep the gap, hence so does their middle
    apart = np.empty_like(positions)
    apart[order] = np.clip(middle, low + steps, high - steps[::-1])
    return apart
