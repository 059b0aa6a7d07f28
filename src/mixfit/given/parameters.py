"""Begin at parameters that are written down, in the data's units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mixfit.errors import InputError
from mixfit.given.given import Given
from mixfit.given.initial import Initial
from mixfit.mixtures.covariances import Covariance


@dataclass(frozen=True)
class Parameters(Given):
    """Means, and what else is known; weights and covariances that are not given are those about the nearest means.

    Args:
        means: (K, D).
        weights: (K,), positive, of any sum.
        variances: along the axes: one for all, (D,) for all components, or (K, D).
    """

    means: Sequence[Sequence[float]]
    weights: Sequence[float] | None = None
    variances: float | Sequence[float] | Sequence[Sequence[float]] | None = None

    def initial(self, covariance: Covariance) -> Initial:
        """The parameters; raises `InputError` for another shape, and for variances that the family cannot have."""
        n_components, dim = covariance.n_components, covariance.dim
        means = _array("init.means", self.means, [(n_components, dim)])
        weights = None if self.weights is None else _array("init.weights", self.weights, [(n_components,)])
        scale = None if self.variances is None else self._scale(covariance)
        return Initial(None if weights is None else weights / weights.sum(), means, scale)

    def _scale(self, covariance: Covariance) -> Tensor:
        n_components, dim = covariance.n_components, covariance.dim
        variances = _array("init.variances", self.variances, [(), (dim,), (n_components, dim)])
        asked = torch.diag_embed(variances.expand(n_components, dim))
        scale = covariance.scale_of(asked)
        if not torch.allclose(covariance.dense(scale), asked, rtol=1e-9, atol=0):
            raise InputError(
                f"init.variances={self.variances}: {type(covariance).__name__} has no such covariances, because it "
                "shares them among components, axes or both; give as many numbers as it has, or set covariance=diag"
            )
        return scale


def _array(key: str, given: object, shapes: Sequence[tuple[int, ...]]) -> Tensor:
    try:
        array = torch.tensor(given, dtype=torch.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{key}={given}: its lists are not of one length each; see --help") from error
    if tuple(array.shape) not in shapes:
        needed = " or ".join(map(str, shapes))
        raise InputError(
            f"{key} has the shape {tuple(array.shape)}, and K={shapes[-1][0]} components of points like these need "
            f"{needed}; give more or fewer, or change model.n_components or data.columns"
        )
    return array
