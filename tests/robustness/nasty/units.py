"""In which units does a program measure its floor?

scikit-learn adds 1e-6 in the data's own units squared; behind z-scores, in those of each column's variance. mixfit's
documentation says: relative to the data's own variance, axis by axis; of a ball, relative to the mean variance of all
axes; and a column that never changes is measured by its own size, or by one if it is zero.
"""

from __future__ import annotations

import numpy as np

from tests.robustness.nasty.case import Array

FLOOR = 1e-6
"""The smallest variance in those units; a default of both programs."""


def raw(points: Array, weights: Array, family: str) -> Array:
    """The data's own units, (D,)."""
    return np.ones(points.shape[1])


def z_scores(points: Array, weights: Array, family: str) -> Array:
    """The deviation of each column, (D,); one for a column that never changes."""
    deviations = _deviations(points, weights)
    return np.where(deviations > 0, deviations, 1.0)


def relative(points: Array, weights: Array, family: str) -> Array:
    """The deviation of each column, or of the whole for balls; the size of what never changes, (D,)."""
    size, deviations = np.abs(points[0]), _deviations(points, weights)
    own = np.where(size > 0, size, 1.0)
    if not family.endswith("spherical"):
        return np.where(deviations > 0, deviations, own)
    lengths = deviations if deviations.any() else own
    return np.full(points.shape[1], lengths.max() * np.sqrt(np.mean(np.square(lengths / lengths.max()))))


def _deviations(points: Array, weights: Array) -> Array:
    """Standard deviations (D,) that do not overflow, exactly zero where nothing changes."""
    size = np.abs(points).max(0)
    share = weights / weights.sum()
    inside = points / np.where(size > 0, size, 1.0)
    inside = inside - inside[0]
    around = inside - share @ inside
    return np.asarray(size * np.sqrt(share @ np.square(around)) * (points != points[0]).any(0))
