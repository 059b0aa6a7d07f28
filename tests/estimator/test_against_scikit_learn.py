"""The same start, no tolerance, no floor: plain EM steps as scikit-learn takes them, and k-means as it has it.

The start is the same for both: the weights and means of K slices of the data along its longest axis, and the precision
of all data. Where a component collapses on the way, which scikit-learn refuses without a floor, the slices are along
another axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as ScikitLearnMixture
from threadpoolctl import threadpool_limits

from mixfit import GaussianMixture
from mixfit.data.old_faithful import OldFaithful
from tests.estimator.conftest import may_touch_the_floor

Array = NDArray[np.float64]
DATA = ("iris", "wine", "old_faithful", "breast_cancer")
FAMILIES = ("full", "tied", "diag", "spherical")
PARAMETERS = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
PETAL_LENGTH = 2
SLICED_ALONG = {("iris", "full", 6): PETAL_LENGTH}
"""Where plain EM from slices along the longest axis leads to a component without volume, in scikit-learn too."""

EXACT = 1e-8


@cache
def data(name: str) -> Array:
    if name == "old_faithful":
        eruptions: Array = OldFaithful(val_fraction=0, test_fraction=0).load(0).train.points.numpy()
        return eruptions
    loaders = {"iris": load_iris, "wine": load_wine, "breast_cancer": load_breast_cancer}
    found: Array = loaders[name]().data
    return found[:, :5] if name == "breast_cancer" else found


def start(name: str, family: str, n_components: int) -> dict[str, Any]:
    x = data(name)
    standardized = (x - x.mean(0)) / x.std(0)
    longest = np.linalg.svd(standardized, full_matrices=False)[2][0]
    along = SLICED_ALONG.get((name, family, n_components))
    place = standardized @ longest if along is None else standardized[:, along]
    group = place.argsort(kind="stable").argsort() * n_components // len(x)
    covariance = np.cov(x.T, bias=True)
    precisions = {
        "full": np.repeat(np.linalg.inv(covariance)[None], n_components, 0),
        "tied": np.linalg.inv(covariance),
        "diag": np.repeat(1 / covariance.diagonal()[None], n_components, 0),
        "spherical": np.full(n_components, 1 / covariance.diagonal().mean()),
    }
    return {
        "weights_init": np.bincount(group) / len(x),
        "means_init": np.array([x[group == k].mean(0) for k in range(n_components)]),
        "precisions_init": precisions[family],
    }


@contextmanager
def unconverged() -> Iterator[None]:
    """scikit-learn warns that so many steps were too few; and several threads would wait for each other."""
    with catch_warnings(), threadpool_limits(1):
        simplefilter("ignore", ConvergenceWarning)
        yield


def both(name: str, family: str, n_components: int, n_steps: int) -> tuple[GaussianMixture, ScikitLearnMixture]:
    same: dict[str, Any] = {"covariance_type": family, "tol": 0, "reg_covar": 0, "max_iter": n_steps}
    same |= start(name, family, n_components)
    with unconverged():
        theirs = ScikitLearnMixture(n_components, **same).fit(data(name))
    return GaussianMixture(n_components, **same).fit(data(name)), theirs


def assert_same(ours: GaussianMixture, theirs: ScikitLearnMixture, x: Array) -> None:
    assert_allclose(ours.score_samples(x), theirs.score_samples(x), rtol=0, atol=EXACT)
    assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), rtol=0, atol=EXACT)
    assert_allclose([ours.bic(x), ours.aic(x)], [theirs.bic(x), theirs.aic(x)], rtol=0, atol=EXACT)
    assert_allclose(ours.lower_bounds_, theirs.lower_bounds_, rtol=0, atol=EXACT)
    assert ours.n_iter_ == theirs.n_iter_
    for name in PARAMETERS:
        mine, yours = getattr(ours, name), getattr(theirs, name)
        assert_allclose(mine, yours, rtol=0, atol=EXACT * np.abs(yours).max(), err_msg=name)


@pytest.mark.parametrize("n_components", range(1, 7))
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", DATA)
def test_every_step_of_em_is_scikit_learns(name: str, family: str, n_components: int) -> None:
    """The lower bounds are those of every step, so that one fit speaks for all before it."""
    ours, theirs = both(name, family, n_components, n_steps=25)
    assert_same(ours, theirs, data(name))


@pytest.mark.parametrize("n_steps", [1, 5, 100])
@pytest.mark.parametrize("family", FAMILIES)
def test_it_takes_exactly_as_many_steps_as_it_is_given(family: str, n_steps: int) -> None:
    ours, theirs = both("iris", family, 3, n_steps)
    assert_same(ours, theirs, data("iris"))
    assert (ours.n_iter_, len(ours.lower_bounds_), ours.converged_) == (n_steps, n_steps, False)


def test_a_fit_that_cannot_gain_any_more_still_takes_all_steps() -> None:
    ours, theirs = both("iris", "full", 1, n_steps=7)
    assert ours.n_iter_ == theirs.n_iter_ == 7


@may_touch_the_floor
def test_a_component_that_loses_its_points_is_not_moved_elsewhere() -> None:
    """It keeps the weight that a step of EM gives it, however small."""
    x = np.concatenate([data("old_faithful"), [[100.0, 1000.0]]])
    init = {"weights_init": [0.5, 0.5], "means_init": [[3.0, 70.0], [60.0, 600.0]], "precisions_init": [1.0, 1.0]}
    same: dict[str, Any] = {"covariance_type": "spherical", "tol": 0, "reg_covar": 1e-9, "max_iter": 4, **init}
    with unconverged():
        theirs = ScikitLearnMixture(2, **same).fit(x[:-1])
    ours = GaussianMixture(2, **same).fit(x[:-1])
    assert theirs.weights_[1] < 1e-9
    assert ours.weights_[1] < 1e-9
    assert_allclose(ours.score_samples(x[:-1]), theirs.score_samples(x[:-1]), atol=1e-6)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("n_components", [1, 2, 4, 6])
def test_k_means_is_scikit_learns_from_the_same_centres(name: str, n_components: int) -> None:
    x = data(name)
    x = (x - x.mean(0)) / x.std(0)
    centres = x[:: len(x) // n_components][:n_components]
    theirs = KMeans(n_components, init=centres, n_init=1, tol=0, max_iter=1000).fit(x)
    ours = GaussianMixture(n_components, optimizer="kmeans", means_init=centres).fit(x)
    assert (ours.predict(x) == theirs.labels_).all()
    assert (ours.fit_predict(x) == theirs.labels_).all()
    assert_allclose(ours.means_, theirs.cluster_centers_, rtol=0, atol=1e-12)
    assert_allclose(float(ours.covariances_) * x.size, theirs.inertia_, rtol=1e-12)
    assert ours.converged_
