"""Nonsense for an argument is refused before any work, in the words of Python and not of a configuration."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from mixfit import GaussianMixture
from mixfit.mixtures.mixture import Mixture
from tests.estimator.conftest import may_touch_the_floor

Array = NDArray[np.float64]

NUMBERS = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 1.0], [1.0, 1.0]])
FRAME = pd.DataFrame(NUMBERS, columns=["a", "b"])


ARGUMENTS: dict[str, list[Any]] = {
    "n_components": [0, -1, 2.5, 2.0, "3", True, None, [2], float("nan"), np.float64(2)],
    "covariance_type": ["fulll", "", None, 3, ["full"], {}, "experiment"],
    "tol": [-1e-9, float("nan"), float("inf"), "small", True, [1e-3]],
    "reg_covar": [-1e-9, float("nan"), float("inf"), "small", None, True],
    "max_iter": [0, -5, 10.0, "many", None, True],
    "n_init": [0, 1.5, "two", True],
    "init_params": ["k-means", None, 3, ["kmeans"], {}, "run", "parameters"],
    "random_state": [-1, 2**60, "seed", 1.5, np.random.default_rng(0)],
    "warm_start": [1, "yes", None],
    "optimizer": ["EM", "adagrad", None, 3, ["em"]],
    "optimizer_options": [3, "lr", ["lr"], {"lr": -1.0}, {"rate": 0.1}, {"lr": "0.1"}, {"_target_": "os.system"}],
    "batch_size": [0, -3, 2.5, "all", True],
    "device": ["nonsense", "cuda:99", 3.5, "meta", "cuda:-2"],
    "dtype": ["float16", np.float16, torch.bfloat16, int, "double", object(), "complex128"],
    "weights_init": [[1.0], [0.5, 0.4], [1.5, -0.5], [1.0, 0.0], "ab", [[0.5, 0.5]], [float("nan"), 1.0], ["1", "2"]],
    "means_init": [[[0.0, 1.0]], [0.0, 1.0], [[0.0], [1.0]], [["a", "b"], ["c", "d"]], [[0, np.inf], [1, 1]]],
    "precisions_init": [
        *(np.eye(2), [[[1.0, 0.0], [0.0, 1.0]]], [np.eye(2), -np.eye(2)], [np.eye(2), [[1.0, 2.0], [2.0, 1.0]]]),
        *([np.eye(2), [[1.0, 0.5], [0.2, 1.0]]], [np.eye(2), np.eye(2) * np.nan], [[["a"] * 2] * 2] * 2, 1j),
    ],
}
CASES = [(name, value) for name, values in ARGUMENTS.items() for value in values]


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(("name", "value"), CASES, ids=[f"{name} {number}" for number, (name, _) in enumerate(CASES)])
def test_nonsense_for_an_argument_is_refused_before_any_work(name: str, value: Any, method: str) -> None:
    arguments: dict[str, Any] = {"n_components": 2, "optimizer": "adam" if name == "optimizer_options" else "em"}
    mixture = GaussianMixture(**arguments | {name: value})
    with patch.object(Mixture, "statistics_of") as working:
        with pytest.raises((ValueError, TypeError)) as refused:
            getattr(mixture, method)(NUMBERS)
        assert not working.called
    assert name in str(refused.value)
    assert_in_words_of_python(str(refused.value))


def assert_in_words_of_python(message: str) -> None:
    """No key of the configuration, and nothing as YAML spells it."""
    for word in ("model.", "trainer.", "optimizer.", "data.", "init.", "covariance=", "seed=", "null", "--help"):
        assert word not in message, message
    assert not re.search(r"\b(true|false)\b", message), message


def test_torchs_own_rules_for_an_optimizer_are_known_before_any_work() -> None:
    options = {"nesterov": True, "momentum": 0.0}
    with (
        patch.object(Mixture, "statistics_of") as working,
        pytest.raises(ValueError, match="Nesterov momentum requires"),
    ):
        GaussianMixture(optimizer="sgd", optimizer_options=options).fit(NUMBERS)
    assert not working.called


@pytest.mark.parametrize("covariance_type", ["tied", "diag", "spherical", "tied_spherical"])
def test_precisions_of_another_family_are_refused(covariance_type: str) -> None:
    with pytest.raises(ValueError, match="precisions_init has the shape"):
        GaussianMixture(3, covariance_type=covariance_type, precisions_init=np.stack([np.eye(2)] * 3)).fit(NUMBERS)


def test_options_are_named_with_what_they_may_be() -> None:
    with pytest.raises(ValueError, match=r"rate in optimizer_options: optimizer=adam has no such option; did you mean"):
        GaussianMixture(optimizer="adam", optimizer_options={"rate": 0.1}).fit(NUMBERS)
    with pytest.raises(ValueError, match=r"lr in optimizer_options=-1.0: expected a number above 0"):
        GaussianMixture(optimizer="adam", optimizer_options={"lr": -1.0}).fit(NUMBERS)
    with pytest.raises(ValueError, match=r"covariance_type='ful': there is no such choice; did you mean full\?"):
        GaussianMixture(covariance_type="ful").fit(NUMBERS)
    with pytest.raises(ValueError, match=r"generator.integers\(2\*\*32\)"):
        GaussianMixture(random_state=np.random.default_rng(0)).fit(NUMBERS)


def test_starts_that_would_be_refused_are_not_offered() -> None:
    with pytest.raises(ValueError, match=r"there are: adaptive, .*ward") as refused:
        GaussianMixture(init_params="of my own").fit(NUMBERS)
    assert "parameters" not in str(refused.value)
    assert "run" not in str(refused.value)


def test_a_word_that_is_as_near_to_two_is_answered_with_all() -> None:
    with pytest.raises(ValueError, match=r"criterion='aic': expected bic, icl or nll/val$"):
        GaussianMixture("auto", criterion="aic").fit(NUMBERS)


@may_touch_the_floor
def test_what_numpy_and_python_call_a_number_is_one() -> None:
    options = {"lr": np.float64(0.05), "betas": (0.8, 0.9)}
    mixture = GaussianMixture(optimizer="adam", optimizer_options=options, reg_covar=1, dtype=np.float64)
    mixture.set_params(n_components=np.int64(2), tol=np.float32(1e-3), random_state=np.int64(3))
    mixture.set_params(max_iter=np.int32(2), batch_size=np.uint8(3)).fit(NUMBERS)
    assert mixture.n_iter_ == 2


def test_lbfgs_has_no_partial_fit_and_others_have() -> None:
    searching = GaussianMixture(optimizer="lbfgs")
    assert not hasattr(searching, "partial_fit")
    with pytest.raises(AttributeError) as missing:
        _ = searching.partial_fit
    assert "its line search needs all points at every step" in str(missing.value.__cause__)
    assert hasattr(GaussianMixture(optimizer="adam"), "partial_fit")
