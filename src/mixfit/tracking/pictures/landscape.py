"""How far apart starts ended: a look at how hard the likelihood is to climb.

One dot for each start, after its short run, the best at the left; beside them a bar for each different place where the
best few had ended when they were settled and moved. Dots on one line with one bar: any start would have done.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from mixfit.tracking.pictures.style import INK, MUTED, PALETTE, inches, name_axes, quiet

SIZE = (7.0, 3.4)


def landscape_figure(drawn: Sequence[float], ended: Sequence[float], winner: int) -> Figure:
    """The picture of a search.

    Args:
        drawn: the objective of each start after its short run, (R,).
        ended: those of the different places where the best of them ended, the best first.
        winner: the start from which the best was found, counted from 0.
    """
    figure = Figure(figsize=SIZE, dpi=100)
    axes = figure.add_axes(inches(figure, 0.75, 0.5, 0.25, 0.4))
    quiet(axes)
    order = np.argsort(drawn, kind="stable")
    places = np.arange(1, len(order) + 1)
    axes.plot(places, np.asarray(drawn)[order], "o", color=MUTED, markersize=4, markeredgewidth=0)
    won = int(np.flatnonzero(order == winner)[0])
    axes.plot(places[won], drawn[winner], "o", color=PALETTE[0], markersize=7, markeredgewidth=0)
    width = 0.03 * len(order) + 0.2
    axes.hlines(ended, -2 * width, -width, color=INK, linewidth=1.2)
    axes.plot([-1.5 * width], ended[:1], "D", color=PALETTE[0], markersize=6, markeredgewidth=0)
    axes.set_title(
        f"{len(drawn)} starts after their short runs; left, the {len(ended)} different places where the best ended",
        loc="left",
        size=9,
        color=MUTED,
    )
    axes.ticklabel_format(axis="y", useOffset=False, style="plain")
    name_axes(axes, "starts, the best first; blue: from this one the fit began", "nats per point")
    return figure
