"""Several mixtures over the same points, one colour each: where do they say something different?

One feature shows every density as a curve over the histogram. Two show, for each mixture, the outlines of the smallest
regions that hold 50 and 95 % of it: what lies inside is likely under it, whatever its components are. More features
are shown in pairs, on the first four axes at most, each mixture by its exact marginals.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np

from mixfit.tracking.pictures.components import Array, Components
from mixfit.tracking.pictures.density import DPI, LEGEND, WIDTH, height_of, join
from mixfit.tracking.pictures.panels import dots, histogram, regions, top
from mixfit.tracking.pictures.scene import Scene, grid, scene_of
from mixfit.tracking.pictures.style import BARS, MUTED, colour, inches, name_axes, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 8
"""Mixtures in one picture: as many as there are colours."""
LINE = 0.19
"""Inches of a line of the key."""
GREY = "#8b95a1"


def overlay_figure(points: Array, mixtures: Mapping[str, Components], columns: Sequence[str] = ()) -> "Figure":
    """The densities on top of one another, with a key that names them.

    Args:
        points: (N, D), in the data's units.
        mixtures: what to call each, and the mixture in the same units; the first eight are drawn.
        columns: the name of each feature; x1, x2, ... when empty.
    """
    from matplotlib.figure import Figure

    first = next(iter(mixtures.values()))
    shown = {name: mixture.per(first.unit) for name, mixture in list(mixtures.items())[:MOST]}
    scene = scene_of(points, _together([*shown.values()]), None, columns, np.zeros(len(points), dtype=np.intp))
    above = 0.3 + LINE * len(shown)
    figure = Figure(figsize=(WIDTH, height_of(scene) + above), dpi=DPI, facecolor="white")
    left, bottom, width, height = inches(figure, left=0.75, bottom=0.6, right=0.15, top=0.2 + above)
    mixtures_shown = [mixture.marginal(range(len(scene.columns))) for mixture in shown.values()]
    if len(scene.columns) > 2:
        _draw_pairs(figure, scene, mixtures_shown, above)
    else:
        axes = figure.add_axes((left, bottom, width, height))
        _draw(axes, scene, mixtures_shown, stroke=1.0)
        name_axes(axes, scene.columns[0], scene.columns[1] if len(scene.columns) > 1 else "density")
    figure.text(left, 1 - 0.12 / figure.get_figheight(), _remarks(scene, mixtures), size=9, color=MUTED, va="top")
    _draw_key(figure, list(shown), left)
    return figure


def _together(mixtures: Sequence[Components]) -> Components:
    """All components as if of one mixture, to which limits give room."""
    return Components(
        np.concatenate([mixture.weights for mixture in mixtures]) / len(mixtures),
        np.concatenate([mixture.means for mixture in mixtures]),
        np.concatenate([mixture.covariances for mixture in mixtures]),
        mixtures[0].unit,
    )


def _draw_pairs(figure: "Figure", scene: Scene, mixtures: Sequence[Components], above: float) -> None:
    """Every axis by itself on the diagonal, every pair below it."""
    count = len(scene.columns)
    left, bottom, width, height = inches(figure, left=0.75, bottom=0.6, right=0.15, top=0.1 + above)
    edges = {"left": left, "bottom": bottom, "right": left + width, "top": bottom + height}
    cells = figure.add_gridspec(count, count, hspace=0.12, wspace=0.12, **edges)
    for column, row in combinations_with_replacement(range(count), 2):
        axes = figure.add_subplot(cells[row, column])
        places = (row,) if row == column else (column, row)
        _draw(axes, scene.onto(*places), [mixture.marginal(places) for mixture in mixtures], stroke=0.7)
        name_axes(axes, scene.columns[column], scene.columns[row])
        join(axes, left=column == 0 < row, bottom=row == count - 1)


def _draw(axes: "Axes", scene: Scene, mixtures: Sequence[Components], stroke: float) -> None:
    (_draw_curves if len(scene.columns) == 1 else _draw_outlines)(axes, scene, mixtures, stroke)
    quiet(axes)


def _draw_curves(axes: "Axes", scene: Scene, mixtures: Sequence[Components], stroke: float) -> None:
    places = grid(scene.limits[0], mixtures, steps=400, offsets=np.linspace(-8, 8, 65))
    heights, edges = histogram(scene.points[:, 0], scene.limits[0])
    axes.stairs(heights, edges, fill=True, color=BARS)
    curves = [mixture.density(places[:, None]) for mixture in mixtures]
    for place, curve in enumerate(curves):
        axes.plot(places, curve, color=colour(place), linewidth=1.6 * stroke, alpha=0.9)
    axes.set_xlim(*scene.limits[0])
    axes.set_ylim(0, 1.08 * top(heights.max(), max(curve.max() for curve in curves)))


def _draw_outlines(axes: "Axes", scene: Scene, mixtures: Sequence[Components], stroke: float) -> None:
    size = stroke**2 * float(np.clip(9000 / len(scene.drawn), 3, 12))
    dots(axes, scene.drawn, s=size, c=GREY, alpha=0.35, linewidths=0, zorder=1)
    for place, mixture in enumerate(mixtures):
        x, y, log_density, levels = regions(mixture, scene.limits)
        if len(levels):
            ends = levels[[0, -1]] if len(levels) > 1 else levels  # 95 and 50 %
            widths = np.linspace(1.1, 1.9, len(ends)) * stroke
            look: dict[str, Any] = {
                "colors": [colour(place)],
                "linewidths": widths,
                "linestyles": "solid",
                "alpha": 0.9,
            }
            axes.contour(x, y, log_density, levels=ends, zorder=2, **look)
    axes.set_xlim(*scene.limits[0])
    axes.set_ylim(*scene.limits[1])


def _remarks(scene: Scene, mixtures: Mapping[str, Components]) -> str:
    """What the reader must know: how many points, what lines mean, and what is left out."""
    points, _, *rest = scene.remarks()
    lines = ["the regions that hold 50 and 95 % of each"] if len(scene.columns) > 1 else []
    left_out = [f"first {MOST} of {len(mixtures)} runs"] if len(mixtures) > MOST else []
    return "  ·  ".join([points, *(remark for remark in rest if "component" not in remark), *lines, *left_out])


def _draw_key(figure: "Figure", names: Sequence[str], left: float) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colour(place), linewidth=2, label=name) for place, name in enumerate(names)]
    key = figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(left, 1 - 0.3 / figure.get_figheight()),
        borderpad=0,
        borderaxespad=0,
        labelspacing=0.35,
        **LEGEND,
    )
    for text in key.get_texts():
        text.set_parse_math(False)
