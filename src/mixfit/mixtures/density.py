"""A mixture as its user meets it: points, means, covariances and log-densities all in the data's own units."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.passes.one_pass import Block
from mixfit.mixtures.standardization import Standardization


class Density(nn.Module):
    """p(x) of a mixture that lives in standardized coordinates.

    Points are (N, D), or (N,) where D = 1, of any real dtype, in the data's units; so are all results. Means and
    covariances come back in float64 on the CPU.

    Args:
        mixture: the model, in standardized coordinates.
        standardization: the way there.
    """

    def __init__(self, mixture: Mixture, standardization: Standardization) -> None:
        super().__init__()
        self.mixture = mixture
        self.standardization = standardization

    @classmethod
    def of(cls, weights: Tensor, means: Tensor, covariances: Tensor, family: type[Covariance] = Full) -> Density:
        """The density with weights (K,), means (K, D) and covariances (K, D, D), which must belong to the family."""
        n_components, dim = means.shape
        mixture = Mixture(family(n_components, dim)).to(means.dtype)
        mixture.set_(weights.log(), means, mixture.covariance.scale_of(covariances))
        return cls(mixture, Standardization.identity(dim))

    @property
    def weights(self) -> Tensor:
        """π_k, (K,)."""
        return self.mixture.components.log_weights.detach().to("cpu", torch.float64).exp()

    @property
    def means(self) -> Tensor:
        """μ_k, (K, D)."""
        return self.standardization.inverse(self.mixture.components.means)

    @property
    def covariances(self) -> Tensor:
        """Σ_k, (K, D, D).

        Raises `ValueError` where float64 cannot hold a variance in the data's units, which is their square.
        """
        return self.standardization.covariances(self.mixture.covariance.dense(self.mixture.components.scale))

    @property
    def deviations(self) -> Tensor:
        """The standard deviation of each component on each axis, (K, D): there where variances are not."""
        variances = self.mixture.covariance.dense(self.mixture.components.scale).diagonal(dim1=-2, dim2=-1)
        return variances.detach().to("cpu", torch.float64).sqrt() * self.standardization.scale

    @property
    def sizes(self) -> Tensor:
        """|Σ_k|^(1/2D), (K,): the geometric mean of the standard deviations along a component's own axes."""
        dense = self.mixture.covariance.dense(self.mixture.components.scale).detach().to("cpu", torch.float64)
        log_volume = 0.5 * torch.linalg.slogdet(dense).logabsdet + self.standardization.log_volume
        return (log_volume / dense.shape[-1]).exp()

    @property
    def n_parameters(self) -> int:
        """The number of free parameters."""
        return self.mixture.n_parameters

    def standardized(self, points: Tensor) -> Tensor:
        """Points in the mixture's own coordinates, dtype and device, (N, D)."""
        return self.standardization(self._rows(points), self.mixture.mean_origin)

    @torch.no_grad()
    def log_joint(self, points: Tensor) -> Tensor:
        """log π_k + log N(x_n; μ_k, Σ_k) in nats, (N, K): log-sum-exp gives log p, softmax the responsibilities."""
        return self.mixture.log_joint(self._rows(points), self.standardized) - self.standardization.log_volume

    @torch.no_grad()
    def log_density(self, points: Tensor) -> Tensor:
        """log p(x_n) in nats, (N,)."""
        return self.mixture.log_density(self._rows(points), self.standardized) - self.standardization.log_volume

    @torch.no_grad()
    def score(self, points: Tensor, weights: Tensor | None = None) -> float:
        """Mean log-likelihood in nats per point: higher is better, as in scikit-learn."""
        return -self.nll(points, weights)

    @torch.no_grad()
    def nll(self, points: Tensor, weights: Tensor | None = None) -> float:
        """Negative log-likelihood in nats per point: lower is better, and it may be negative.

        A point of weight w, `weights` being (N,), counts as w points; one of weight zero is not looked at.

        Raises `ValueError` if there are no points that count.
        """
        rows = self._rows(points)
        if weights is not None:
            rows, weights = _counting(rows, weights.to("cpu", torch.float64))
        if len(rows) == 0:
            raise ValueError("no point counts, so there is no mean over them; give points, of positive weights if any")
        counted = Block(rows, weights, self.standardized)
        return float(self.mixture.statistics_of([counted]).nll) + self.standardization.log_volume

    @torch.no_grad()
    def responsibilities(self, points: Tensor) -> Tensor:
        """p(k | x_n), (N, K): the soft assignment.

        Raises `ValueError` for a point so far from every component that its density is zero to the last digit.
        """
        return self._shares(points, soft)

    @torch.no_grad()
    def assign(self, points: Tensor, assignment: Assignment = soft) -> Tensor:
        """The most probable component of each point, (N,): the hard assignment; or that of another assignment.

        Raises `ValueError` as `responsibilities` does.
        """
        return self._shares(points, assignment).argmax(1)

    @torch.no_grad()
    def sample(self, n_points: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Independent draws: points (n_points, D) and the component (n_points,) that each came from."""
        if n_points == 0:  # which torch.multinomial refuses
            return torch.empty(0, self.means.shape[1], dtype=torch.float64), torch.empty(0, dtype=torch.int64)
        component = torch.multinomial(self.weights, n_points, replacement=True, generator=generator)
        normal = torch.randn(n_points, self.means.shape[1], generator=generator, dtype=torch.float64)
        _, means, scale = (tensor.detach().to("cpu", torch.float64) for tensor in self.mixture.components)
        family = self.mixture.covariance
        factors = scale.expand(len(means), -1, -1) if family.triangular else family.dense(scale).sqrt()
        drawn = torch.empty_like(normal)
        for k, (mean, factor) in enumerate(zip(means, factors, strict=True)):
            own = component == k
            drawn[own] = mean + normal[own] @ factor.mT
        return self.standardization.inverse(drawn), component

    def _rows(self, points: Tensor) -> Tensor:
        """The points as (N, D), in the data's units."""
        points = torch.as_tensor(points)
        rows = points[:, None] if points.ndim == 1 else points
        dim = self.mixture.mean_origin.shape[1]
        if rows.ndim != 2 or rows.shape[1] != dim:
            raise ValueError(f"points have the shape {tuple(points.shape)}, but this density lives in {dim} dimensions")
        return rows

    def _shares(self, points: Tensor, assignment: Assignment) -> Tensor:
        """Responsibilities (N, K); an error for a point where no component has any density."""
        shares = self.mixture.responsibilities(self._rows(points), assignment, self.standardized)
        if bool(shares.isnan().any()):
            row = int(shares.isnan().any(1).int().argmax())
            raise ValueError(
                f"point {row} (counted from 0) lies so far from every component that floating-point numbers cannot say "
                "to which it belongs; leave it out"
            )
        return shares


def _counting(points: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The points (N, D) with weights (N,) that are not zero, and those weights, of which the largest is one."""
    count = weights > 0
    return points[count.to(points.device)], weights[count] / weights.max()
