"""The two-humped line that the project began with: 500 points of N(-2, 0.5²) and 500 of N(2, 0.5²)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from mixfit.data.dataset import Dataset, Part, drawn, generator
from mixfit.errors import InputError
from mixfit.mixtures.density import Density


class Bimodal:
    """Equal numbers of points from each of a few normal distributions on the line.

    Args:
        n_samples: training points of all components together, split evenly.
        n_val: validation points, drawn from the mixture.
        n_test: test points, drawn from the mixture.
        means: one per component.
        standard_deviations: one per component.
    """

    def __init__(
        self,
        n_samples: int = 1000,
        n_val: int = 10_000,
        n_test: int = 10_000,
        means: Sequence[float] = (-2.0, 2.0),
        standard_deviations: Sequence[float] = (0.5, 0.5),
    ) -> None:
        if len(means) != len(standard_deviations) or not means:
            raise InputError(
                f"{len(means)} means but {len(standard_deviations)} standard deviations: each component needs one "
                "of both; give data.means and data.standard_deviations the same length"
            )
        if min(standard_deviations) <= 0:
            raise InputError(
                f"data.standard_deviations={list(standard_deviations)}: a standard deviation must be positive"
            )
        self.sizes = (n_samples, n_val, n_test)
        self.means = torch.tensor(means, dtype=torch.float64)
        self.standard_deviations = torch.tensor(standard_deviations, dtype=torch.float64)

    def load(self, seed: int) -> Dataset:
        """The points, which depend on the seed and the arguments alone."""
        n_components = len(self.means)
        truth = Density.of(
            torch.full((n_components,), 1 / n_components, dtype=torch.float64),
            self.means[:, None],
            self.standard_deviations.square()[:, None, None],
        )
        dataset = drawn(truth, *self.sizes, seed)
        return replace(dataset, train=self._evenly(len(dataset.train), seed))

    def _evenly(self, n_points: int, seed: int) -> Part:
        component = torch.arange(n_points) * len(self.means) // n_points
        normal = torch.randn(n_points, dtype=torch.float64, generator=generator(seed, 0))
        points = self.means[component] + self.standard_deviations[component] * normal
        return Part(points[:, None], component)
