"""What an estimator can be asked without any points: its parts, its moments, what it says of rare points.

The mathematics has tests of its own; here it is the door: names of axes, forms of answers, refusals. What is compared
with is written with NumPy and SciPy from the estimator's attributes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from mixfit import GaussianMixture
from mixfit.data.dataset import Part
from mixfit.errors import InputError
from mixfit.tracking.record import rarity_among
from tests.estimator.conftest import FAMILIES

Array = NDArray[np.float64]
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]
IRIS = pd.DataFrame(load_iris().data, columns=NAMES)


@cache
def iris(family: str = "full", **arguments: Any) -> GaussianMixture:
    return GaussianMixture(3, covariance_type=family, random_state=0, **arguments).fit(IRIS)


def covariances(mixture: GaussianMixture) -> Array:
    """Dense, (K, D, D), whatever the shape of `covariances_`."""
    found, eye = mixture.covariances_, np.eye(mixture.n_features_in_)
    shape = (mixture.n_components_, *eye.shape)
    dense: dict[str, Callable[[], Array]] = {
        "full": lambda: found,
        "tied": lambda: np.broadcast_to(found, shape),
        "diag": lambda: found[:, :, None] * eye,
        "spherical": lambda: found[:, None, None] * eye,
        "tied_spherical": lambda: np.broadcast_to(found * eye, shape),
    }
    return dense[mixture.covariance_type]()


def log_density(weights: Array, means: Array, matrices: Array, x: Array) -> Array:
    parts = [
        np.log(weight) + multivariate_normal(mean, matrix).logpdf(x)
        for weight, mean, matrix in zip(weights, means, matrices, strict=True)
    ]
    return np.asarray(np.logaddexp.reduce(parts))


# Marginals


@pytest.mark.parametrize("axes", [[2, 0], ["petal length", "sepal length"], ["petal length", -4], np.array([2, 0])])
def test_a_marginal_is_that_of_the_components_and_keeps_their_names(axes: Any, covariance_type: str) -> None:
    whole, x = iris(covariance_type), IRIS[["petal length", "sepal length"]]
    part = whole.marginal(axes)
    expected = log_density(whole.weights_, whole.means_[:, [2, 0]], covariances(whole)[:, [2, 0]][:, :, [2, 0]], x)
    assert_allclose(part.score_samples(x), expected, rtol=1e-12, atol=1e-12)
    assert_allclose(part.means_, whole.means_[:, [2, 0]], rtol=1e-14)
    assert part.feature_names_in_.tolist() == ["petal length", "sepal length"]
    assert (part.n_features_in_, part.n_components, part.covariance_type) == (2, 3, covariance_type)


@pytest.mark.parametrize("axis", [1, -3, "sepal width", np.int64(1), np.str_("sepal width")])
def test_one_axis_needs_no_list(axis: Any) -> None:
    part = iris().marginal(axis)
    assert part.feature_names_in_.tolist() == ["sepal width"]
    assert_allclose(part.means_, iris().means_[:, [1]], rtol=1e-14)


def test_a_part_is_an_estimator_that_can_be_asked_and_fitted() -> None:
    part, x = iris().marginal(["petal length", "petal width"]), IRIS[["petal length", "petal width"]]
    assert part.predict_proba(x).shape == (150, 3)
    assert part.sample(5)[0].shape == (5, 2)
    assert part.marginal("petal width").feature_names_in_.tolist() == ["petal width"]
    assert (part.n_iter_, part.converged_, part.lower_bounds_) == (0, True, [])
    anew = GaussianMixture(3, random_state=0).fit(x)
    assert (iris().marginal([2, 3]).fit(x).score_samples(x) == anew.score_samples(x)).all()
    with pytest.raises(ValueError, match="feature names should match"):
        part.predict(IRIS)


def test_points_without_names_have_parts_without_names() -> None:
    part = GaussianMixture(2, random_state=0).fit(IRIS.to_numpy()).marginal([3, 1])
    assert not hasattr(part, "feature_names_in_")
    with pytest.raises(InputError, match="there is no axis 'petal width'; give a number from 0 to 1"):
        part.marginal("petal width")


def test_a_part_of_a_fit_to_given_parameters_can_be_fitted_itself() -> None:
    start = iris()
    given: dict[str, Any] = {
        "means_init": start.means_,
        "weights_init": start.weights_,
        "precisions_init": start.precisions_,
    }
    whole = GaussianMixture(3, **given).fit(IRIS)
    assert whole.marginal([0, 1]).fit(IRIS[NAMES[:2]]).means_.shape == (3, 2)


# Conditionals


@pytest.mark.parametrize("known", [{0: 6.0, 3: 1.5}, {"petal width": 1.5, "sepal length": 6.0}, {-1: 1.5, -4: 6}])
def test_a_conditional_is_the_joint_over_the_marginal(known: dict[int | str, float], covariance_type: str) -> None:
    whole, x = iris(covariance_type), IRIS.assign(**{"sepal length": 6.0, "petal width": 1.5})
    part = whole.condition(known)
    expected = whole.score_samples(x) - whole.marginal([0, 3]).score_samples(x[["sepal length", "petal width"]])
    assert_allclose(part.score_samples(x[["sepal width", "petal length"]]), expected, rtol=1e-12, atol=1e-10)
    assert part.feature_names_in_.tolist() == ["sepal width", "petal length"]


def test_regression_by_a_mixture_is_the_formula_of_the_textbook() -> None:
    """E[y | x] = Σ_k p(k | x) (μ_ky + Σ_kyx Σ_kxx⁻¹ (x - μ_kx)), for petal lengths from sepals."""
    whole, x = iris(), IRIS.to_numpy()[::15, :2]
    means, matrices = whole.means_, covariances(whole)
    log_joint = [
        np.log(weight) + multivariate_normal(mean[:2], matrix[:2, :2]).logpdf(x)
        for weight, mean, matrix in zip(whole.weights_, means, matrices, strict=True)
    ]
    responsibilities = np.exp(log_joint - np.logaddexp.reduce(log_joint))
    lines = [
        mean[2] + (x - mean[:2]) @ np.linalg.solve(matrix[:2, :2], matrix[:2, 2])
        for mean, matrix in zip(means, matrices, strict=True)
    ]
    found = [
        whole.condition({"sepal length": length, "sepal width": width}).marginal("petal length").mean().item()
        for length, width in x
    ]
    assert_allclose(found, (responsibilities * lines).sum(0), rtol=1e-11)


@pytest.mark.parametrize("value", [6, np.float32(6), np.array(6.0), True])
def test_a_known_value_may_be_any_real_number(value: Any) -> None:
    expected = iris().condition({0: float(value)}).mean()
    assert (iris().condition({0: value}).mean() == expected).all()


# Moments


def test_the_moments_are_those_of_the_components(covariance_type: str) -> None:
    mixture = iris(covariance_type)
    mean = mixture.weights_ @ mixture.means_
    spread = mixture.means_ - mean
    between = (mixture.weights_[:, None] * spread).T @ spread
    assert_allclose(mixture.mean(), mean, rtol=1e-12)
    within = np.einsum("k,kde->de", mixture.weights_, covariances(mixture))
    assert_allclose(mixture.covariance(), within + between, rtol=1e-10, atol=1e-12)


def test_a_fit_by_em_has_the_mean_and_the_covariance_of_its_points() -> None:
    """The M-step leaves both as they are, if no component is at the floor."""
    assert_allclose(iris().mean(), IRIS.mean(), rtol=1e-12)
    assert_allclose(iris().covariance(), IRIS.cov(ddof=0), rtol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_read_is_a_copy(family: str) -> None:
    mixture = GaussianMixture(3, covariance_type=family, random_state=0).fit(IRIS)
    before = mixture.score_samples(IRIS)
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        getattr(mixture, name)[...] = 7.0
    mixture.mean()[...] = 7.0
    assert (mixture.score_samples(IRIS) == before).all()


# On a line


def log_density_at(line: GaussianMixture, x: float) -> float:
    """Of petals of one length."""
    return float(line.score_samples(pd.DataFrame({"petal length": [x]}))[0])


def test_the_distribution_on_a_line_is_scipys() -> None:
    line = iris().marginal("petal length")
    x, levels = np.linspace(0, 8, 33), np.array([1e-9, 0.05, 0.5, 0.7, 1 - 1e-9])
    deviations = np.sqrt(line.covariances_[:, 0, 0])
    assert_allclose(line.cdf(x), norm.cdf((x[:, None] - line.means_[:, 0]) / deviations) @ line.weights_, rtol=1e-12)
    assert_allclose(line.cdf(line.quantile(levels)), levels, rtol=1e-9)
    below, _ = quad(lambda point: np.exp(log_density_at(line, point)), -10, 4.0, points=[1.5], epsabs=1e-10)
    assert_allclose(line.cdf(4.0), [below], atol=1e-9)


@pytest.mark.parametrize(
    "form",
    [list, np.array, pd.Series, lambda x: np.array(x)[:, None], lambda x: np.array(x, np.float32), tuple],
    ids=["list", "array", "series", "column", "float32", "tuple"],
)
def test_points_on_a_line_come_in_any_form(form: Callable[[list[float]], Any]) -> None:
    line = iris().marginal(2)
    assert_allclose(line.cdf(form([1.5, 4.25])), line.cdf(np.array([1.5, 4.25])), rtol=0)
    assert line.cdf(form([1.5, 4.25])).shape == (2,)


def test_one_point_or_level_gives_an_array_of_one() -> None:
    assert iris().marginal(2).cdf(1.5).shape == iris().marginal(2).quantile(0.5).shape == (1,)


# Entropy and divergence


def test_the_entropy_is_the_integral_within_its_standard_error() -> None:
    line = iris().marginal("petal length")

    def integrand(x: float) -> float:
        log_p = log_density_at(line, x)
        return float(-np.exp(log_p) * log_p)

    expected, _ = quad(integrand, -2, 12, points=[1.5, 4.2, 5.6], limit=200)
    value, standard_error = line.entropy(tolerance=1e-3)
    assert standard_error <= 1e-3
    assert abs(value - expected) < 4 * standard_error
    assert line.entropy(tolerance=1e-3) == (value, standard_error)  # the same random state, the same draws


def test_the_divergence_is_the_mean_of_the_log_ratio() -> None:
    mixture, other = iris(), iris("diag")
    value, standard_error = mixture.kl(other, tolerance=0.01)
    draws = pd.DataFrame(mixture.sample(20_000)[0], columns=NAMES)
    ratios = mixture.score_samples(draws) - other.score_samples(draws)
    assert abs(value - ratios.mean()) < 4 * np.hypot(standard_error, ratios.std() / np.sqrt(len(ratios)))
    assert mixture.kl(other.density_, tolerance=0.01) == (value, standard_error)


def test_the_divergence_from_itself_is_zero(covariance_type: str) -> None:
    assert iris(covariance_type).kl(iris(covariance_type)) == (0.0, 0.0)


def test_one_component_has_the_entropy_of_a_gaussian() -> None:
    one = GaussianMixture(1).fit(IRIS)
    assert_allclose(one.entropy(), (multivariate_normal(one.means_[0], one.covariances_[0]).entropy(), 0.0), rtol=1e-12)


# Modes


def test_no_place_near_a_mode_is_higher() -> None:
    mixture = iris()
    modes = mixture.modes()
    assert modes.shape == (len(modes), 4)
    heights = mixture.score_samples(pd.DataFrame(modes, columns=NAMES))
    assert (np.diff(heights) <= 0).all()
    for mode, height in zip(modes, heights, strict=True):
        steps = 1e-3 * np.random.default_rng(0).normal(size=(500, 4))
        assert (mixture.score_samples(pd.DataFrame(mode + steps, columns=NAMES)) < height).all()


# Outliers


@pytest.mark.parametrize("share", [0, 0.01, 0.02, 0.1, 0.5, 0.9, np.float32(0.25)])
def test_the_asked_share_of_the_training_points_is_marked(share: float) -> None:
    marked = iris().outliers(IRIS, share)
    assert marked.dtype == bool
    assert marked.sum() == np.ceil(share * 149)
    assert marked[iris().score_samples(IRIS).argsort()[: marked.sum()]].all()


def test_the_default_marks_one_in_a_hundred() -> None:
    assert iris().outliers(IRIS).sum() == 2  # of 150


def test_of_very_many_points_those_that_a_run_draws_say_what_is_rare() -> None:
    points = torch.randn(140_000, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mixture = GaussianMixture(random_state=0).fit(points.numpy())
    as_a_run = rarity_among(mixture.density_, Part(points))
    assert_allclose(mixture.rarity_.log_densities, as_a_run.log_densities, rtol=0, atol=1e-12)
    assert abs(mixture.outliers(points.numpy(), 0.01).mean() - 0.01) < 3e-4


def test_the_share_counts_weights() -> None:
    """A weight of w is a point written w times."""
    weights = np.random.default_rng(0).integers(0, 4, len(IRIS))
    mixture = GaussianMixture(2, random_state=0).fit(IRIS, sample_weight=weights)
    written = IRIS.loc[IRIS.index.repeat(weights)]
    for share in (0.05, 0.3):
        threshold = np.quantile(mixture.score_samples(written), share)
        assert (mixture.outliers(IRIS, share) == (mixture.score_samples(IRIS) < threshold)).all()


def test_a_part_marks_about_the_share_of_draws_from_itself() -> None:
    part = iris().marginal(["petal length", "petal width"])
    draws = pd.DataFrame(part.sample(20_000)[0], columns=part.feature_names_in_)
    assert abs(part.outliers(draws, 0.1).mean() - 0.1) < 0.01


# Refusals


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda it: it.marginal("petal lenght"), InputError, "no axis 'petal lenght'; did you mean 'petal length'?"),
        (lambda it: it.marginal("height"), InputError, "no axis 'height'; give a number from 0 to 3"),
        (lambda it: it.marginal([0, "sepal length"]), ValueError, "axis 0 is given twice"),
        (lambda it: it.marginal([]), ValueError, "no axes are given"),
        (lambda it: it.marginal(4), ValueError, "axis 4 is out of range: this density has the axes 0 to 3"),
        (lambda it: it.marginal(1.5), TypeError, "axis 1.5 is neither a whole number nor the name of a column"),
        (lambda it: it.marginal(None), TypeError, "axis None is neither"),
        (lambda it: it.condition({"sepal widht": 1}), InputError, "did you mean 'sepal width'?"),
        (lambda it: it.condition({"sepal width": 1, 1: 2}), ValueError, "axis 1 is given twice"),
        (lambda it: it.condition({}), ValueError, "no axes are given"),
        (lambda it: it.condition([1.5]), TypeError, "found list"),
        (lambda it: it.condition({0: "tall"}), InputError, "the value of axis 0 holds <U4, and needs real numbers"),
        (lambda it: it.condition({"sepal width": [1.0]}), InputError, r"axis 'sepal width' has the shape \(1,\)"),
        (lambda it: it.condition({0: np.nan}), ValueError, "the value of axis 0 is nan"),
        (lambda it: it.condition({0: np.inf}), ValueError, "the value of axis 0 is inf"),
        (lambda it: it.condition(dict.fromkeys(range(4), 1.0)), ValueError, "all 4 axes are given"),
        (lambda it: it.cdf([1.0]), ValueError, "this density lives in 4 dimensions"),
        (lambda it: it.quantile(0.5), ValueError, "this density lives in 4 dimensions"),
        (lambda it: it.marginal(0).quantile(1.5), ValueError, "a level of 1.5 is no probability"),
        (lambda it: it.marginal(0).quantile(np.nan), ValueError, "is no probability"),
        (lambda it: it.marginal(0).cdf("much"), InputError, "x holds <U4, and needs real numbers"),
        (lambda it: it.marginal(0).cdf([1j]), InputError, "x holds complex128"),
        (lambda it: it.marginal(0).cdf([[1.0, 2.0]]), ValueError, "lives on a line"),
        (lambda it: it.kl(it.marginal(0)), ValueError, "live in 4 and 1 dimensions"),
        (lambda it: it.kl(IRIS), TypeError, "expected a fitted GaussianMixture or a Density of mixfit's"),
        (lambda it: it.entropy(tolerance=0), ValueError, "tolerance is 0"),
        (lambda it: it.outliers(IRIS, 1.01), ValueError, "share=1.01: a share of the points lies between 0 and 1"),
        (lambda it: it.outliers(IRIS, -0.1), ValueError, "share=-0.1"),
        (lambda it: it.outliers(IRIS, np.nan), ValueError, "share=nan"),
        (lambda it: it.outliers(IRIS, "few"), InputError, "share holds <U3, and needs real numbers"),
        (lambda it: it.outliers(IRIS, [0.1]), InputError, r"share has the shape \(1,\), and needs one number"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    ask: Callable[[GaussianMixture], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message.replace("?", r"\?")):
        ask(iris())


ASKING: dict[str, Callable[[GaussianMixture], object]] = {
    "marginal": lambda it: it.marginal(0),
    "condition": lambda it: it.condition({0: 1.0}),
    "mean": lambda it: it.mean(),
    "covariance": lambda it: it.covariance(),
    "cdf": lambda it: it.cdf(0.0),
    "quantile": lambda it: it.quantile(0.5),
    "entropy": lambda it: it.entropy(),
    "kl": lambda it: it.kl(iris()),
    "modes": lambda it: it.modes(),
    "overlap": lambda it: it.overlap(),
    "outliers": lambda it: it.outliers(IRIS),
    "sample": lambda it: it.sample(),
}


@pytest.mark.parametrize("name", ASKING)
def test_nothing_can_be_asked_before_a_fit(name: str) -> None:
    with pytest.raises(NotFittedError, match="call fit with some points first"):
        ASKING[name](GaussianMixture())


def test_the_overlap_is_the_share_of_a_components_draws_that_are_more_probable_under_another() -> None:
    mixture = iris()
    points, components = mixture.sample(50_000)
    joint = mixture.density_.log_joint(torch.from_numpy(points)).numpy()
    found = mixture.overlap()
    for i in range(3):
        own = joint[components == i]
        shares = (own > own[:, [i]]).mean(0)
        assert_allclose(found[i], shares, rtol=0, atol=4 * np.sqrt(0.25 / len(own)))


def test_there_is_no_divergence_from_what_is_not_fitted() -> None:
    with pytest.raises(NotFittedError):
        iris().kl(GaussianMixture())
