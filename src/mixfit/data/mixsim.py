"""A random mixture whose components are taken for each other exactly as often as asked for.

R. Maitra and V. Melnykov (2010), "Simulating data to study performance of finite mixture modeling and clustering
algorithms", Journal of Computational and Graphical Statistics 19, 354-376; V. Melnykov, W.-C. Chen and R. Maitra
(2012), "MixSim: an R package for simulating data to study performance of clustering algorithms", Journal of Statistical
Software 51(12).

The overlap of two components is the probability that a point of the first is taken for one of the second plus the
reverse, when the larger of π_k N(x; μ_k, Σ_k) decides (`mixfit.mixtures.operations.overlap`). They use mean overlaps
from 0.001, where every group stands alone, to 0.1, where few do.

Means are uniform in [0, 1]^D. Covariances are drawn from a Wishart distribution with D + 1 degrees of freedom, or what
`data.family` leaves of it; where an axis is too long beside another, all eigenvalues move towards the largest in
proportion to their distance from it. Then one factor before all covariances makes the overlap what it should be. With
unlike covariances the overlap stays below one however large that factor is; where it stays below what is asked for,
everything is drawn anew.

Both overlaps at once mean here that the mean is met and that no pair is above the maximum.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, log

import torch
from scipy.optimize import brentq
from torch import Tensor

from mixfit.data.dataset import Dataset, drawn, generator
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied
from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.overlaps import misclassification

LEAST, MOST = 1e-9, 0.999
"""Overlaps that can be asked for."""

MOST_DRAWS = 100
"""Of all means and covariances, after which it is given up."""

ACCURACY = 1e-12
"""Of the logarithm of the factor before all covariances."""

LARGEST = 2.0**60
"""The factor, up and down, beyond which an overlap counts as out of reach."""


class Mixsim:
    """Points of such a mixture.

    Args:
        dim: D.
        n_components: how many components the truth has.
        n_samples: training points.
        n_val: validation points.
        n_test: test points.
        overlap: of two components, the mean over all pairs; None leaves it to `max_overlap`.
        max_overlap: of the two components that overlap most; None sets no bound.
        eccentricity: the most that one axis of a component may be longer than another. Theirs is √(1 - λ_min/λ_max) and
            at most 0.9, which is 2.29 here.
        least_weight: the least that a weight may be; what it leaves of one is divided at random, by exponential numbers
            over their sum. None for equal weights.
        family: what the true covariances share: full, diag, tied or spherical.
    """

    def __init__(
        self,
        dim: int = 2,
        n_components: int = 3,
        n_samples: int = 10_000,
        n_val: int = 10_000,
        n_test: int = 10_000,
        overlap: float | None = 0.05,
        max_overlap: float | None = None,
        eccentricity: float = 2.3,
        least_weight: float | None = None,
        family: str = "full",
    ) -> None:
        _require(dim >= 1, f"data.dim={dim}: points need at least one dimension")
        _require(
            n_components >= 2, f"data.n_components={n_components}: one alone overlaps with nothing; give 2 or more"
        )
        _require(
            overlap is not None or max_overlap is not None,
            "data.overlap=null data.max_overlap=null: nothing says how much components overlap; give one of them",
        )
        for key, value in {"overlap": overlap, "max_overlap": max_overlap}.items():
            _require(
                value is None or LEAST <= value <= MOST,
                f"data.{key}={value}: expected {LEAST:g} to {MOST:g}; beyond, components are apart or the same",
            )
        _require(
            overlap is None or max_overlap is None or overlap <= max_overlap,
            f"data.overlap={overlap} is above data.max_overlap={max_overlap}: a mean is no larger than the maximum",
        )
        _require(1 <= eccentricity < inf, f"data.eccentricity={eccentricity}: a ratio of axes is finite and at least 1")
        _require(
            least_weight is None or 0 < least_weight * n_components <= 1,
            f"data.least_weight={least_weight}: weights add up to one, so none of data.n_components={n_components} "
            f"can be asked to be above {1 / n_components:.3g}",
        )
        _require(family in SHAPES, f"data.family={family}: the true covariances can be {', '.join(SHAPES)}")
        self.dim, self.n_components, self.family = dim, n_components, family
        self.overlap, self.max_overlap = overlap, max_overlap
        self.eccentricity, self.least_weight = eccentricity, least_weight
        self.sizes = (n_samples, n_val, n_test)

    def load(self, seed: int) -> Dataset:
        """The truth and the points, which depend on the seed and the arguments alone.

        Raises `InputError` where of a hundred mixtures none can be given the overlap.
        """
        return drawn(self._truth(generator(seed, 4)), *self.sizes, seed)

    def _truth(self, random: torch.Generator) -> Density:
        shape, family = SHAPES[self.family]
        weights = self._weights(random)
        why = (
            "for what differs in shape never overlaps fully; lower data.overlap or data.eccentricity, raise "
            "data.max_overlap, or take data.family=tied"
        )
        for _ in range(MOST_DRAWS):
            means = torch.rand(self.n_components, self.dim, dtype=torch.float64, generator=random)
            covariances = self._limited(shape(self.n_components, self.dim, random))
            factor = self._factor(weights, means, covariances)
            if factor is None:
                continue
            largest = _overlaps(weights, means * factor**-0.5, covariances)[1]
            if self.max_overlap is None or largest <= self.max_overlap * (1 + 1e-9):
                return Density.of(weights, means, factor * covariances, family)
            why = "for some two always overlap much more than all do on average; raise data.max_overlap"
        wanted = {"overlap": self.overlap, "max_overlap": self.max_overlap}
        keys = " ".join(f"data.{key}={value}" for key, value in wanted.items() if value is not None)
        raise InputError(
            f"{keys}: of {MOST_DRAWS} mixtures with data.n_components={self.n_components} in data.dim={self.dim} and "
            f"data.family={self.family} none overlaps so, however its covariances are scaled, {why}"
        )

    def _weights(self, random: torch.Generator) -> Tensor:
        """(K,)."""
        if self.least_weight is None:
            return torch.full((self.n_components,), 1 / self.n_components, dtype=torch.float64)
        drawn = -(1 - torch.rand(self.n_components, dtype=torch.float64, generator=random)).log()
        return self.least_weight + (1 - self.n_components * self.least_weight) * drawn / drawn.sum()

    def _limited(self, covariances: Tensor) -> Tensor:
        """With eigenvalues moved towards the largest, where the longest axis is too long beside the shortest."""
        variances, axes = torch.linalg.eigh(covariances)
        least, largest = variances[:, :1], variances[:, -1:]
        room = largest * (1 - self.eccentricity**-2)
        moved = largest - (largest - variances) * (room / (largest - least).clamp(min=1e-300)).clamp(max=1.0)
        return (axes * moved[:, None, :]) @ axes.mT

    def _factor(self, weights: Tensor, means: Tensor, covariances: Tensor) -> float | None:
        """What to multiply all covariances by; None if nothing will do."""
        which, wanted = (1, self.max_overlap) if self.overlap is None else (0, self.overlap)
        assert wanted is not None

        def excess(log_factor: float) -> float:
            found = _overlaps(weights, means * exp(-log_factor / 2), covariances)[which]
            return log(max(found, 1e-300)) - log(wanted)

        if _overlaps(weights, torch.zeros_like(means), covariances)[which] <= wanted:
            return None
        bracket = _bracket(excess)
        if bracket is None:
            return None
        return float(exp(brentq(excess, *bracket, xtol=ACCURACY, rtol=ACCURACY)))


def _overlaps(weights: Tensor, means: Tensor, covariances: Tensor) -> tuple[float, float]:
    """The mean and the largest of all pairs."""
    one_way = misclassification(weights.log(), means, covariances)
    pairs = one_way + one_way.mT
    return float(pairs.sum()) / (len(weights) * (len(weights) - 1)), float(pairs.max())


def _bracket(excess: Callable[[float], float]) -> tuple[float, float] | None:
    """Two numbers between which it changes its sign; None if there are none."""
    step = log(4.0)
    low = high = log(0.01)
    while excess(low) > 0:
        low, high = low - step, low
        if low < -log(LARGEST):
            return None
    while excess(high) < 0:
        low, high = high, high + step
        if high > log(LARGEST):
            return None
    return low, high


def _full(n_components: int, dim: int, random: torch.Generator) -> Tensor:
    normal = torch.randn(n_components, dim, dim + 1, dtype=torch.float64, generator=random)
    return normal @ normal.mT


def _diag(n_components: int, dim: int, random: torch.Generator) -> Tensor:
    return torch.diag_embed(_full(n_components, dim, random).diagonal(dim1=1, dim2=2))


def _tied(n_components: int, dim: int, random: torch.Generator) -> Tensor:
    return _full(1, dim, random).repeat(n_components, 1, 1)


def _spherical(n_components: int, dim: int, random: torch.Generator) -> Tensor:
    variances = torch.rand(n_components, dtype=torch.float64, generator=random)
    return variances[:, None, None] * torch.eye(dim, dtype=torch.float64)


SHAPES: dict[str, tuple[Callable[[int, int, torch.Generator], Tensor], type[Covariance]]] = {
    "full": (_full, Full),
    "diag": (_diag, Diag),
    "tied": (_tied, Tied),
    "spherical": (_spherical, Spherical),
}


def _require(condition: bool, found: str) -> None:
    if not condition:
        raise InputError(found)
