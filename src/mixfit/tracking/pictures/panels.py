"""How a mixture looks on one axis (a curve) and on two (a plane).

As a curve the fitted mixture is a broad grey line with its components in colour on top, so that neither hides the
other where one component stands alone. On the plane a component shows its weight in the width and opacity of its
outlines, and the shaded regions are the smallest that hold 50, 80 and 95 % of the fitted mixture (highest density
regions; Hyndman 1996, The American Statistician 50).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mixfit.tracking.pictures.components import Array, Components
from mixfit.tracking.pictures.scene import Limits, Scene, grid
from mixfit.tracking.pictures.style import BARS, DASHES, FITTED, PALETTE, TRUE, colour, quiet, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = len(PALETTE)
"""Up to this many components have their weights written next to them; more would hide the picture."""
REGIONS = (0.95, 0.8, 0.5)


def draw_curve(axes: "Axes", scene: Scene, stroke: float = 1.0) -> None:
    """A scene of one axis: histogram, fitted density, each weighted component, true density; `stroke` scales lines."""
    places = grid(scene.limits[0], scene.mixtures, steps=400, offsets=np.linspace(-8, 8, 65))
    curves = np.exp(scene.fitted.log_joint(places[:, None]))
    heights, edges = histogram(scene.points[:, 0], scene.limits[0])
    axes.stairs(heights, edges, fill=True, color=BARS)
    axes.plot(places, curves.sum(axis=1), color=FITTED, linewidth=3.6 * stroke)
    for component, curve in enumerate(curves.T):
        axes.fill_between(places, curve, color=colour(component), alpha=0.10, linewidth=0)
        axes.plot(places, curve, color=colour(component), linewidth=1.3 * stroke)
    if scene.truth is not None:
        axes.plot(places, scene.truth.density(places[:, None]), color=TRUE, linewidth=1.1 * stroke, linestyle=DASHES)
    axes.set_xlim(*scene.limits[0])
    axes.set_ylim(0, 1.15 * top(heights.max(), curves.sum(axis=1).max()))
    quiet(axes)


def label_curves(axes: "Axes", scene: Scene) -> None:
    """Write the weight of each component over its mean, moved aside where two would overlap."""
    low, high = scene.limits[0]
    means = (scene.fitted.means[:, 0] - low) / (high - low)
    if len(means) > FEW:
        return
    for component, place in enumerate(spread(means, 0.07, low=0.03, high=0.97)):
        axes.text(
            place,
            0.99,
            f"{scene.fitted.weights[component]:.2f}",
            transform=axes.transAxes,
            color=colour(component),
            size=9,
            weight="bold",
            ha="center",
            va="top",
        )


def draw_plane(axes: "Axes", scene: Scene, stroke: float = 1.0) -> None:
    """A scene of two axes: points and the components' ellipses, the true ones dashed; `stroke` scales lines."""
    size = stroke**2 * float(np.clip(9000 / len(scene.drawn), 4, 16))
    dots(axes, scene.drawn, s=size, c=[colour(component) for component in scene.labels], alpha=0.4, linewidths=0)
    share = scene.fitted.weights / scene.fitted.weights.max()
    own = [colour(component) for component in range(len(share))]
    _outline(axes, scene.fitted, colors=own, linewidths=(0.8 + 1.4 * share) * stroke, alpha=0.3 + 0.7 * share)
    dots(axes, scene.fitted.means, s=36 * stroke, c=own, edgecolors="white", linewidths=0.8, zorder=4)
    if scene.truth is not None:
        _outline(axes, scene.truth, colors=[TRUE], linewidths=0.9 * stroke, linestyles=[DASHES])
        dots(axes, scene.truth.means, s=40 * stroke**2, c=TRUE, marker="+", linewidths=stroke, zorder=5)
    axes.set_xlim(*scene.limits[0])
    axes.set_ylim(*scene.limits[1])
    quiet(axes)


def label_means(axes: "Axes", scene: Scene) -> None:
    """Write the weight of each component beside its mean."""
    from matplotlib.patheffects import withStroke

    if len(scene.fitted.weights) > FEW:
        return
    for component, weight in enumerate(scene.fitted.weights):
        axes.annotate(
            f"{weight:.2f}",
            scene.fitted.means[component],
            (7, 5),
            textcoords="offset points",
            color=colour(component),
            size=9,
            weight="bold",
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            annotation_clip=True,
        )


def draw_regions(axes: "Axes", scene: Scene) -> None:
    """Shade the highest density regions of the fitted mixture on two axes."""
    x, y, log_density, levels = regions(scene.fitted, scene.limits)
    if not len(levels):
        return
    greys = ("#f1f4f7", "#e6ebf0", "#d9e0e7")[-len(levels) :]
    axes.contourf(x, y, log_density, levels=[*levels, np.inf], colors=greys, zorder=0)
    axes.contour(x, y, log_density, levels=levels, colors="#b3bdc8", linewidths=0.6, linestyles="solid", zorder=0)


def regions(mixture: Components, limits: Sequence[Limits]) -> tuple[Array, Array, Array, Array]:
    """Places along two axes, (X,) and (Y,), the log density there, (Y, X), and the levels of `region_levels`."""
    x, y = (_lines(mixture.marginal([axis]), limits[axis]) for axis in (0, 1))
    places = np.stack(np.meshgrid(x, y), axis=-1)
    log_density = mixture.log_density(places.reshape(-1, 2)).reshape(len(y), len(x))
    return x, y, log_density, region_levels(log_density, np.outer(np.gradient(y), np.gradient(x)))


def _lines(mixture: Components, limits: Limits) -> Array:
    """The grid's places along one axis, finer around narrow components unless there are many: a grid has G^2 cells."""
    half = np.array([0.75, 1.5, 2.5, 4.0, 6.0])  # far enough that the wide cells beside a spike are empty
    offsets = np.concatenate([-half[::-1], [0.0], half])
    resolved = [mixture] if len(mixture.weights) <= FEW else []
    return grid(limits, resolved, steps=100, offsets=offsets, narrow=1.5)


def region_levels(log_density: Array, areas: Array) -> Array:
    """The ascending log densities (at most three) above which lie 95, 80 and 50 % of a mixture.

    Without those that a grid of cells with these areas does not hold, or is too coarse to tell from its peak.
    """
    descending = np.argsort(log_density, axis=None)[::-1]
    held = np.cumsum(np.exp(log_density + np.log(areas)).ravel()[descending])
    last = np.searchsorted(held, REGIONS)
    levels = np.unique(log_density.ravel()[descending][last[last < len(held)]])
    return levels[levels < log_density.max()]


def radii(mixture: Components) -> tuple[int, ...]:
    """How many standard deviations its ellipses are wide: 1 and 2, but only 1 where many would cover the plane."""
    return (1, 2) if len(mixture.weights) <= FEW else (1,)


def ellipses(mixture: Components, radius: float) -> Array:
    """Outlines of the components of a mixture on two axes, `radius` standard deviations wide: (K, 73, 2)."""
    turn = np.linspace(0, 2 * np.pi, 73)
    deviations = mixture.standard_deviations[:, None, :]
    correlation = np.clip(mixture.covariances[:, :1, 1] / deviations.prod(axis=-1), -1, 1)
    tilted = correlation * np.cos(turn) + np.sqrt(1 - correlation**2) * np.sin(turn)
    circle = np.stack([np.broadcast_to(np.cos(turn), tilted.shape), tilted], axis=-1)
    return mixture.means[:, None, :] + radius * deviations * circle


def histogram(values: Array, limits: Limits) -> tuple[Array, Array]:
    """Heights (B,) and edges (B + 1,), on the density scale of all values, those outside the limits included."""
    bins = int(np.clip(4 * np.cbrt(len(values)), 10, 120)) | 1  # odd: a constant falls into the middle of one
    counts, edges = np.histogram(values, bins=bins, range=limits)
    return counts / (len(values) * np.diff(edges)), edges


def dots(axes: "Axes", places: Array, **looks: Any) -> None:
    """Draw places (N, 2) one by one."""
    axes.scatter(places[:, 0], places[:, 1], **looks)


def _outline(axes: "Axes", mixture: Components, **looks: Any) -> None:
    from matplotlib.collections import LineCollection

    for radius in radii(mixture):
        axes.add_collection(LineCollection(list(ellipses(mixture, radius)), **looks), autolim=False)


def top(tallest_bar: float, tallest_curve: float) -> float:
    """A height that shows both peaks, unless one is a spike that would flatten the other."""
    return max(min(tallest_curve, 3 * tallest_bar), min(tallest_bar, 3 * tallest_curve)) or tallest_bar
