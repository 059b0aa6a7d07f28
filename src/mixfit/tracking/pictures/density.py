"""A picture of data and the mixture fitted to it: a curve for one feature, a plane for two, a pair grid for more."""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

from mixfit.tracking.pictures.components import Array, Components
from mixfit.tracking.pictures.panels import (
    FEW,
    draw_curve,
    draw_plane,
    draw_regions,
    label_curves,
    label_means,
    radii,
)
from mixfit.tracking.pictures.png import save_png
from mixfit.tracking.pictures.scene import Labels, Scene, scene_of
from mixfit.tracking.pictures.style import BARS, DASHES, FITTED, MUTED, TRUE, colour, inches, name_axes

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["Components", "density_figure", "draw_density", "save_png"]

DPI = 110
WIDTH = 7.4
"""Inches of a density's picture, by itself and as a part of a report."""


def density_figure(
    points: Array,
    fitted: Components,
    *,
    truth: Components | None = None,
    columns: Sequence[str] = (),
    labels: Labels | None = None,
    n_points: int | None = None,
) -> "Figure":
    """The fitted mixture over its data, on the first four axes at most.

    Args:
        points: (N, D), in the data's units.
        fitted: the mixture in the same units.
        truth: the mixture the points were drawn from, where it is known.
        columns: the name of each feature; x1, x2, ... when empty.
        labels: the component of each point (N,); the likeliest under `fitted` when None.
        n_points: how many there are, if `points` are a sample of them.
    """
    from matplotlib.figure import Figure

    scene = scene_of(points, fitted, truth, columns, labels, n_points)
    figure = Figure(figsize=(WIDTH, height_of(scene)), dpi=DPI, facecolor="white")
    draw_density(figure, scene)
    return figure


def height_of(scene: Scene) -> float:
    """Inches of a density's picture, by itself and as a part of a report."""
    return 5.5 if len(scene.columns) == 1 else 6.7


def draw_density(canvas: "Figure | SubFigure", scene: Scene) -> None:
    """Draw a scene, the remarks on it and the key to it into a figure or a part of one."""
    left, bottom, width, height = inches(canvas, left=0.75, bottom=0.6, right=0.15, top=0.65)
    remarks = "  ·  ".join(scene.remarks())
    canvas.text(left, 1 - 0.12 * (1 - bottom - height), remarks, size=9, color=MUTED, va="top")
    if len(scene.columns) > 2:
        _draw_pairs(canvas, scene)
        return
    axes = canvas.add_axes((left, bottom, width, height))
    if len(scene.columns) == 1:
        draw_curve(axes, scene)
        label_curves(axes, scene)
        name_axes(axes, scene.columns[0], "density")
    else:
        draw_regions(axes, scene)
        draw_plane(axes, scene)
        label_means(axes, scene)
        name_axes(axes, *scene.columns)
    axes.legend(handles=_key(scene), loc="lower right", bbox_to_anchor=(1, 1), ncols=4, **LEGEND)


def _draw_pairs(canvas: "Figure | SubFigure", scene: Scene) -> None:
    """Every axis by itself on the diagonal, every pair below it, the key above it."""
    count = len(scene.columns)
    left, bottom, width, height = inches(canvas, left=0.75, bottom=0.6, right=0.15, top=0.45)
    edges = {"left": left, "bottom": bottom, "right": left + width, "top": bottom + height}
    cells = canvas.add_gridspec(count, count, hspace=0.12, wspace=0.12, **edges)
    for column, row in combinations_with_replacement(range(count), 2):
        axes = canvas.add_subplot(cells[row, column])
        if row == column:
            draw_curve(axes, scene.onto(row), stroke=0.7)
        else:
            draw_plane(axes, scene.onto(column, row), stroke=0.7)
        name_axes(axes, scene.columns[column], scene.columns[row])
        join(axes, left=column == 0 < row, bottom=row == count - 1)
    key = [*_key(scene), *_weights(scene)]
    canvas.legend(handles=key, loc="upper right", bbox_to_anchor=(left + width, bottom + height), **LEGEND)


def join(axes: "Axes", left: bool, bottom: bool) -> None:
    """Few ticks, and words only at the outer edge of the grid of panels."""
    axes.locator_params(nbins=3)
    axes.tick_params(labelleft=left, labelbottom=bottom)
    axes.xaxis.get_offset_text().set_visible(bottom)
    axes.yaxis.get_offset_text().set_visible(left)
    axes.xaxis.label.set_visible(bottom)
    axes.yaxis.label.set_visible(left)


LEGEND = {"frameon": False, "fontsize": 8, "labelcolor": MUTED, "handlelength": 1.8, "columnspacing": 1.4}


def _key(scene: Scene) -> "list[Artist]":
    """What solid, dashed and shaded mean in this picture."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    axes = len(scene.columns)
    wide = f", {' and '.join(map(str, radii(scene.fitted)))} sd" if axes > 1 else ""
    key: list[Artist] = [Line2D([], [], color=FITTED, linewidth=3, label=f"fitted{wide}")]
    if axes <= 2:
        key.insert(0, Patch(color=BARS, label="data" if axes == 1 else "50, 80, 95 % of the fit"))
    if scene.truth is not None:
        key.append(Line2D([], [], color=TRUE, linewidth=1, linestyle=DASHES, label="true"))
    return key


def _weights(scene: Scene) -> "list[Artist]":
    from matplotlib.lines import Line2D

    weights = scene.fitted.weights
    if len(weights) > FEW:
        return []
    return [
        Line2D([], [], color=colour(component), marker="o", linestyle="", label=f"weight {weight:.2f}")
        for component, weight in enumerate(weights)
    ]
