"""What a fit leaves to be chosen, and the answer: the number of components, the family, or both.

A run and an estimator ask the same question, in words of their own. The chosen mixture is handed to the fit as its
start, in the coordinates that the fit has, so nothing is done twice. Of more points than a sample holds the criteria
are those of the sample: its own likelihood and its own N.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch

from mixfit.data.dataset import Dataset, generator
from mixfit.errors import InputError
from mixfit.mixtures.assignments import Assignment
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.search import Search
from mixfit.mixtures.selection import Observed, Selection, select, why_no_more

AUTO = "auto"
"""What stands for a number of components that is to be chosen."""


@dataclass(frozen=True)
class Question:
    """What is to be chosen, from what, and by what.

    Attributes:
        families: that come into question, by name.
        n_components: K where it is given; None where it is to be chosen.
        max_components: the largest K that comes into question.
        criterion: `bic`, `icl` or `nll/val`.
        floor: of the fit.
        search: what draws starts.
        assignment: `soft` for a mixture, `nearest` for k-means.
        seed: of the fit.
    """

    families: Mapping[str, type[Covariance]]
    n_components: int | None
    max_components: int
    criterion: str
    floor: float
    search: Search
    assignment: Assignment
    seed: int

    @property
    def most(self) -> int:
        """The largest K that is tried."""
        return self.n_components or self.max_components

    def numbers(self, dataset: Dataset) -> int:
        """N·K·D: what a pass looks at, at most."""
        return dataset.train.sample.points.numel() * self.most

    def answer(self, dataset: Dataset) -> Selection:
        """The table for these points, and its winner; raises `InputError` where nothing is held out to choose by."""
        if self.criterion == "nll/val" and not len(dataset.val):
            key = "data.val_fraction" if dataset.truth is None else "data.n_val"
            raise InputError(
                f"model.criterion=nll/val: no points are held out to choose by; raise {key}, or choose "
                "model.criterion=bic"
            )
        train, val = dataset.train.sample, dataset.val.sample if len(dataset.val) else None
        candidates = range(1, self.max_components + 1) if self.n_components is None else [self.n_components]
        return select(
            Observed(
                train.points.cpu(),
                None if train.weights is None else train.weights.cpu(),
                dataset.train.weighted_moments,
                None if val is None else val.points,
                None if val is None else val.weights,
            ),
            self.families,
            candidates,
            self.criterion,
            floor=self.floor,
            how=self.search,
            assignment=self.assignment,
            generator=partial(generator, self.seed, 6),
        )

    def doubt(self, selection: Selection, dataset: Dataset) -> str | None:
        """What the user should know of the answer, in a sentence without a full stop; None for nothing."""
        train = dataset.train.sample
        weights = None if train.weights is None else train.weights.cpu()
        return why_no_more(selection, train.points.cpu(), weights, dataset.named_columns, self.most)


@torch.no_grad()
def begin_at(components: Components, density: Density) -> None:
    """Puts a density at the winner of a selection, whose family, K and coordinates it has."""
    density.mixture.set_(*components)
