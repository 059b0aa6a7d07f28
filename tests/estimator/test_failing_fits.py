"""A fit that fails says what to change, and leaves an earlier fit as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from mixfit import GaussianMixture
from mixfit.mixtures.mixture import Mixture
from tests.estimator.conftest import may_touch_the_floor

pytestmark = may_touch_the_floor

Array = NDArray[np.float64]

NUMBERS = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 1.0], [1.0, 1.0]])
FRAME = pd.DataFrame(NUMBERS, columns=["a", "b"])


COLLAPSED: dict[str, Array] = {
    "a constant column": np.column_stack([np.arange(10.0), np.full(10, 3.0)]),
    "points on a line": np.column_stack([np.arange(10.0), 2 * np.arange(10.0)]),
    "three points": np.repeat([[0.0, 1.0], [2.0, 3.0], [5.0, 1.0]], 5, axis=0),
    "fewer points than dimensions": np.random.default_rng(0).normal(size=(5, 12)),
    "a point far away": np.concatenate([np.random.default_rng(0).normal(size=(30, 2)), [[1e8, 1e8]]]),
}


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
@pytest.mark.parametrize("case", COLLAPSED)
def test_without_a_floor_a_component_that_collapses_is_an_error_with_a_remedy(
    case: str, covariance_type: str, method: str
) -> None:
    """As in scikit-learn; with the floor that is the default, all of these are fitted."""
    points = COLLAPSED[case]
    mixture = GaussianMixture(3, covariance_type=covariance_type, reg_covar=0, random_state=0)
    try:
        getattr(mixture, method)(points)
    except ValueError as refused:
        assert "raise reg_covar" in str(refused)  # noqa: PT017
    else:
        assert np.isfinite(mixture.score_samples(points)).all()
    if covariance_type == "full":
        assert not hasattr(mixture, "weights_")
    getattr(mixture.set_params(reg_covar=1e-6), method)(points)
    assert np.isfinite(mixture.score_samples(points)).all()


FAILING: dict[str, Callable[[GaussianMixture], Any]] = {
    "other columns": lambda mixture: mixture.fit(np.array([["a", "b", "c"]])),
    "NaN in more columns": lambda mixture: mixture.fit(np.full((4, 3), np.nan)),
    "too few points in more columns": lambda mixture: mixture.fit(np.ones((1, 3))),
    "weights": lambda mixture: mixture.fit(np.ones((4, 3)), sample_weight=[-1, 1, 1, 1]),
    "a nonsensical argument": lambda mixture: mixture.set_params(max_iter=0).fit(np.ones((4, 3))),
    "a start that cannot be": lambda mixture: mixture.set_params(means_init=[[1]]).fit(np.eye(4)[:, :3]),
}


@pytest.mark.parametrize("case", FAILING)
def test_a_fit_that_fails_leaves_the_one_before_as_it_was(case: str) -> None:
    mixture = GaussianMixture(2, random_state=0).fit(FRAME)
    before, scores = {**vars(mixture)}, mixture.score_samples(FRAME)
    with pytest.raises(ValueError, match=r".+"):
        FAILING[case](mixture)
    learned = [name for name in before if name.endswith("_") or name.startswith("_")]
    assert all(vars(mixture)[name] is before[name] for name in learned)
    assert (mixture.score_samples(FRAME) == scores).all()


def test_a_fit_that_breaks_off_leaves_the_one_before_as_it_was() -> None:
    mixture = GaussianMixture(2, random_state=0).fit(FRAME)
    scores = mixture.score_samples(FRAME)
    more = np.random.default_rng(0).normal(size=(20, 3))
    with patch.object(Mixture, "maximize_", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        mixture.fit(more)
    assert (mixture.score_samples(FRAME) == scores).all()
    assert mixture.feature_names_in_.tolist() == ["a", "b"]


def test_a_first_fit_that_fails_leaves_nothing() -> None:
    mixture = GaussianMixture(9)
    with pytest.raises(ValueError, match="4 training points"):
        mixture.fit(FRAME)
    assert [name for name in vars(mixture) if name.endswith("_")] == []


def test_a_mixture_that_is_no_longer_asked_for_cannot_be_gone_on_with() -> None:
    mixture = GaussianMixture(2, warm_start=True, random_state=0).fit(NUMBERS)
    for other in ({"n_components": 3}, {"covariance_type": "diag"}, {"optimizer": "kmeans"}):
        changed = GaussianMixture(2, warm_start=True, random_state=0).fit(NUMBERS).set_params(**other)
        for method in (changed.fit, changed.partial_fit):
            with pytest.raises(ValueError, match="the mixture that is there has 2 components of the family Full"):
                method(NUMBERS)
    mixture.set_params(warm_start=False, n_components=3).fit(NUMBERS)
    assert len(mixture.weights_) == 3
