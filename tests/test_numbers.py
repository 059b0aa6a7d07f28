"""Do the numbers in `metrics.json` agree with somebody else's, for the density that the best checkpoint holds?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from mixfit.data.bimodal import Bimodal
from mixfit.data.dataset import Dataset, Rows
from mixfit.data.gaussians import Gaussians
from mixfit.data.old_faithful import OldFaithful
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.density import Density
from tests.running import BEST, density_in, run_experiment

Array = npt.NDArray[np.float64]

FAMILIES: dict[str, type[Covariance]] = {"full": Full, "diag": Diag, "tied": Tied, "spherical": Spherical}
SHAPED = {
    "full": lambda covariances: covariances,
    "diag": lambda covariances: covariances.diagonal(0, 1, 2),
    "tied": lambda covariances: covariances[0],
    "spherical": lambda covariances: covariances[:, 0, 0],
}
PRECISION_FACTOR = {
    "full": lambda covariances: np.linalg.inv(np.linalg.cholesky(covariances)).swapaxes(-1, -2),
    "diag": lambda variances: variances**-0.5,
    "tied": lambda covariance: np.linalg.inv(np.linalg.cholesky(covariance)).T,
    "spherical": lambda variances: variances**-0.5,
}
"""Scikit-learn's shapes of a covariance, and of the factors it evaluates a density with."""

SOURCE = Gaussians(dim=2, n_components=3, n_samples=500, n_val=300, n_test=400, separation=1.0)
OVERLAPPING = [
    *("data=gaussians", "data.dim=2", "data.n_samples=500", "data.n_val=300", "data.n_test=400", "data.separation=1"),
    *("model.n_components=3", "optimizer=em", "seed=3"),
]


@dataclass(frozen=True)
class Fit:
    """What a run reported, what it was about, and the parameters that its best checkpoint holds."""

    metrics: dict[str, Any]
    dataset: Dataset
    weights: Array
    means: Array
    covariances: Array


def fit_of(metrics: dict[str, Any], density: Density, dataset: Dataset) -> Fit:
    return Fit(metrics, dataset, density.weights.numpy(), density.means.numpy(), density.covariances.numpy())


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fit(family: str, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    folder = tmp_path_factory.mktemp(family) / "run"
    metrics = run_experiment(folder, *OVERLAPPING, f"covariance={family}")
    return fit_of(metrics, density_in(folder / BEST, FAMILIES[family](3, 2)), SOURCE.load(3))


def log_joint(points: Array, weights: Array, means: Array, covariances: Array) -> Array:
    normals = [multivariate_normal(mean, covariance) for mean, covariance in zip(means, covariances, strict=True)]
    return np.column_stack([normal.logpdf(points) for normal in normals]) + np.log(weights)


def nll(part: Rows, weights: Array, means: Array, covariances: Array) -> float:
    return float(-logsumexp(log_joint(part.points.numpy(), weights, means, covariances), axis=1).mean())


def scikit_learn(fit: Fit, family: str) -> GaussianMixture:
    """Scikit-learn's mixture with the fitted parameters."""
    theirs = GaussianMixture(3, covariance_type=family)
    theirs.weights_, theirs.means_ = fit.weights, fit.means
    theirs.covariances_ = SHAPED[family](fit.covariances)
    theirs.precisions_cholesky_ = PRECISION_FACTOR[family](theirs.covariances_)
    return theirs


def test_likelihoods_are_those_of_scipy_at_the_best_checkpoint(fit: Fit) -> None:
    for name in ("train", "val", "test"):
        part = getattr(fit.dataset, name)
        assert fit.metrics[f"nll/{name}"] == pytest.approx(
            nll(part, fit.weights, fit.means, fit.covariances), abs=1e-10
        )


def test_the_true_likelihood_is_scipys_on_the_test_points(fit: Fit) -> None:
    truth = fit.dataset.true_components
    assert truth is not None
    expected = nll(fit.dataset.test, truth.weights.numpy(), truth.means.numpy(), truth.covariances.numpy())
    assert fit.metrics["nll/true"] == pytest.approx(expected, abs=1e-10)


def test_bic_and_aic_are_scikit_learns(fit: Fit, family: str) -> None:
    theirs, points = scikit_learn(fit, family), fit.dataset.train.points.numpy()
    assert fit.metrics["bic"] == pytest.approx(theirs.bic(points), rel=1e-11)
    assert fit.metrics["aic"] == pytest.approx(theirs.aic(points), rel=1e-11)


def test_icl_charges_bic_for_doubt_about_the_assignment(fit: Fit, family: str) -> None:
    theirs, points = scikit_learn(fit, family), fit.dataset.train.points.numpy()
    doubt = -2 * np.log(theirs.predict_proba(points).max(1)).sum()
    assert doubt > 10
    assert fit.metrics["icl"] == pytest.approx(theirs.bic(points) + doubt, rel=1e-10)


def test_ari_is_scikit_learns_over_all_labelled_points(fit: Fit, family: str) -> None:
    parts = (fit.dataset.train, fit.dataset.val, fit.dataset.test)
    labels = np.concatenate([part.labels.numpy() for part in parts if part.labels is not None])
    assigned = scikit_learn(fit, family).predict(np.concatenate([part.points.numpy() for part in parts]))
    assert fit.metrics["ari"] == pytest.approx(adjusted_rand_score(labels, assigned), abs=1e-9)


def test_ari_is_right_for_more_pairs_of_points_than_32_bits_can_count(tmp_path: Path) -> None:
    sizes = {"n_samples": 1000, "n_val": 100_000, "n_test": 100_000}
    overlapping = ["optimizer=em", "data.means=[-1,1]", "data.standard_deviations=[1,1]"]
    metrics = run_experiment(tmp_path / "run", *overlapping, *(f"data.{key}={size}" for key, size in sizes.items()))
    density = density_in(tmp_path / "run" / BEST, Full(2, 1))
    dataset = Bimodal(**sizes, means=[-1.0, 1.0], standard_deviations=[1.0, 1.0]).load(0)
    parts = (dataset.train, dataset.val, dataset.test)
    labels = torch.cat([part.labels for part in parts if part.labels is not None])
    assigned = density.assign(torch.cat([part.points for part in parts]))
    assert metrics["ari"] == pytest.approx(adjusted_rand_score(labels, assigned), abs=1e-9)


def test_kmeans_is_a_density_with_counted_weights_and_one_variance(tmp_path: Path) -> None:
    everything = ["data=old_faithful", "data.val_fraction=0", "data.test_fraction=0"]
    metrics = run_experiment(tmp_path / "run", *everything, "optimizer=kmeans")
    dataset = OldFaithful(0.0, 0.0).load(0)
    fit = fit_of(metrics, density_in(tmp_path / "run" / BEST, TiedSpherical(2, 2)), dataset)
    squared = cdist(dataset.train.points.numpy(), fit.means, "sqeuclidean")
    within_ss = squared.min(1).sum()
    assert metrics["within_ss"] == pytest.approx(within_ss, rel=1e-12)
    assert fit.weights == pytest.approx(np.bincount(squared.argmin(1)) / 272, abs=1e-12)
    assert fit.covariances == pytest.approx(np.stack([np.eye(2)] * 2) * within_ss / (272 * 2), abs=1e-10)
    expected = nll(dataset.train, fit.weights, fit.means, fit.covariances)
    assert metrics["nll/train"] == pytest.approx(expected, abs=1e-10)
