"""Before a fit there is nothing to ask, and every method and attribute says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

from mixfit import GaussianMixture

Array = NDArray[np.float64]

NUMBERS = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 1.0], [1.0, 1.0]])
NAN = np.full((4, 2), np.nan)


METHODS = ("predict", "predict_proba", "transform", "score_samples", "outliers", "score", "bic", "aic", "icl")
QUESTIONS: dict[str, tuple[Any, ...]] = {
    **{"marginal": ([0],), "condition": ({0: 1.0},), "mean": (), "covariance": (), "cdf": ([0.0],)},
    **{"quantile": ([0.5],), "entropy": (), "modes": (), "sample": (), "get_feature_names_out": (), "save": ("x",)},
}
LEARNED = (
    *("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "converged_", "n_iter_"),
    *("lower_bound_", "lower_bounds_", "density_", "rarity_", "n_parameters_", "n_features_in_"),
)


@pytest.mark.parametrize("method", METHODS)
def test_a_mixture_that_is_not_fitted_says_so_of_points(method: str) -> None:
    for points in (NUMBERS, NAN, "nonsense"):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(GaussianMixture(), method)(points)


@pytest.mark.parametrize("method", QUESTIONS)
def test_a_mixture_that_is_not_fitted_says_so_of_itself(method: str) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(GaussianMixture(), method)(*QUESTIONS[method])


def test_neither_side_of_a_divergence_may_be_unfitted() -> None:
    fitted = GaussianMixture().fit(NUMBERS)
    for one, other in ((GaussianMixture(), fitted), (fitted, GaussianMixture())):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            one.kl(other)


@pytest.mark.parametrize("name", LEARNED)
def test_what_a_fit_leaves_is_not_there_before_one(name: str) -> None:
    mixture = GaussianMixture()
    assert not hasattr(mixture, name)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(mixture, name)
    assert hasattr(mixture.fit(NUMBERS), name)


def test_an_attribute_that_there_never_is_is_missing_as_anywhere() -> None:
    for mixture in (GaussianMixture(), GaussianMixture().fit(NUMBERS)):
        with pytest.raises(AttributeError, match="'GaussianMixture' object has no attribute 'weight'"):
            _ = mixture.weight
    with pytest.raises(AttributeError, match="'GaussianMixture' object has no attribute 'weigths_'"):
        _ = GaussianMixture().fit(NUMBERS).weigths_


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, "3", True, None])
def test_a_number_of_draws_is_a_whole_number_from_one_up(n_samples: Any) -> None:
    with pytest.raises(ValueError, match="n_samples"):
        GaussianMixture().fit(NUMBERS).sample(n_samples)
