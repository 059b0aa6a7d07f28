"""How well can these data be fitted? Answers that do not come from the program under test.

Each is a range in nats per point. Most are closed forms (`groups`), exact wherever the floor takes part too; where
components overlap, scikit-learn's best of many starts on the same points in tame units, whose likelihood moves by the
logarithm of the units and by nothing else; where the density is known, that density.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from sklearn.mixture import GaussianMixture

from tests.robustness.nasty.case import Array, Asked, Bounds, Labels, Reference
from tests.robustness.nasty.groups import grouped
from tests.robustness.nasty.units import FLOOR, relative

SLACK = 0.003
"""Nats per point: scikit-learn stops when a step gains less than 0.001, and adds what others only keep above."""


def separated(groups: Labels, slack: float = SLACK) -> Reference:
    """Groups far apart, each of which fills all dimensions: no floor is felt, whatever it is."""

    def reference(asked: Asked) -> Bounds:
        points, log_volume = _standardized(asked)
        nll, _ = grouped(points, asked.weights, groups, asked.family, 0.0)
        return _around(nll + log_volume, slack, at_floor=False)

    return reference


def floored(groups: Labels, slack: float = SLACK) -> Reference:
    """Groups far apart, some of which do not fill all dimensions: the floor decides, in each program's own units."""

    def reference(asked: Asked) -> Bounds:
        points = asked.points / asked.unit
        nll, variances = grouped(points, asked.weights, groups, asked.family, FLOOR, asked.adds_floor)
        return _around(nll + _log_volume(asked.unit), slack, at_floor=_at_floor(variances))

    return reference


def one_gaussian(asked: Asked) -> Bounds:
    """A single Gaussian."""
    return floored(np.zeros(len(asked.points), dtype=np.int64))(asked)


def some_mixture(asked: Asked) -> Bounds:
    """Anything under the floor that is no worse than a single Gaussian.

    A density of variances of at least f in D dimensions is nowhere above (2πf)^(-D/2), and K components that are worse
    than one have not been fitted.
    """
    low = asked.points.shape[1] / 2 * np.log(2 * np.pi * FLOOR) + _log_volume(asked.unit)
    return Bounds(low - SLACK, one_gaussian(asked).high, at_floor=None)


def hard_mixture(asked: Asked) -> Bounds:
    """The density that k-means leaves behind, whose hard assignments cost at most log K."""
    bounds = some_mixture(asked)
    return bounds._replace(high=bounds.high + float(np.log(asked.n_components)))


def between(best: Reference, worst: Reference) -> Reference:
    """Not better than the one, nor worse than the other."""

    def reference(asked: Asked) -> Bounds:
        return Bounds(best(asked).low, worst(asked).high, at_floor=None)

    return reference


def at_best(reference: Reference, worse: float) -> Reference:
    """Not below the reference, and up to so many nats above it, for there are many local maxima."""

    def widened(asked: Asked) -> Bounds:
        bounds = reference(asked)
        return bounds._replace(high=bounds.high + worse, at_floor=None)

    return widened


def overlapping(worse: float = SLACK, better: float = SLACK) -> Reference:
    """scikit-learn's best of many starts, on the same points in tame units."""

    def reference(asked: Asked) -> Bounds:
        tame, log_volume = _tame(asked)
        nll = _best_of_many(tame.tobytes(), tame.shape[1], asked.n_components, asked.family) + log_volume
        return Bounds(nll - better, nll + worse, at_floor=False)

    return reference


def of_tame(points: Array, reference: Reference, log_volume: float) -> Reference:
    """What is known of points in tame units; the data's own differ by so many nats."""

    def moved(asked: Asked) -> Bounds:
        low, high, at_floor = reference(replace(asked, points=points))
        return Bounds(low + log_volume, high + log_volume, at_floor)

    return moved


def truth(log_density: Callable[[Array], Array], worse: float, better: float) -> Reference:
    """The density that the points were drawn from, at these very points."""

    def reference(asked: Asked) -> Bounds:
        nll = -float(log_density(asked.points).mean())
        return Bounds(nll - better, nll + worse, at_floor=None)

    return reference


def _around(nll: float, slack: float, at_floor: bool | None) -> Bounds:
    return Bounds(nll - slack, nll + slack, at_floor)


def _at_floor(variances: Array) -> bool | None:
    """Whether some variance lies below the floor; None if that is for rounding to decide."""
    smallest = float(variances.min())
    return None if 0.99 * FLOOR < smallest < 1.01 * FLOOR else smallest < FLOOR


def _log_volume(unit: Array) -> float:
    return float(np.log(unit).sum())


def _standardized(asked: Asked) -> tuple[Array, float]:
    """The points in units of their size, a ball still being one, and the logarithm of the volume of a unit."""
    shape = asked.unit / asked.unit.max() if asked.family.endswith("spherical") else np.ones_like(asked.unit)
    points = asked.points / shape
    unit = relative(points, asked.weights, asked.family)
    return points / unit, _log_volume(shape) + _log_volume(unit)


def _tame(asked: Asked) -> tuple[Array, float]:
    """The points in coordinates that their family does not notice, and the logarithm of the volume of a unit there."""
    points, log_volume = _standardized(asked)
    points = points - points.mean(0)
    if asked.family not in ("tied", "full"):
        return points, log_volume
    left, lengths, _ = np.linalg.svd(points, full_matrices=False)
    lengths = lengths / np.sqrt(len(points))
    return np.ascontiguousarray(left * np.sqrt(len(points))), log_volume + float(np.log(lengths).sum())


@cache
def _best_of_many(points: bytes, dim: int, n_components: int, family: str) -> float:
    rows = np.frombuffer(points).reshape(-1, dim)
    mixture = GaussianMixture(
        n_components, covariance_type=family, tol=1e-8, reg_covar=1e-9, max_iter=2000, n_init=5, random_state=0
    )
    return -float(mixture.fit(rows).score(rows))
