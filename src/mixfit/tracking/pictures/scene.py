"""What a picture shows: which points are drawn, where its axes end and where its curves are evaluated.

Limits follow the bulk of the data, then give way to the components that carry weight; a few stray points or a
component that ran away would otherwise squeeze everything else into one pixel. What is left out is said in words
(`Scene.remarks`). Above 3000 points every n-th is drawn, from the first on, so that equal inputs give equal pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixfit.tracking.pictures.components import Array, Components

MOST_POINTS = 3000
MOST_AXES = 4
Labels = NDArray[np.intp]
Limits = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Scene:
    """Points with the mixture fitted to them and, where it is known, the true one, on at most four axes.

    The points are (N, A) and the mixtures live on the same A axes, each with its column's name and its limits.
    The labels hold the component of each drawn point; `features` counts the axes of the whole data, and `n_points` its
    points, of which these may be a sample.
    """

    points: Array
    labels: Labels
    fitted: Components
    truth: Components | None
    columns: tuple[str, ...]
    limits: tuple[Limits, ...]
    features: int
    n_points: int

    @property
    def mixtures(self) -> tuple[Components, ...]:
        """The fitted mixture and, where it is known, the true one."""
        return (self.fitted,) if self.truth is None else (self.fitted, self.truth)

    @property
    def drawn(self) -> Array:
        """The points that are drawn one by one, in step with the labels: all, or every n-th of them."""
        return self.points[:: _stride(len(self.points))]

    def onto(self, *axes: int) -> "Scene":
        """The same scene on some of its axes only, in the order given."""
        return Scene(
            points=self.points[:, list(axes)],
            labels=self.labels,
            fitted=self.fitted.marginal(axes),
            truth=None if self.truth is None else self.truth.marginal(axes),
            columns=tuple(self.columns[axis] for axis in axes),
            limits=tuple(self.limits[axis] for axis in axes),
            features=self.features,
            n_points=self.n_points,
        )

    def remarks(self) -> list[str]:
        """What the reader must know to read the picture aright: its size and all that it leaves out."""
        n, shown = self.points.shape
        remarks = [_counted(self.n_points, "point"), _counted(len(self.fitted.weights), "component")]
        if n < self.n_points:
            remarks.append(f"{n:,} points looked at")
        if shown < self.features:
            remarks.append(f"first {shown} of {self.features} axes")
        if shown > 1 and len(self.drawn) < n:
            remarks.append(f"{len(self.drawn):,} points drawn")
        for places, noun in ((self.points, "point"), (self.fitted.means, "component")):
            if outside := self._outside(places):
                remarks.append(f"{_counted(outside, noun)} off the axes")
        return remarks

    def _outside(self, places: Array) -> int:
        low, high = np.array(self.limits).T
        return int(((places < low) | (places > high)).any(axis=1).sum())


def scene_of(
    points: Array,
    fitted: Components,
    truth: Components | None = None,
    columns: Sequence[str] = (),
    labels: Labels | None = None,
    n_points: int | None = None,
) -> Scene:
    """The scene of points (N, D): columns are x1, x2, ... and labels the likeliest component unless given.

    An axis that the mixture counts in another unit than its column's says so in its name.
    """
    unit = np.ones(np.shape(points)[1]) if fitted.unit is None else fitted.unit
    points = np.asarray(points, dtype=np.float64) / unit
    features, stride = points.shape[1], _stride(len(points))
    axes = range(min(features, MOST_AXES))
    truth = None if truth is None else truth.per(fitted.unit)
    mixtures = [fitted] if truth is None else [fitted, truth]
    return Scene(
        points=points[:, : len(axes)],
        labels=_likeliest(points[::stride], fitted) if labels is None else np.asarray(labels)[::stride],
        fitted=fitted.marginal(axes),
        truth=None if truth is None else truth.marginal(axes),
        columns=tuple(_named(columns[axis] if columns else f"x{axis + 1}", unit[axis]) for axis in axes),
        limits=tuple(_limits(points[:, axis], [mixture.marginal([axis]) for mixture in mixtures]) for axis in axes),
        features=features,
        n_points=len(points) if n_points is None else n_points,
    )


def grid(limits: Limits, mixtures: Sequence[Components], steps: int, offsets: Array, narrow: float = 4.0) -> Array:
    """Ascending places on one axis (G,): even steps, and besides them places around narrow components.

    One whose standard deviation is below `narrow` steps is looked at `offsets` standard deviations from its mean.
    """
    width = narrow * (limits[1] - limits[0]) / steps
    places = [np.linspace(*limits, steps + 1)]
    for mixture in mixtures:
        means, deviations = mixture.means[:, 0], mixture.standard_deviations[:, 0]
        close = deviations < width
        places.append((means[close] + np.multiply.outer(offsets, deviations[close])).ravel())
    together = np.unique(np.concatenate(places))
    return together[(together >= limits[0]) & (together <= limits[1])]


def _named(column: str, unit: float) -> str:
    return column if unit == 1 else f"{column} / {unit:.0e}"


def _likeliest(points: Array, fitted: Components) -> Labels:
    return fitted.log_joint(points).argmax(axis=1)


def _stride(count: int) -> int:
    return -(-count // MOST_POINTS)


def _limits(values: Array, mixtures: Sequence[Components]) -> Limits:
    """Room for the bulk of the data and for 3 standard deviations of each component of weight, within reason."""
    bulk = low, high = _bulk(values)
    room = 0.5 * (high - low) or np.inf
    for mixture in mixtures:
        heavy = mixture.weights >= min(0.02, mixture.weights.max())
        means, reach = mixture.means[heavy, 0], 3 * mixture.standard_deviations[heavy, 0]
        low = min(low, max(float((means - reach).min()), bulk[0] - room))
        high = max(high, min(float((means + reach).max()), bulk[1] + room))
    margin = max(0.03 * (high - low), 1e-12 * max(abs(low), abs(high)))  # what floating point can still resolve
    return low - margin, high + margin


def _bulk(values: Array) -> Limits:
    """The ends of the data, or of its inner 98 % and a margin where the data strays further than that."""
    low, high = sorted([np.quantile(values, 0.01, method="higher"), np.quantile(values, 0.99, method="lower")])
    margin = 0.25 * (high - low)
    return max(float(values.min()), float(low - margin)), min(float(values.max()), float(high + margin))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
