"""From the same start, EM and k-means go exactly where scikit-learn's go."""

from collections.abc import Callable, Iterator
from math import log
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans as ReferenceKMeans
from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.mixture import Mixture
from mixfit.optimizers import EM, Aitken, ClosedFormFitter, KMeans, Verdict

FAMILIES: dict[str, type[Covariance]] = {"full": Full, "diag": Diag, "tied": Tied, "spherical": Spherical}
"""By scikit-learn's names; it has no tied spherical covariance."""


@pytest.fixture(autouse=True)
def one_thread_for_numpy_too() -> Iterator[None]:
    """On a busy machine the threads of small matrices wait for each other longer than the matrices take."""
    with threadpool_limits(1):
        yield


@pytest.fixture(params=["iris", "overlapping"])
def points(request: pytest.FixtureRequest) -> Tensor:
    if request.param == "iris":
        return torch.from_numpy(load_iris().data)
    generator = torch.Generator().manual_seed(0)
    means = 1.5 * torch.randn(3, 1, 3, generator=generator)
    factors = torch.randn(3, 3, 3, generator=generator)
    return (means + torch.randn(3, 150, 3, generator=generator) @ factors).flatten(0, 1)


@pytest.fixture
def seeds(points: Tensor) -> Tensor:
    return points[:: len(points) // 3][:3]


def reference_start(kind: str, dim: int) -> Any:
    """Unit precisions in scikit-learn's shape."""
    unit = np.eye(dim)
    return {"full": np.stack([unit] * 3), "diag": np.ones((3, dim)), "tied": unit, "spherical": np.ones(3)}[kind]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # it is stopped on purpose
@pytest.mark.parametrize("n_steps", [1, 5, 50])
@pytest.mark.parametrize("kind", FAMILIES)
def test_em_goes_where_scikit_learn_goes(kind: str, n_steps: int, points: Tensor, seeds: Tensor) -> None:
    reference = GaussianMixture(
        n_components=3,
        covariance_type=kind,
        tol=0.0,
        reg_covar=0.0,
        max_iter=n_steps,
        init_params="random_from_data",  # or it runs its own k-means before it takes what is given
        weights_init=[0.2, 0.3, 0.5],
        means_init=seeds.numpy(),
        precisions_init=reference_start(kind, points.shape[1]),
    ).fit(points.numpy())
    mixture = Mixture(FAMILIES[kind](3, points.shape[1]), floor=0.0)
    mixture.set_(torch.tensor([0.2, 0.3, 0.5]).log(), seeds, mixture.covariance.identity())
    em = EM(mixture)
    for _ in range(n_steps):
        em.observe(mixture.statistics(points))
        em.step()
    assert float(mixture.statistics(points).nll) == pytest.approx(-reference.score(points.numpy()), abs=1e-8)
    assert_close(mixture.components.means.detach(), torch.from_numpy(reference.means_), rtol=0, atol=1e-7)
    assert_close(mixture.components.log_weights.detach().exp(), torch.from_numpy(reference.weights_), rtol=0, atol=1e-8)


def test_kmeans_goes_where_scikit_learn_goes(points: Tensor, seeds: Tensor, run_fit: Callable[..., Any]) -> None:
    reference = ReferenceKMeans(3, init=seeds.numpy(), n_init=1, tol=0.0, algorithm="lloyd").fit(points.numpy())
    mixture = Mixture(TiedSpherical(3, points.shape[1]), floor=0.0)
    mixture.set_(torch.zeros(3), seeds, mixture.covariance.identity())
    fitter, kmeans = ClosedFormFitter(mixture, Aitken(0.0), KMeans.assign), KMeans(mixture)
    fit = run_fit(fitter, kmeans, points, 300)
    assert fit.verdict is Verdict.CONVERGED
    assert_close(mixture.components.means.detach(), torch.from_numpy(reference.cluster_centers_), rtol=0, atol=1e-8)
    within = float(mixture.statistics(points, KMeans.assign).second)
    assert within == pytest.approx(reference.inertia_, abs=1e-8)
    kmeans.observe(mixture.statistics(points, KMeans.assign))
    assert kmeans.objective() == pytest.approx(points.shape[1] / 2 * log(reference.inertia_), abs=1e-12)
    shares = torch.bincount(torch.from_numpy(reference.labels_).long(), minlength=3) / len(points)
    assert_close(mixture.components.log_weights.detach().exp(), shares, rtol=0, atol=1e-12)


def test_kmeans_has_the_likelihood_of_its_shares_and_one_shared_variance(
    points: Tensor, seeds: Tensor, run_fit: Callable[..., Any]
) -> None:
    mixture = Mixture(TiedSpherical(3, points.shape[1]), floor=0.0)
    mixture.set_(torch.zeros(3), seeds, mixture.covariance.identity())
    fit = run_fit(ClosedFormFitter(mixture, Aitken(0.0), KMeans.assign), KMeans(mixture), points, 300)
    labels = torch.cdist(points, mixture.components.means.detach()).argmin(1)
    means = torch.stack([points[labels == k].mean(0) for k in range(3)])
    variance = (points - means[labels]).square().mean()
    normals = torch.distributions.MultivariateNormal(means, variance * torch.eye(points.shape[1]))
    log_joint = torch.bincount(labels).div(len(points)).log() + normals.log_prob(points[:, None])
    assert fit.nll == pytest.approx(-float(log_joint.logsumexp(1).mean()), abs=1e-12)
