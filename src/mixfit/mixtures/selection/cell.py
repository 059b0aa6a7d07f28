"""One row of a selection's table: a family and a number of components, and what they are worth."""

from __future__ import annotations

from typing import NamedTuple

CRITERIA = ("bic", "icl", "nll/val")
"""What may choose, by the names of `metrics.json`; lower is better."""


class Cell(NamedTuple):
    """The best mixture of one family with one number of components, in numbers of the data's units.

    Attributes:
        covariance: the family, by the name it was given.
        n_components: K.
        n_parameters: that are free.
        n_points: that it was fitted to, counted with their weights.
        nll: negative log-likelihood of these in nats per point.
        bic: see `mixtures.criteria`.
        icl: likewise.
        nll_val: of the held-out points; None where there are none.
        stability: the mean adjusted Rand index between the groups of different draws, each settled by EM.
        n_spikes: components that have closed in on a few points (`mixtures.ranking`): a likelihood of nothing.
        bic_of_ties: the lowest BIC seen of as many components of which one is on equal values, so that it is the
            floor's; None if none was seen.
    """

    covariance: str
    n_components: int
    n_parameters: int
    n_points: float
    nll: float
    bic: float
    icl: float
    nll_val: float | None
    stability: float
    n_spikes: int
    bic_of_ties: float | None = None

    def criterion(self, name: str) -> float:
        """The value of one of `CRITERIA`."""
        value = {"bic": self.bic, "icl": self.icl, "nll/val": self.nll_val}[name]
        assert value is not None  # `select` has made sure
        return value
