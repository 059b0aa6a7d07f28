"""A random mixture in any dimension whose truth is known: how far from the best possible a fit ends is a number.

The truth is drawn from the seed: eigenvalues between 1 and eccentricity² in random directions, and means at random
places until every two are at least `separation` apart in Dasgupta's (1999) sense,

    ‖μ_i - μ_j‖ ≥ separation · √(D · max(λ_max(Σ_i), λ_max(Σ_j))).

At 2 components hardly overlap; at 1 and 0.5 they overlap more and more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

import torch
from torch import Tensor

from mixfit.data.dataset import Dataset, drawn, generator
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied
from mixfit.mixtures.density import Density


class Gaussians:
    """Points of a random Gaussian mixture.

    Args:
        dim: D.
        n_components: how many components the truth has.
        n_samples: training points.
        n_val: validation points.
        n_test: test points.
        separation: the least distance between means, in Dasgupta's units.
        eccentricity: the most that one axis of a component may be longer than another.
        weights: None for equal weights, or one number per component, of any sum.
        family: what the true covariances share: full, diag, tied or spherical.
    """

    def __init__(
        self,
        dim: int = 2,
        n_components: int = 3,
        n_samples: int = 10_000,
        n_val: int = 10_000,
        n_test: int = 10_000,
        separation: float = 2.0,
        eccentricity: float = 3.0,
        weights: Sequence[float] | None = None,
        family: str = "full",
    ) -> None:
        _require(dim >= 1, f"data.dim={dim}: points need at least one dimension")
        _require(n_components >= 1, f"data.n_components={n_components}: the truth needs at least one component")
        _require(0 <= separation < inf, f"data.separation={separation}: a distance is finite and not negative")
        _require(
            1 <= eccentricity < inf,
            f"data.eccentricity={eccentricity}: a ratio of axes is finite and at least 1",
        )
        _require(family in SHAPES, f"data.family={family}: the true covariances can be {', '.join(SHAPES)}")
        weights = [1.0] * n_components if weights is None else list(weights)
        _require(
            len(weights) == n_components and all(0 < weight < inf for weight in weights),
            f"data.weights={weights}: give one positive number for each of data.n_components={n_components}",
        )
        self.dim, self.n_components, self.family = dim, n_components, family
        self.separation, self.eccentricity = separation, eccentricity
        self.weights = torch.tensor(weights, dtype=torch.float64)
        self.sizes = (n_samples, n_val, n_test)

    def load(self, seed: int) -> Dataset:
        """The truth and the points, which depend on the seed and the arguments alone."""
        random = generator(seed, 4)
        draw, family = SHAPES[self.family]
        deviations = 1 + (self.eccentricity - 1) * torch.rand(
            self.n_components, self.dim, dtype=torch.float64, generator=random
        )
        covariances = draw(deviations, random)
        truth = Density.of(self.weights / self.weights.sum(), self._means(covariances, random), covariances, family)
        return drawn(truth, *self.sizes, seed)

    def _means(self, covariances: Tensor, random: torch.Generator) -> Tensor:
        """Means drawn one after the other from a cube that grows whenever it has no room for the next."""
        radius = torch.linalg.eigvalsh(covariances)[:, -1]
        side = self.separation * float(radius.max().sqrt())
        means: list[Tensor] = []
        while len(means) < self.n_components:
            candidate = side * (2 * torch.rand(self.dim, dtype=torch.float64, generator=random) - 1)
            k = len(means)
            needed = self.separation * (self.dim * torch.maximum(radius[:k], radius[k])).sqrt()
            if all((candidate - mean).norm() >= least for mean, least in zip(means, needed, strict=True)):
                means.append(candidate)
            side *= 1.02
        return torch.stack(means)


def _full(deviations: Tensor, random: torch.Generator) -> Tensor:
    normal = torch.randn(*deviations.shape, deviations.shape[1], dtype=torch.float64, generator=random)
    axes = torch.linalg.qr(normal).Q * deviations[:, None, :]
    return axes @ axes.mT


def _diag(deviations: Tensor, random: torch.Generator) -> Tensor:
    return torch.diag_embed(deviations.square())


def _tied(deviations: Tensor, random: torch.Generator) -> Tensor:
    return _full(deviations[:1], random).repeat(len(deviations), 1, 1)


def _spherical(deviations: Tensor, random: torch.Generator) -> Tensor:
    return _diag(deviations[:, :1].expand_as(deviations), random)


SHAPES: dict[str, tuple[Callable[[Tensor, torch.Generator], Tensor], type[Covariance]]] = {
    "full": (_full, Full),
    "diag": (_diag, Diag),
    "tied": (_tied, Tied),
    "spherical": (_spherical, Spherical),
}


def _require(condition: bool, found: str) -> None:
    if not condition:
        raise InputError(found)
