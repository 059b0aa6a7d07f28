"""Every point's deviation from every mean, whitened: nothing cancels, and each point costs as much as K of them.

Keeps the digits of components of any size anywhere, and can be differentiated.
"""

from __future__ import annotations

from math import log, pi

import torch
from torch import Tensor

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.passes.formulation import LogJoint, Sizes, Sums, wide
from mixfit.mixtures.statistics import Statistics


class Centred:
    """Looks at deviations.

    Args:
        family: of the covariances.
        components: the parameters.
        sizes: of temporaries.
        dtype: that deviations are in; None for the components' own.
    """

    def __init__(
        self, family: Covariance, components: Components, sizes: Sizes, dtype: torch.dtype | None = None
    ) -> None:
        self.family = family
        self.means = components.means
        self.components = components if dtype is None else Components(*(tensor.to(dtype) for tensor in components))
        self.rows = sizes.rows(sizes.deviations, self.means.numel(), self.components.means.dtype)

    def look(self, rows: int) -> CentredLook:
        """With sums of zero."""
        return CentredLook(self.family, self.components)

    def statistics(self, sums: Sums, n_points: Tensor, log_likelihood: Tensor) -> Statistics:
        """The sums themselves: they are about the means."""
        count, first, second = (moment.to(self.means.dtype) for moment in sums.tensors)
        return Statistics(n_points, log_likelihood, count, first, second, self.means)


class CentredLook:
    """One thread's; see `formulation.Look`."""

    def __init__(self, family: Covariance, components: Components) -> None:
        self.family = family
        self.components = components
        self._sums: Sums | None = None

    def log_joint(self, points: Tensor) -> LogJoint:
        """From z = L⁻¹(x - μ), (K, n, D)."""
        log_weights, means, scale = self.components
        self.whitened = self.family.whiten(scale, points.to(means.dtype) - means[:, None])
        log_mass = log_weights - self.family.log_det(scale) - 0.5 * self.family.dim * log(2 * pi)
        return LogJoint(log_mass[:, None] - 0.5 * torch.linalg.vecdot(self.whitened, self.whitened))

    def add(self, responsibilities: Tensor) -> None:
        """Sums in whitened coordinates stay near one whatever the component's size, and are taken back after."""
        scale = self.components.scale
        responsibilities = responsibilities.to(scale.dtype)
        first = (responsibilities[:, None] @ self.whitened).squeeze(1)
        second = self.family.scatter(scale, responsibilities, self.whitened)
        moments = responsibilities.sum(1), self.family.color(scale, first), second
        chunk = Sums(tuple(moment.to(wide(moment.device)) for moment in moments))
        self._sums = chunk if self._sums is None else self._sums + chunk

    def take(self) -> Sums:
        """Over all chunks so far."""
        if self._sums is None:
            raise RuntimeError("a look adds up the chunks it has seen: call log_joint and add first")
        sums, self._sums = self._sums, None
        return sums
