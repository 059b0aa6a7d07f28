"""In scikit-learn's company: pipelines, searches, clones, copies, other processes."""

from __future__ import annotations

import pickle
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone, is_outlier_detector
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from mixfit import GaussianMixture

Array = NDArray[np.float64]


def test_it_is_a_step_of_a_pipeline(points: Array) -> None:
    pipeline = make_pipeline(StandardScaler(), GaussianMixture(3, random_state=0)).fit(points)
    scaled = StandardScaler().fit_transform(points)
    alone = GaussianMixture(3, random_state=0).fit(scaled)
    assert (pipeline.predict(points) == alone.predict(scaled)).all()
    assert pipeline.score(points) == alone.score(scaled)
    assert (pipeline.fit_predict(points) == alone.predict(scaled)).all()


def test_its_responsibilities_are_features_for_the_next_step(points: Array) -> None:
    group = np.repeat([0, 1, 2], [60, 40, 30])
    pipeline = make_pipeline(GaussianMixture(3, random_state=0), LogisticRegression())
    assert pipeline.fit(points, group).score(points, group) > 0.9
    assert pipeline[:-1].get_feature_names_out().tolist() == [f"gaussianmixture{k}" for k in range(3)]


def test_it_stands_beside_others_in_a_column_transformer(points: Array) -> None:
    frame = pd.DataFrame(points, columns=["a", "b"])
    columns = ColumnTransformer([("mixture", GaussianMixture(2, random_state=0), ["b"])], remainder="passthrough")
    found = columns.set_output(transform="pandas").fit_transform(frame)
    assert list(found.columns) == ["mixture__gaussianmixture0", "mixture__gaussianmixture1", "remainder__a"]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_transform_gives_the_frames_that_are_asked_for(kind: str, points: Array) -> None:
    mixture = GaussianMixture(2, random_state=0).fit(points)
    expected = mixture.transform(points)
    found = mixture.set_output(transform=kind).transform(points)
    assert isinstance(found, pd.DataFrame if kind == "pandas" else pl.DataFrame)
    assert list(found.columns) == ["gaussianmixture0", "gaussianmixture1"]
    assert (found.to_numpy() == expected).all()
    assert isinstance(mixture.predict_proba(points), np.ndarray)


def test_rows_of_a_frame_keep_their_names(points: Array) -> None:
    frame = pd.DataFrame(points, columns=["a", "b"], index=[f"row {n}" for n in range(len(points))])
    found = GaussianMixture(2, random_state=0).set_output(transform="pandas").fit_transform(frame)
    assert found.index.equals(frame.index)


def test_a_clone_has_the_arguments_and_nothing_of_the_fit(points: Array) -> None:
    options = {"lr": 0.05}
    init = np.array([[0.0, 0.0], [3.0, 3.0]])
    mixture = GaussianMixture(2, optimizer="adam", optimizer_options=options, means_init=init, max_iter=2).fit(points)
    copied = clone(mixture)
    assert repr(copied.get_params()) == repr(mixture.get_params())
    assert not hasattr(copied, "weights_")
    assert mixture.means_init is init
    assert mixture.optimizer_options is options
    assert options == {"lr": 0.05}


def test_a_search_finds_the_number_of_components_and_the_family(points: Array) -> None:
    grid: dict[str, list[Any]] = {"n_components": [1, 2, 3], "covariance_type": ["full", "spherical"]}
    folds = KFold(3, shuffle=True, random_state=0)
    search = GridSearchCV(GaussianMixture(random_state=0), grid, cv=folds).fit(points)
    by_hand = {
        (n, family): np.mean(
            [
                GaussianMixture(n, covariance_type=family, random_state=0).fit(points[train]).score(points[test])
                for train, test in folds.split(points)
            ]
        )
        for n in grid["n_components"]
        for family in grid["covariance_type"]
    }
    best = max(by_hand, key=by_hand.__getitem__)
    assert (search.best_params_["n_components"], search.best_params_["covariance_type"]) == best
    assert_allclose(search.best_score_, by_hand[best])
    assert search.best_estimator_.score_samples(points).shape == (len(points),)


def test_a_search_by_a_criterion_of_ones_own(points: Array) -> None:
    def negative_bic(mixture: GaussianMixture, x: Array) -> float:
        return -mixture.bic(x)

    grid = {"n_components": [1, 2, 3, 4]}
    search = GridSearchCV(GaussianMixture(random_state=0), grid, scoring=negative_bic, cv=2).fit(points[::-1])
    assert search.best_params_["n_components"] in grid["n_components"]


def test_scores_of_folds_are_held_out_log_likelihoods(points: Array) -> None:
    folds = KFold(3, shuffle=True, random_state=0)
    found = cross_val_score(GaussianMixture(2, random_state=0), points, cv=folds)
    expected = [
        GaussianMixture(2, random_state=0).fit(points[train]).score_samples(points[test]).mean()
        for train, test in folds.split(points)
    ]
    assert_allclose(found, expected, rtol=1e-12)


def test_weights_are_routed_where_they_are_asked_for(points: Array) -> None:
    weights = np.random.default_rng(0).integers(1, 4, len(points))
    with config_context(enable_metadata_routing=True):
        mixture = GaussianMixture(2, random_state=0).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), mixture)
        pipeline.fit(points, sample_weight=weights)
    expected = GaussianMixture(2, random_state=0).fit(StandardScaler().fit_transform(points), sample_weight=weights)
    assert (pipeline[-1].means_ == expected.means_).all()


def test_scikit_learn_knows_what_it_is(points: Array) -> None:
    mixture = GaussianMixture(2, random_state=0)
    assert mixture.__sklearn_tags__().estimator_type == "density_estimator"
    assert not is_outlier_detector(mixture)
    check_is_fitted(mixture.fit(points))
    assert "GaussianMixture" in mixture._repr_html_()
    assert repr(mixture) == "GaussianMixture(n_components=2, random_state=0)"


def kept(path: Path, mixture: GaussianMixture) -> GaussianMixture:
    joblib.dump(mixture, path)
    found: GaussianMixture = joblib.load(path)
    return found


@pytest.mark.parametrize("copier", ["pickle", "deepcopy", "copy", "joblib"])
def test_a_copy_says_the_same_to_the_last_bit_and_can_be_fitted_on(
    copier: str, optimizer: str, points: Array, tmp_path: Path
) -> None:
    mixture = GaussianMixture(2, optimizer=optimizer, max_iter=3, random_state=0)
    frame = pd.DataFrame(points, columns=["a", "b"])
    mixture.fit(frame)
    ways: dict[str, Any] = {
        "pickle": lambda: pickle.loads(pickle.dumps(mixture)),
        "deepcopy": lambda: deepcopy(mixture),
        "copy": lambda: copy(mixture),
        "joblib": lambda: kept(tmp_path / "mixture", mixture),
    }
    found = ways[copier]()
    for name in ("weights_", "means_", "covariances_", "lower_bounds_", "n_iter_", "feature_names_in_"):
        assert np.array_equal(getattr(found, name), getattr(mixture, name))
    scores = mixture.score_samples(frame)
    assert (found.score_samples(frame) == scores).all()
    assert found.rarity_.threshold(0.1) == mixture.rarity_.threshold(0.1)
    assert (found.fit(frame).score_samples(frame) == scores).all()
    assert (mixture.score_samples(frame) == scores).all()


def test_an_unfitted_mixture_is_copied_too() -> None:
    for found in (pickle.loads(pickle.dumps(GaussianMixture(3))), deepcopy(GaussianMixture(3))):
        assert found.n_components == 3
        assert not hasattr(found, "weights_")


def fitted_scores(points: Array, n_components: int) -> Array:
    found: Array = GaussianMixture(n_components, random_state=0, optimizer="adam").fit(points).score_samples(points)
    return found


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_fits_side_by_side_are_fits_one_after_another(backend: str, points: Array) -> None:
    numbers = [1, 2, 3, 2]
    jobs = (joblib.delayed(fitted_scores)(points, number) for number in numbers)
    with joblib.parallel_config(backend, n_jobs=2):
        found = joblib.Parallel()(jobs)
    expected = [fitted_scores(points, number) for number in numbers]
    assert all((mine == alone).all() for mine, alone in zip(found, expected, strict=True))
