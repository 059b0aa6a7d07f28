"""The mixtures on which Gaussian mixtures have been fitted by Riemannian and other gradients: Vlassis's generator.

N. Vlassis and A. Likas (2000) wrote `mixgen` for tests of EM; the form here is that of R. Hosseini, whose tables with
S. Sra (2015, "Matrix manifold optimization for Gaussian mixtures", NIPS 28; 2020, Mathematical Programming 181,
187-223) are in 20 dimensions, for separations of 0.2, 1 and 5 and eccentricities of 1 and 10. Of K components,

- the weights are uniform numbers over their sum, drawn until all are above 1/4K;
- Σ_k = U diag(l²) Uᵀ with l_d = (1 + (e - 1) u_d)/10, u_d uniform in [0, 1], and U = (A Aᵀ)^-½ A, A uniform in
  [-½, ½]: deviations between 0.1 and e/10;
- the means are uniform in a cube of side √(K c) t/10 and all drawn anew, while t grows from 0 by 10⁻⁴ at a time, until
  every two are at least c √max(tr Σ_i, tr Σ_j) apart. Dasgupta's bound, of `data=gaussians`, has D λ_max for the trace.

Theirs takes ⌈N π_k⌉ points of component k. Here as everywhere points are independent draws, so that the true density's
likelihood of held-out points is a mean over its own draws, and all parts are alike.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf, sqrt

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, drawn, generator
from mixfit.errors import InputError
from mixfit.mixtures.density import Density

STEP = 1e-4
"""Of t, from one draw of all means to the next."""

AT_ONCE, MOST_DRAWS = 1_000, 1_000_000
"""Draws that are looked at together, and after which it is given up."""


class Mixgen:
    """Points of such a mixture.

    Args:
        dim: D.
        n_components: how many components the truth has.
        n_samples: training points.
        n_val: validation points.
        n_test: test points.
        separation: c, the least distance between means as a multiple of the root of the larger trace.
        eccentricity: e, the most that one axis of a component may be longer than another.
    """

    def __init__(
        self,
        dim: int = 20,
        n_components: int = 5,
        n_samples: int = 10_000,
        n_val: int = 10_000,
        n_test: int = 10_000,
        separation: float = 1.0,
        eccentricity: float = 10.0,
    ) -> None:
        for key, value, least in (
            ("dim", dim, 1),
            ("n_components", n_components, 1),
            ("separation", separation, 0),
            ("eccentricity", eccentricity, 1),
        ):
            if not least <= value < inf:
                raise InputError(f"data.{key}={value}: expected a finite number of at least {least}; change data.{key}")
        self.dim, self.n_components = dim, n_components
        self.separation, self.eccentricity = separation, eccentricity
        self.sizes = (n_samples, n_val, n_test)

    def load(self, seed: int) -> Dataset:
        """The truth and the points, which depend on the seed and the arguments alone.

        Raises `InputError` where a million draws hold no weights or no means as they should be.
        """
        random = generator(seed, 4)
        weights, covariances = self._weights(random), self._covariances(random)
        truth = Density.of(weights, self._means(covariances, random), covariances)
        return drawn(truth, *self.sizes, seed)

    def _weights(self, random: torch.Generator) -> Tensor:
        """(K,), all above 1/4K."""

        def draw(_: Tensor) -> Tensor:
            uniform = torch.rand(AT_ONCE, self.n_components, dtype=torch.float64, generator=random)
            return uniform / uniform.sum(1, keepdim=True)

        weights = _first(draw, lambda drawn: (drawn > 1 / (4 * self.n_components)).all(1))
        if weights is None:
            raise InputError(
                f"data.n_components={self.n_components}: among {MOST_DRAWS:,} draws of so many weights none has all "
                "above a quarter of the mean, as mixgen wants them; lower data.n_components or take data=gaussians"
            )
        return weights

    def _covariances(self, random: torch.Generator) -> Tensor:
        """(K, D, D)."""
        size = (self.n_components, self.dim)
        deviations = (1 + (self.eccentricity - 1) * torch.rand(size, dtype=torch.float64, generator=random)) / 10
        left, _, right = torch.linalg.svd(torch.rand(*size, self.dim, dtype=torch.float64, generator=random) - 0.5)
        axes = (left @ right) * deviations[:, None, :]  # the polar factor is (A Aᵀ)^-½ A
        return axes @ axes.mT

    def _means(self, covariances: Tensor, random: torch.Generator) -> Tensor:
        """(K, D)."""
        traces = covariances.diagonal(dim1=1, dim2=2).sum(1)
        first, second = torch.triu_indices(self.n_components, self.n_components, 1)
        needed = self.separation * torch.maximum(traces[first], traces[second]).sqrt()
        side = sqrt(self.n_components * self.separation) / 10
        widest = float(needed.max()) if len(needed) else 0.0
        skipped = ceil(widest / (side * sqrt(self.dim) * STEP)) if side else 0  # the cube's diagonal is too short there

        def draw(numbers: Tensor) -> Tensor:
            size = (AT_ONCE, self.n_components, self.dim)
            uniform = torch.rand(size, dtype=torch.float64, generator=random)
            return uniform * (side * STEP * (skipped + numbers))[:, None, None]

        means = _first(draw, lambda drawn: ((drawn[:, first] - drawn[:, second]).norm(dim=2) >= needed).all(1))
        if means is None:
            raise InputError(
                f"data.separation={self.separation}, data.eccentricity={self.eccentricity}, "
                f"data.n_components={self.n_components}: among {MOST_DRAWS:,} draws of all means together, as "
                "mixgen makes them, there is none with means so far apart; lower one of these or take data=gaussians"
            )
        return means


def _first(draw: Callable[[Tensor], Tensor], is_right: Callable[[Tensor], Tensor]) -> Tensor | None:
    """The first right one of many draws, which are told their own numbers, from 0; None if there is none."""
    for begin in range(0, MOST_DRAWS, AT_ONCE):
        several = draw(torch.arange(begin, begin + AT_ONCE, dtype=torch.float64))
        right = is_right(several).nonzero()
        if len(right):
            return several[int(right[0])]
    return None
