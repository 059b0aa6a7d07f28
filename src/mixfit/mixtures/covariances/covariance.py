"""What a covariance family is: four statements about a factor L with Σ = L Lᵀ.

A family says (1) what z = L⁻¹(x - μ) and log|L| are, which is its log-density; (2) which second moments it keeps;
(3) their expected log-likelihood, through `mahalanobis`; (4) the factor that maximises it, `factor`: the M-step.
It holds no tensors. The factor, called `scale`, has the family's own shape, and `Mixture` owns it.

Why a factor and not a covariance: it is a covariance for every value it takes, its inverse is a triangular solve, and
its logarithm's diagonal is free to move. A family also says how a factor moves away from an origin, `moved`: in units
of the Fisher information there, so that one learning rate fits every component (see `mixture`).

The floor is a bound and never an added term: no eigenvalue of any Σ may be smaller. For a Gaussian's expected
log-likelihood the best covariance under that bound has the same eigenvectors and the eigenvalues max(λ, floor), so
the M-step stays exact, and `bounded` puts the parameters of a gradient step back where the bound allows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from mixfit.mixtures.products import Tile


class Covariance(ABC):
    """A family of K covariances in D dimensions.

    Args:
        n_components: K.
        dim: D.
    """

    per_axis: ClassVar[bool] = True
    """Whether the family stays itself when every axis is scaled by its own factor."""

    triangular: ClassVar[bool]
    """Whether `scale` holds lower triangular matrices; if not, it holds standard deviations."""

    def __init__(self, n_components: int, dim: int) -> None:
        self.n_components = n_components
        self.dim = dim

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """The number of free parameters of all K covariances together."""

    @property
    @abstractmethod
    def n_needed(self) -> int:
        """How many points a component needs for a covariance of its own: one more than keep it from being singular.

        Zero where all components share one covariance.
        """

    @property
    @abstractmethod
    def own(self) -> type[Covariance]:
        """The family of these shapes in which every component has a covariance of its own; often this one."""

    @staticmethod
    @abstractmethod
    def products(dim: int, rows: int) -> list[Tile]:
        """Of which products of D coordinates the log-density is a linear function: Q in all, in tiles of `rows`."""

    @abstractmethod
    def identity(self) -> Tensor:
        """The scale of K unit covariances, in the family's shape."""

    @abstractmethod
    def moved(self, origin: Tensor, offset: Tensor, unit: Tensor) -> Tensor:
        """The scale at `offset` (the origin's shape) from `origin`; `unit` (K,) is 1/√weight at the origin.

        An offset of length one is one unit of Fisher information per point at the origin; zero is the origin.
        """

    @abstractmethod
    def offset_of(self, scale: Tensor, origin: Tensor, unit: Tensor) -> Tensor:
        """The offset that moves `origin` to `scale`: the inverse of `moved`."""

    @abstractmethod
    def stretched(self, scale: Tensor, unit: Tensor) -> Tensor:
        """The scale after axis d of the data is multiplied by `unit` (D,), positive: Σ becomes u Σ uᵀ, u = diag(unit).

        A family that is not `per_axis` needs the same unit on every axis.
        """

    @abstractmethod
    def marginal(self, scale: Tensor, axes: list[int]) -> Tensor:
        """The scale of the covariances between the given axes, in the given order."""

    @abstractmethod
    def conditional(self, scale: Tensor, n_given: int) -> Tensor:
        """The scale of the last D - n_given axes once the first n_given are known."""

    @abstractmethod
    def whiten(self, scale: Tensor, deviations: Tensor) -> Tensor:
        """z = L⁻¹ d for deviations d = x - μ_k, (K, n, D)."""

    @abstractmethod
    def color(self, scale: Tensor, vectors: Tensor) -> Tensor:
        """L_k v_k for one vector per component, (K, D): the inverse of `whiten`."""

    @abstractmethod
    def log_det(self, scale: Tensor) -> Tensor:
        """log|L_k|, half of log|Σ_k|: (K,), or () where the components share one covariance."""

    @abstractmethod
    def precision(self, scale: Tensor) -> Tensor:
        """Σ_k⁻¹ by `products`, (K, Q) or (1, Q): its product with those of x is xᵀ Σ_k⁻¹ x."""

    @abstractmethod
    def dual(self, scale: Tensor, vectors: Tensor) -> Tensor:
        """Σ_k⁻¹ v_k for one vector per component, (K, D)."""

    @abstractmethod
    def second_of(self, sums: Tensor) -> Tensor:
        """Sums of `products` (K, Q) or (1, Q), as `precision` has them, in the shape of the family's second moments."""

    @abstractmethod
    def variances(self, scale: Tensor) -> Tensor:
        """The diagonal of each Σ_k, (K, D)."""

    @abstractmethod
    def scatter(self, scale: Tensor, responsibilities: Tensor, whitened: Tensor) -> Tensor:
        """Σ_n r_kn d d ᵀ in the family's shape, from r (K, n) and the whitened z (K, n, D) of the deviations d.

        Summing in whitened coordinates keeps the sums near one whatever the component's size.
        """

    @abstractmethod
    def outer(self, left: Tensor, right: Tensor) -> Tensor:
        """a_k b_kᵀ for vectors a, b (K, D), in the shape of the family's second moments."""

    @abstractmethod
    def pooled(self, second: Tensor, count: Tensor) -> Tensor:
        """Second moments of the same total in which every component has the same covariance."""

    @abstractmethod
    def mahalanobis(self, scale: Tensor, second: Tensor) -> Tensor:
        """Σ_k tr(Σ_k⁻¹ S_k) for second moments S about the means, (): differentiable in `scale`."""

    @abstractmethod
    def factor(self, second: Tensor, count: Tensor, floor: float) -> Tensor:
        """The scale that maximises the expected log-likelihood with every eigenvalue of Σ at least `floor`.

        Args:
            second: S_k about the new means, in the family's shape.
            count: (K,), positive.
            floor: in the coordinates of the points.
        """

    @abstractmethod
    def bounded(self, scale: Tensor, floor: float) -> Tensor:
        """The nearest scale whose eigenvalues respect the floor: `scale` itself, the same tensor, if it does."""

    @abstractmethod
    def smallest_variance(self, scale: Tensor) -> Tensor:
        """The smallest eigenvalue of each Σ_k, (K,)."""

    @abstractmethod
    def dense(self, scale: Tensor) -> Tensor:
        """The covariances as matrices, (K, D, D)."""

    @abstractmethod
    def scale_of(self, covariances: Tensor) -> Tensor:
        """The scale of given dense covariances, (K, D, D), that belong to this family."""
