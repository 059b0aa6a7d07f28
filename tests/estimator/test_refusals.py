"""What cannot be is refused before any work, as a ValueError or TypeError that names the problem in Python's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import torch
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

from mixfit import GaussianMixture
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture

Array = NDArray[np.float64]

NUMBERS = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 1.0], [1.0, 1.0]])
NAN, INFINITE = NUMBERS.copy(), NUMBERS.copy()
NAN[1, 0], INFINITE[2, 1] = np.nan, -np.inf
FRAME = pd.DataFrame(NUMBERS, columns=["a", "b"])
OBJECTS = NUMBERS.astype(object)


def with_cell(cell: Any) -> NDArray[np.object_]:
    cells = OBJECTS.copy()
    cells[2, 1] = cell
    return cells


def with_column(values: Any) -> pd.DataFrame:
    return FRAME.assign(b=values)


POINTS: dict[str, tuple[Any, type[Exception], str]] = {
    "NaN": (NAN, ValueError, "contains NaN"),
    "NaN in a list": (NAN.tolist(), ValueError, "contains NaN"),
    "NaN in a tensor": (torch.from_numpy(NAN), ValueError, "contains NaN"),
    "infinity": (INFINITE, ValueError, "contains infinity"),
    "infinity in a tensor": (torch.from_numpy(INFINITE), ValueError, "contains infinity"),
    "None in a list": ([[None, 1.0], [2.0, 3.0]], ValueError, "contains NaN"),
    "a masked entry": (np.ma.masked_array(NUMBERS, NUMBERS > 4), ValueError, "masked entries"),
    "text": ([["a", "b"], ["c", "d"]], ValueError, "holds text"),
    "text that looks like numbers": ([["1", "2"], ["3", "4"]], ValueError, "holds text"),
    "text among numbers in a list": ([[1, "2"], [3, 4]], ValueError, "holds text"),
    "an array of text": (np.array([["1", "2"]]), ValueError, "holds text"),
    "bytes": (np.array([[b"1", b"2"]]), ValueError, "holds text"),
    "text among objects": (with_cell("2"), ValueError, r"holds '2' \(entry 5\)"),
    "a date among objects": (with_cell(date(2020, 1, 2)), ValueError, "holds datetime.date"),
    "a time among objects": (with_cell(datetime(2020, 1, 2)), ValueError, "holds datetime.datetime"),
    "a complex among objects": (with_cell(1j), ValueError, "holds 1j"),
    "dates": (NUMBERS.astype("M8[D]"), ValueError, "holds dates"),
    "durations": (NUMBERS.astype("m8[s]"), ValueError, "holds dates or times"),
    "durations in a list": ([[timedelta(1), 1.0]], ValueError, "holds datetime.timedelta"),
    "complex numbers": (NUMBERS + 1j, ValueError, "Complex data not supported"),
    "complex numbers in a list": ([[1j, 2], [3, 4]], ValueError, "Complex data not supported"),
    "complex tensor": (torch.from_numpy(NUMBERS) * 1j, ValueError, "Complex data not supported"),
    "three dimensions": (NUMBERS[None], ValueError, "Found array with dim 3"),
    "tensor of three dimensions": (torch.from_numpy(NUMBERS)[None], ValueError, "Found array with dim 3"),
    "one dimension": (NUMBERS[:, 0], ValueError, re.escape("reshape(-1, 1)")),
    "one dimension in a list": ([1.0, 2.0], ValueError, re.escape("reshape(-1, 1)")),
    "tensor of one dimension": (torch.from_numpy(NUMBERS)[:, 0], ValueError, re.escape("reshape(-1, 1)")),
    "a series of polars": (pl.Series([1.0, 2.0]), ValueError, re.escape("reshape(-1, 1)")),
    "a series of pandas": (FRAME["a"], ValueError, "Expected a 2-dimensional container"),
    "a number": (3.0, ValueError, "Expected 2D array, got scalar"),
    "nothing": (None, ValueError, "Expected 2D array, got scalar"),
    "no rows": (NUMBERS[:0], ValueError, r"Found array with 0 sample"),
    "no columns": (NUMBERS[:, :0], ValueError, r"Found array with 0 feature"),
    "tensor without rows": (torch.from_numpy(NUMBERS)[:0], ValueError, r"Found array with 0 sample"),
    "data frame without rows": (FRAME[:0], ValueError, r"Found array with 0 sample"),
    "rows of unequal length": ([[1, 2], [3]], ValueError, "inhomogeneous shape"),
    "sparse matrix": (scipy.sparse.csr_matrix(NUMBERS), TypeError, "Sparse data was passed"),
    "sparse array": (scipy.sparse.coo_array(NUMBERS), TypeError, "Sparse data was passed"),
    "sparse tensor": (torch.from_numpy(NUMBERS).to_sparse(), TypeError, "Sparse data was passed"),
    "pandas text": (with_column("x"), ValueError, "column 'b' of X holds String"),
    "pandas text like numbers": (with_column("1"), ValueError, "column 'b' of X holds String"),
    "pandas text among objects": (
        with_column(pd.Series([1.0, 2.0, "3", 4.0], dtype=object)),
        ValueError,
        r"column 'b' of X holds '3' \(entry 2\)",
    ),
    "pandas dates": (with_column(pd.Timestamp("2020-01-01")), ValueError, "column 'b' of X holds Datetime"),
    "pandas categories": (with_column(pd.Categorical([1, 2, 1, 2])), ValueError, "column 'b' of X holds Categorical"),
    "pandas NA": (FRAME.astype("Float64").mask(FRAME > 4), ValueError, "contains NaN"),
    "pandas complex": (FRAME + 1j, ValueError, "column 'a' of X holds 1j"),
    "polars text": (pl.DataFrame({"a": ["1"], "b": [2.0]}), ValueError, "column 'a' of X holds String"),
    "polars null": (pl.DataFrame({"a": [1.0, None], "b": [2.0, 3.0]}), ValueError, "contains NaN"),
    "polars dates": (pl.DataFrame({"a": [date(2020, 1, 1)], "b": [2.0]}), ValueError, "column 'a' of X holds Date"),
    "polars lists": (pl.DataFrame({"a": [[1.0]], "b": [2.0]}), ValueError, "column 'a' of X holds List"),
    "polars lazy frame": (pl.LazyFrame({"a": [1.0], "b": [2.0]}), TypeError, re.escape("collect()")),
    "Arrow text": (pa.table({"a": ["1"], "b": [2.0]}), ValueError, "column 'a' of X holds String"),
    "Arrow batch of text": (pa.record_batch({"a": ["1"], "b": [2.0]}), ValueError, "column 'a' of X holds String"),
    "Arrow null": (pa.table({"a": [1.0, None], "b": [2.0, 3.0]}), ValueError, "contains NaN"),
    "Arrow dictionary": (
        pa.table({"a": pa.array(["x", "y"]).dictionary_encode(), "b": [2.0, 3.0]}),
        ValueError,
        "column 'a' of X holds Categorical",
    ),
    "something else": ({"a": [1.0]}, TypeError, "real number, not 'dict'"),
}


@pytest.mark.filterwarnings("ignore:X (has|does not have) (valid )?feature names")
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score_samples"])
@pytest.mark.parametrize("case", POINTS)
def test_what_is_no_point_is_refused_before_any_work(case: str, method: str) -> None:
    points, kind, message = POINTS[case]
    mixture = GaussianMixture(1)
    if method == "score_samples":
        mixture.fit(NUMBERS)
    with patch.object(Mixture, "statistics") as fitting, patch.object(Density, "log_density") as scoring:
        with pytest.raises(kind, match=message):
            getattr(mixture, method)(points)
        assert not fitting.called
        assert not scoring.called


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy, np.ndarray.tolist])
@pytest.mark.parametrize("method", ["predict", "predict_proba", "score", "bic", "partial_fit", "outliers"])
def test_another_number_of_features_is_refused(method: str, kind: Callable[[Array], Any]) -> None:
    mixture = GaussianMixture(1).fit(NUMBERS)
    with pytest.raises(ValueError, match="X has 1 features, but GaussianMixture is expecting 2 features"):
        getattr(mixture, method)(kind(NUMBERS[:, :1].copy()))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_fewer_points_than_components_are_refused(method: str) -> None:
    with pytest.raises(ValueError, match=r"4 training points cannot hold 5 components.*lower n_components or"):
        getattr(GaussianMixture(5), method)(NUMBERS)


ARGUMENTS: dict[str, list[Any]] = {
    "n_components": [0, -1, 2.5, 2.0, "3", True, None, [2], float("nan"), np.float64(2)],
    "covariance_type": ["fulll", "", None, 3, ["full"], {}, "experiment"],
    "tol": [-1e-9, float("nan"), float("inf"), "small", True, [1e-3]],
    "reg_covar": [-1e-9, float("nan"), float("inf"), "small", None, True],
    "max_iter": [0, -5, 10.0, "many", None, True],
    "n_init": [0, 1.5, None, "two", True],
    "init_params": ["k-means", None, 3, ["kmeans"], {}],
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
    with patch.object(Mixture, "statistics") as working:
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
    with patch.object(Mixture, "statistics") as working, pytest.raises(ValueError, match="Nesterov momentum requires"):
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


def test_what_numpy_and_python_call_a_number_is_one() -> None:
    options = {"lr": np.float64(0.05), "betas": (0.8, 0.9)}
    mixture = GaussianMixture(optimizer="adam", optimizer_options=options, reg_covar=1, dtype=np.float64)
    mixture.set_params(n_components=np.int64(2), tol=np.float32(1e-3), random_state=np.int64(3))
    mixture.set_params(max_iter=np.int32(2), batch_size=np.uint8(3)).fit(NUMBERS)
    assert mixture.n_iter_ == 2


def test_lbfgs_has_no_partial_fit_and_others_have() -> None:
    assert not hasattr(GaussianMixture(optimizer="lbfgs"), "partial_fit")
    assert hasattr(GaussianMixture(optimizer="adam"), "partial_fit")


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
