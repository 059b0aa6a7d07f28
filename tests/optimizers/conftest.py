"""A loop around a fitter, three groups of points to fit, and a start among them."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.optim import Optimizer

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.statistics import Statistics
from mixfit.optimizers import Fitter, Pass, Verdict


class Fit(NamedTuple):
    """How a fit went: the likelihood at its end, the last verdict, and how often it looked at all points."""

    nll: float
    verdict: Verdict
    n_passes: int


RunFit = Callable[[Fitter, Optimizer, Tensor, int], Fit]


def run(fitter: Fitter, optimizer: Optimizer, points: Tensor, most_passes: int) -> Fit:
    mixture, n_passes, verdict = fitter.mixture, 0, Verdict.WAIT

    def look(components: Components | None) -> Statistics:
        nonlocal n_passes
        n_passes += 1
        return mixture.statistics(points, fitter.assign, components)

    def poorest(n_points: int) -> Tensor:
        return points[mixture.log_density(points).detach().argsort()[:n_points]]

    while verdict is not Verdict.CONVERGED and n_passes < most_passes:
        statistics = fitter.visit(optimizer, optimizer, look, True)
        verdict = fitter.end_pass(optimizer, optimizer, Pass.of(statistics), poorest)
    mixture.bound_()
    return Fit(float(mixture.statistics(points).nll), verdict, n_passes)


@pytest.fixture
def run_fit() -> RunFit:
    """Visits all points until the fitter has converged, or until they have been looked at so many times."""
    return run


@pytest.fixture
def blobs() -> Tensor:
    """Three well separated groups of a hundred points in the plane, of different shapes."""
    generator = torch.Generator().manual_seed(0)
    means = torch.tensor([[-1.5, 0.0], [1.0, 1.2], [0.8, -1.3]])
    factors = torch.tensor([[[0.3, 0.0], [0.2, 0.2]], [[0.4, 0.0], [0.0, 0.2]], [[0.2, 0.0], [-0.1, 0.3]]])
    noise = torch.randn(3, 100, 2, generator=generator)
    return (means[:, None] + noise @ factors.mT).flatten(0, 1)


@pytest.fixture
def start_at() -> Callable[[type[Covariance], Tensor], Mixture]:
    """A mixture with a wide component at each of the given means."""

    def make(family: type[Covariance], means: Tensor) -> Mixture:
        mixture = Mixture(family(*means.shape), floor=1e-6)
        mixture.set_(torch.zeros(len(means)), means, 0.5 * mixture.covariance.identity())
        return mixture

    return make
