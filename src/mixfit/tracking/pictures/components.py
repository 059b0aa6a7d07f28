"""What is a fitted or a true mixture to a picture: weights, means and covariances in the data's units.

Pictures are drawn from plain arrays, so that a mixture of any family, trained on any device or merely read from a
file, is drawn alike and without torch.

Each covariance is factored as standard deviations times a correlation matrix. Features whose scales differ by many
orders of magnitude then keep their digits, and flooring the correlation's eigenvalues at the rounding error lets a
covariance on the edge of singularity be drawn instead of ending the run that produced it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Components:
    """A Gaussian mixture: weights (K,), means (K, D) and covariances (K, D, D), in the data's units.

    Where the squares of those are more than floating point can hold, each axis is counted in `unit` (D,) of them.
    """

    weights: Array
    means: Array
    covariances: Array
    unit: Array | None = None

    def __post_init__(self) -> None:
        for name in ("weights", "means", "covariances"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        _check(self.weights, self.means, self.covariances)

    @property
    def standard_deviations(self) -> Array:
        """Of each feature under each component, (K, D)."""
        return np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))

    def log_joint(self, points: Array) -> Array:
        """Log of weight times component density at points (N, D): (N, K), in nats."""
        with np.errstate(divide="ignore"):  # a weight of zero has the logarithm -inf, and that is meant
            log_weights = np.log(self.weights)
        pairs = zip(self.means, self.covariances, strict=True)
        return log_weights + np.stack([_log_normal(points, *pair) for pair in pairs], axis=1)

    def log_density(self, points: Array) -> Array:
        """Log density of the mixture at points (N, D): (N,), in nats, by log-sum-exp."""
        log_joint = self.log_joint(points)
        largest = log_joint.max(axis=1)
        return largest + np.log(np.exp(log_joint - largest[:, None]).sum(axis=1))

    def density(self, points: Array) -> Array:
        """Density of the mixture at points (N, D): (N,), per unit of volume."""
        return np.exp(self.log_density(points))

    def marginal(self, axes: Sequence[int]) -> "Components":
        """The same mixture seen on some of its axes only, in the order given; exact for Gaussians."""
        kept = list(axes)
        unit = None if self.unit is None else self.unit[kept]
        return Components(self.weights, self.means[:, kept], self.covariances[:, kept][:, :, kept], unit)

    def per(self, unit: Array | None) -> "Components":
        """The same mixture with its axes counted in another unit (D,)."""
        ones = np.ones(self.means.shape[1])
        ratio = (ones if self.unit is None else self.unit) / (ones if unit is None else unit)
        return Components(self.weights, self.means * ratio, self.covariances * ratio * ratio[:, None], unit)


def _check(weights: Array, means: Array, covariances: Array) -> None:
    k, d = means.shape
    if weights.shape != (k,) or covariances.shape != (k, d, d):
        raise ValueError(
            f"weights {weights.shape}, means {means.shape} and covariances {covariances.shape} "
            "are not (K,), (K, D) and (K, D, D)"
        )
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    finite = all(np.isfinite(array).all() for array in (weights, means, covariances))
    if not finite or (variances <= 0).any() or (weights < 0).any() or weights.max() == 0:
        raise ValueError(
            "a mixture to be drawn needs finite values, positive variances and weights that are not all zero"
        )


def _log_normal(points: Array, mean: Array, covariance: Array) -> Array:
    """Log density of one Gaussian at points (N, D): (N,)."""
    deviations = np.sqrt(np.diagonal(covariance))
    eigenvalues, rotation = np.linalg.eigh(covariance / deviations / deviations[:, None])
    eigenvalues = np.maximum(eigenvalues, len(mean) * np.finfo(np.float64).eps)
    whitened = (points - mean) / deviations @ rotation / np.sqrt(eigenvalues)
    log_volume = np.log(deviations).sum() + 0.5 * np.log(2 * np.pi * eigenvalues).sum()
    with np.errstate(over="ignore"):  # too far for a square: the logarithm is -inf, and that is right
        log_normal: Array = -0.5 * np.square(whitened).sum(axis=1) - log_volume
    return log_normal
