"""One picture of a run for whoever has no TensorBoard: the density, how the NLL fell and a short table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mixfit.tracking.pictures.components import Array, Components
from mixfit.tracking.pictures.density import DPI, draw_density
from mixfit.tracking.pictures.history import History, draw_history
from mixfit.tracking.pictures.scene import Labels, scene_of
from mixfit.tracking.pictures.style import FAINT, INK, MUTED, inches

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADING = 0.45
"""Inches kept for the title."""
LONGEST = 34
"""Characters of a value that fit in the table; longer ones end in an ellipsis."""


def report_figure(
    points: Array,
    fitted: Components,
    *,
    history: History,
    summary: Mapping[str, str],
    title: str,
    nll_true: float | None = None,
    truth: Components | None = None,
    columns: Sequence[str] = (),
    labels: Labels | None = None,
) -> "Figure":
    """The density at the left, the NLL against passes at the upper right, the summary below it.

    Args:
        points: (N, D), in the data's units.
        fitted: the mixture in the same units.
        history: for each series, such as nll/train and nll/val, the passes (M,) and the NLL (M,) in nats per point.
        summary: a few names and values, shown as given.
        title: a few words over the whole.
        nll_true: the NLL of the true mixture, where it is known.
        truth: the mixture the points were drawn from, where it is known.
        columns: the name of each feature; x1, x2, ... when empty.
        labels: the component of each point (N,); the likeliest under `fitted` when None.
    """
    from matplotlib.figure import Figure

    scene = scene_of(points, fitted, truth, columns, labels)
    figure = Figure(figsize=(12.4, 6.0 if len(scene.columns) == 1 else 7.2), dpi=DPI, facecolor="white")
    half = (figure.get_figheight() - HEADING) / 2
    cells = figure.add_gridspec(3, 2, width_ratios=(7.4, 5.0), height_ratios=(HEADING, half, half))
    upper, lower = figure.add_subfigure(cells[1, 1]), figure.add_subfigure(cells[2, 1])
    place = inches(figure, left=0.75, bottom=0, right=0, top=0.38)
    figure.text(place[0], place[3], title, size=14, weight="bold", color=INK, parse_math=False)
    draw_density(figure.add_subfigure(cells[1:, 0]), scene)
    draw_history(upper.add_axes(inches(upper, left=0.75, bottom=0.6, right=1.15, top=0.65)), history, nll_true)
    draw_table(lower.add_axes(inches(lower, left=0.75, bottom=0.6, right=0.35, top=0.25)), summary)
    return figure


def draw_table(axes: "Axes", summary: Mapping[str, str]) -> None:
    """Names at the left, values at the right and a fine rule under each row; many rows move closer together."""
    axes.set_axis_off()
    pitch = 1 / max(len(summary), 9)
    size = min(9.0, 9.0 * 14 * pitch)
    for row, (name, value) in enumerate(summary.items()):
        middle = 1 - (row + 0.5) * pitch
        text = value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
        axes.text(0, middle, name, size=size, color=MUTED, va="center", parse_math=False)
        axes.text(1, middle, text, size=size, color=INK, va="center", ha="right", parse_math=False)
        axes.plot([0, 1], [middle - pitch / 2] * 2, color=FAINT, linewidth=0.8)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
