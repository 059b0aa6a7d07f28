"""k-means (Lloyd 1982) as the hard limit of EM: all of a point to the nearest mean, one spherical covariance for all.

As a density it has weights count_k/N and one shared variance SS/(N·D), so that it is judged by the same likelihood as
a mixture: what hard assignment costs becomes a number.
"""

from __future__ import annotations

from math import log

from mixfit.mixtures.assignments import nearest
from mixfit.mixtures.covariances import TiedSpherical
from mixfit.optimizers.closed_form import ClosedForm


class KMeans(ClosedForm):
    """Each step lowers the within-component sum of squares SS; it ends when no point changes sides."""

    assign = staticmethod(nearest)
    family = TiedSpherical

    def objective(self) -> float:
        """D/2 · log SS, in nats per point: the hard-assignment likelihood at its best variance, but for constants."""
        smallest_normal = 2.3e-308
        return 0.5 * self.gathered.first.shape[1] * log(max(float(self.gathered.second), smallest_normal))
