"""The best mixture whose components hold known groups, in closed form and under a floor.

Where groups lie many standard deviations apart, responsibilities are zero and one, and the likelihood is highest for a
Gaussian for each group: share n_g/N, mean and covariance S_g. Under the bound "no variance below f" the best Σ has
the axes of S and the variances v = max(λ, f) (the eigenvalues λ of S), so that

    NLL = Σ_g π_g (-log π_g + ½ Σ_d [log 2π v_gd + λ_gd / v_gd]).

One group is a single Gaussian; a group for each distinct point is a set of atoms. Variances come from singular values
of the centred points, because squares would lose what is eight digits smaller than the largest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.robustness.nasty.case import Array, Labels


def grouped(
    points: Array, weights: Array, groups: Labels, family: str, floor_variance: float, adds_floor: bool = False
) -> tuple[float, Array]:
    """The NLL in nats per point, and the variances (G, D) that the data alone would have.

    Args:
        points: (N, D), in the coordinates in which the floor is measured.
        weights: (N,), how often each point counts.
        groups: (N,).
        family: of covariances.
        floor_variance: the smallest that is allowed; 0 for none.
        adds_floor: whether it is added to all variances instead.
    """
    share = weights / weights.sum()
    centred, shares = _centred(points, share, groups)
    deviations = np.sqrt(share)[:, None] * centred
    if family.startswith("tied"):
        variances = np.tile(_variances(deviations, family.removeprefix("tied_")), (len(shares), 1))
    else:
        rows = [deviations[groups == group] for group in np.unique(groups)]
        variances = np.stack([_variances(row, family) for row in rows]) / shares[:, None]
    bounded = variances + floor_variance if adds_floor else np.maximum(variances, floor_variance)
    nlls = 0.5 * (np.log(2 * np.pi * bounded) + variances / bounded).sum(1)
    return float(shares @ (nlls - np.log(shares))), variances


def _centred(points: Array, share: Array, groups: Labels) -> tuple[Array, Array]:
    """Points less the mean of their group, and the share of each group."""
    centred, shares = points.copy(), []
    for rows in _rows(groups):
        mean = share[rows] @ points[rows] / share[rows].sum()
        around = points[rows] - mean
        centred[rows] = around - share[rows] @ around / share[rows].sum()  # the second time for the rounded digits
        shares.append(share[rows].sum())
    return centred, np.array(shares)


def _rows(groups: Labels) -> Iterator[Labels]:
    for group in np.unique(groups):
        yield np.flatnonzero(groups == group)


def _variances(deviations: Array, family: str) -> Array:
    """(D,): of Σ_n d d', whose diagonal, trace or eigenvalues the family keeps."""
    dim = deviations.shape[1]
    if family == "diag":
        return np.square(deviations).sum(0)
    if family == "spherical":
        return np.full(dim, np.square(deviations).sum() / dim)
    found = np.zeros(dim)
    values = np.linalg.svd(deviations, compute_uv=False)
    found[: len(values)] = np.square(values)
    return found
