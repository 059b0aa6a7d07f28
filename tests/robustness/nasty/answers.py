"""All that a fitted mixture can be asked, in scikit-learn's names, and whether it fits together.

Everything has to be finite and to add up: densities, weights, responsibilities, the BIC, covariances, draws.
Covariances are compared as correlations, for their entries may differ by more digits than a number has. They are in
the data's units squared: where float64 cannot hold those, to say so is an answer too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.robustness.nasty.case import Array, Case, Labels
from tests.robustness.nasty.programs import Program
from tests.robustness.nasty.units import FLOOR

ROUNDING = 1e-8
OF_FLOAT32 = 1e-5
RANGE = (1e-300, 1e300)
"""Of variances that a float64 can hold with all digits."""


@dataclass(frozen=True)
class Answers:
    """What a fitted mixture says of the points that it was fitted to.

    Attributes:
        counts: (N,), how often each point counts.
        log_densities: (N,), in nats.
        labels: (N,), the most probable component.
        responsibilities: (N, K).
        bic: the criterion.
        n_parameters: that it should count.
        weights: (K,).
        means: (K, D).
        covariances: (K, D, D); None where float64 cannot hold them.
        draws: (8, D).
    """

    counts: Array
    log_densities: Array
    labels: Labels
    responsibilities: Array
    bic: float
    n_parameters: int
    weights: Array
    means: Array
    covariances: Array | None
    draws: Array

    @property
    def nll(self) -> float:
        """In nats per point."""
        return float(-(self.counts / self.counts.sum()) @ self.log_densities)

    def problems(self) -> Iterator[str]:
        """What is not finite or does not add up."""
        for name in ("log_densities", "responsibilities", "weights", "means", "covariances", "draws", "bic"):
            values = getattr(self, name)
            if values is not None and not np.isfinite(values).all():
                yield f"{name} not finite"
        if not abs(self.weights.sum() - 1) <= ROUNDING:
            yield f"the weights sum to {self.weights.sum()}"
        if not np.abs(self.responsibilities.sum(1) - 1).max() <= ROUNDING:
            yield "responsibilities do not sum to one"
        if np.isfinite(self.bic) and abs(self.bic - self._bic) > OF_FLOAT32 * max(1, abs(self._bic)):
            yield f"the BIC is {self.bic} and not {self._bic}"
        if self.covariances is not None and not _are_positive_definite(self.covariances):
            yield "a covariance is not positive definite"

    @property
    def _bic(self) -> float:
        total = self.counts.sum()
        return float(self.n_parameters * np.log(total) + 2 * total * self.nll)

    def on_floor(self, unit: Array) -> bool | None:
        """Whether the smallest eigenvalue of all is the floor, which is measured in these units (D,)."""
        if self.covariances is None:
            return None
        with np.errstate(over="ignore"):
            inside = self.covariances / unit[:, None] / unit
        return bool(np.linalg.eigvalsh(inside).min() <= FLOOR * (1 + 1e-3)) if np.isfinite(inside).all() else None


def answers_of(program: Program, case: Case, family: str) -> Answers:
    """What the program's mixture says when it is fitted to the data and asked about them."""
    points, given = case.make(), {} if case.weights is None else {"sample_weight": case.weights}
    mixture = program.make(case.n_components, family).fit(points, **given)
    means = np.asarray(mixture.means_)
    shape = (case.n_components, case.points.shape[1])
    return Answers(
        counts=case.counts,
        log_densities=np.asarray(mixture.score_samples(points), dtype=np.float64),
        labels=mixture.predict(points),
        responsibilities=mixture.predict_proba(points),
        bic=float(mixture.bic(points, **given)),
        n_parameters=_n_parameters(*shape, family),
        weights=np.asarray(mixture.weights_),
        means=means,
        covariances=_covariances(mixture, shape, family, program.unit(case.points, case.counts, family)),
        draws=mixture.sample(8)[0],
    )


def _n_parameters(n_components: int, dim: int, family: str) -> int:
    matrix = dim * (dim + 1) // 2
    of_family = {"full": n_components * matrix, "tied": matrix, "diag": n_components * dim, "spherical": n_components}
    return n_components - 1 + n_components * dim + of_family.get(family, 1)


def _covariances(mixture: Any, shape: tuple[int, int], family: str, unit: Array) -> Array | None:
    try:
        return _dense(np.asarray(mixture.covariances_, dtype=np.float64), *shape, family)
    except ValueError:
        with np.errstate(all="ignore"):
            variances = np.square(unit)
        if (FLOOR * variances > RANGE[0]).all() and (variances < RANGE[1]).all():
            raise
        return None


def _dense(covariances: Array, n_components: int, dim: int, family: str) -> Array:
    """As matrices (K, D, D)."""
    if family in ("full", "tied"):
        return np.broadcast_to(covariances.reshape(-1, dim, dim), (n_components, dim, dim))
    variances = covariances if family == "diag" else covariances.reshape(-1, 1)
    return np.broadcast_to(variances, (n_components, dim))[:, :, None] * np.eye(dim)


def _are_positive_definite(covariances: Array) -> bool:
    lengths = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        return False
    correlations = covariances / lengths[:, :, None] / lengths[:, None]
    return bool(np.isfinite(correlations).all()) and bool(np.linalg.eigvalsh(correlations).min() > -ROUNDING)
