"""Parameters to begin at, any of them or all, and how a density is put there."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mixfit.data.dataset import Rows
from mixfit.mixtures.density import Density
from mixfit.mixtures.initializers.seeds import nearest_seed
from mixfit.mixtures.initializers.start import begin_


@dataclass(frozen=True)
class Initial:
    """Parameters in the data's units to begin at; None leaves what the initializer found.

    Attributes:
        weights: (K,), positive, of sum one.
        means: (K, D).
        scale: in the family's shape.
    """

    weights: Tensor | None
    means: Tensor | None
    scale: Tensor | None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to an initializer."""
        return self.weights is not None and self.means is not None and self.scale is not None

    def put_(self, density: Density, train: Rows) -> None:
        """Puts the density there; what is not given beside the means is that of the points nearest to each mean."""
        if self.weights is None and self.means is None and self.scale is None:
            return  # to set what is there already would round it once more
        mixture, standardization = density.mixture, density.standardization
        if self.means is not None and not self.is_complete:
            means = standardization(self.means, mixture.mean_origin)
            points = density.standardized(train.sample.points)
            weights = train.sample.weights
            begin_(mixture, points, lambda x, *_: nearest_seed(x, means.cpu()), torch.Generator(), weights)
        log_weights, means, scale = (tensor.detach() for tensor in mixture.components)
        if self.weights is not None:
            log_weights = self.weights.log()
        if self.means is not None:
            means = standardization(self.means, means)
        if self.scale is not None:
            scale = mixture.covariance.stretched(self.scale, standardization.scale.reciprocal())
        mixture.set_(log_weights, means, scale)
        mixture.bound_()
