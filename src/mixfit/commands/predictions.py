"""What a model says of points: which component each most probably came from, how sure that is, and how rare it is.

One pass gives all of it. log π_k + log N(x_n; μ_k, Σ_k) of all k is the log-density by log-sum-exp and the
responsibilities by softmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import torch
from torch import Tensor

from mixfit.errors import InputError
from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.density import Density


@dataclass(frozen=True)
class Predictions:
    """Of N points under K components.

    Attributes:
        label: (N,), the most probable component of each point, counted from 0; for k-means that of the nearest mean.
        log_density: (N,), log p(x_n) in nats, in the data's units.
        responsibilities: (K, N), p(k | x_n).
        outlier: (N,), whether the log-density lies below a threshold; None where there is no threshold.
    """

    label: Tensor
    log_density: Tensor
    responsibilities: Tensor
    outlier: Tensor | None

    def check(self, first_row: int) -> None:
        """Raises `InputError`, which names the row, if a log-density is no number; the first of these is first_row."""
        finite = self.log_density.isfinite()
        if not finite.all():
            row = first_row + int(finite.int().argmin())
            raise InputError(
                f"row {row} of the points: lies so far from every component that its log-density is beyond the range "
                "of float64, so no component is more probable than another; correct this row or delete it"
            )

    @property
    def table(self) -> pa.Table:
        """A row for each point, with the columns of `schema`."""
        columns = [self.label, self.log_density, *self.responsibilities]
        if self.outlier is not None:
            columns.append(self.outlier)
        names = schema(len(self.responsibilities), self.outlier is not None).names
        return pa.table([column.numpy() for column in columns], names)


def predictions(
    density: Density, points: Tensor, threshold: float | None = None, assignment: Assignment = soft
) -> Predictions:
    """Predictions for points (N, D) in the data's units; outliers are those below the threshold, in nats.

    `assignment` is how the fit shared its points, `nearest` for k-means: labels are its largest shares.
    """
    log_joint = density.log_joint(points).to("cpu", torch.float64).T.contiguous()
    log_density = log_joint.logsumexp(0)
    outlier = None if threshold is None else log_density < threshold
    responsibilities = (log_joint - log_density).exp_()
    shares = responsibilities if assignment is soft else assignment(log_joint, density.weights.log())
    return Predictions(shares.argmax(0), log_density, responsibilities, outlier)


def schema(n_components: int, has_outliers: bool) -> pa.Schema:
    """label, log_density, responsibility_0, ..., responsibility_(K-1) and, if asked for, outlier."""
    responsibilities = [(f"responsibility_{k}", pa.float64()) for k in range(n_components)]
    outlier = [("outlier", pa.bool_())] if has_outliers else []
    return pa.schema([("label", pa.int64()), ("log_density", pa.float64()), *responsibilities, *outlier])


class Tally:
    """What a summary says of all predictions, counted chunk by chunk."""

    def __init__(self, n_components: int) -> None:
        self.counts = torch.zeros(n_components, dtype=torch.int64)
        self.n_outliers = 0
        self._log_likelihood = 0.0

    def add(self, found: Predictions) -> None:
        """Counts some more."""
        self.counts += torch.bincount(found.label, minlength=len(self.counts))
        self._log_likelihood += float(found.log_density.sum())
        if found.outlier is not None:
            self.n_outliers += int(found.outlier.sum())

    @property
    def n_rows(self) -> int:
        """How many points there were."""
        return int(self.counts.sum())

    @property
    def nll(self) -> float:
        """Mean negative log-likelihood, in nats per point."""
        return -self._log_likelihood / self.n_rows

    @property
    def shares(self) -> Sequence[float]:
        """(K,): the share of the points that each component is the most probable one of."""
        shares: list[float] = (self.counts / self.n_rows).tolist()
        return shares
