"""What one asks of a density: one question, one file. Answers that are densities are `Density` again.

`cdf`, `survival` and `quantile` ask on a line; `marginal` and `condition` lead there. `entropy` and `kl` say how far
their answer is to be trusted.
"""

from mixfit.mixtures.operations.conditional import condition
from mixfit.mixtures.operations.information import entropy, kl
from mixfit.mixtures.operations.marginal import marginal
from mixfit.mixtures.operations.modes import modes
from mixfit.mixtures.operations.moments import covariance, mean
from mixfit.mixtures.operations.monte_carlo import Estimate
from mixfit.mixtures.operations.overlaps import overlap
from mixfit.mixtures.operations.quantiles import cdf, quantile, survival

__all__ = [
    "Estimate",
    "cdf",
    "condition",
    "covariance",
    "entropy",
    "kl",
    "marginal",
    "mean",
    "modes",
    "overlap",
    "quantile",
    "survival",
]
