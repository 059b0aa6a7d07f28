"""Equal log-densities in scikit-learn and here, both ways, and an estimator that scikit-learn can go on with."""

import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from torch import Tensor

from mixfit.conversion import from_scikit_learn, to_scikit_learn
from mixfit.conversion.scikit_learn import COVARIANCE_TYPES
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.standardization import Standardization

Data = NDArray[np.float64]


@pytest.fixture(params=sorted(COVARIANCE_TYPES))
def covariance_type(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fitted(covariance_type: str, data: Data) -> GaussianMixture:
    return GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(data)


@pytest.fixture
def data() -> Data:
    generator = np.random.default_rng(0)
    means = np.array([[0.0, 0, 0], [4, 1, -3], [-3, 5, 2]])
    return (means[:, None] + generator.standard_normal((3, 100, 3))).reshape(-1, 3)


def test_the_estimator_has_the_log_densities_of_the_density(density: Density, points: Tensor) -> None:
    found = to_scikit_learn(density).score_samples(points.numpy())
    assert_allclose(found, density.log_density(points).detach(), rtol=1e-10, atol=1e-10)


def test_its_responsibilities_and_labels_are_those_of_the_density(density: Density, points: Tensor) -> None:
    estimator = to_scikit_learn(density)
    assert_allclose(estimator.predict_proba(points.numpy()), density.responsibilities(points).detach(), atol=1e-9)
    assert np.array_equal(estimator.predict(points.numpy()), density.assign(points))


def test_there_and_back_has_the_log_densities_of_the_density(density: Density, points: Tensor) -> None:
    again = from_scikit_learn(to_scikit_learn(density))
    assert_allclose(again.log_density(points).detach(), density.log_density(points).detach(), rtol=1e-10, atol=1e-10)


def test_there_and_back_agrees_to_ten_digits_a_million_units_from_the_origin(
    density: Density, points: Tensor, shift: Tensor
) -> None:
    """scikit-learn itself does not: it subtracts after it has multiplied, and loses there what the shift holds."""
    moved = Density.of(density.weights, density.means + shift, density.covariances, type(density.mixture.covariance))
    found = from_scikit_learn(to_scikit_learn(moved)).log_density(points + shift).detach()
    assert_allclose(found, moved.log_density(points + shift).detach(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("family", [Full, Tied])
def test_a_million_units_from_the_origin_scikit_learn_agrees_as_far_as_its_own_arithmetic(
    density: Density, points: Tensor, shift: Tensor
) -> None:
    moved = Density.of(density.weights, density.means + shift, density.covariances, type(density.mixture.covariance))
    estimator, far = to_scikit_learn(moved), points + shift
    factors = torch.from_numpy(estimator.precisions_cholesky_)
    lost = 10 * torch.finfo(torch.float64).eps * far.abs() @ factors.abs()  # of z, (K, N, D)
    whitened = (far - moved.means[:, None]) @ factors
    allowed = (whitened.abs() * lost + lost.square()).sum(-1).amax(0)
    difference = torch.from_numpy(estimator.score_samples(far.numpy())) - moved.log_density(far)
    assert bool((difference.abs() <= 1e-10 + allowed).all())


def test_a_fitted_estimator_becomes_a_density_of_the_family_of_that_name(
    fitted: GaussianMixture, covariance_type: str, data: Data
) -> None:
    density = from_scikit_learn(fitted)
    assert type(density.mixture.covariance) is COVARIANCE_TYPES[covariance_type]
    assert_allclose(density.log_density(torch.from_numpy(data)).detach(), fitted.score_samples(data), atol=1e-10)
    n_parameters = (fitted.bic(data) + 2 * len(data) * fitted.score(data)) / np.log(len(data))
    assert density.n_parameters == pytest.approx(n_parameters, abs=1e-6)


def test_there_and_back_gives_scikit_learns_own_arrays(fitted: GaussianMixture) -> None:
    again = to_scikit_learn(from_scikit_learn(fitted))
    assert again.covariance_type == fitted.covariance_type
    assert again.n_features_in_ == fitted.n_features_in_
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        found, expected = getattr(again, name), getattr(fitted, name)
        assert found.shape == expected.shape
        assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_everything_that_a_fit_leaves_is_there(fitted: GaussianMixture) -> None:
    left = {name for name in vars(fitted) if name.endswith("_")}
    assert left <= set(vars(to_scikit_learn(from_scikit_learn(fitted))))


def test_scikit_learn_can_go_on_from_there(fitted: GaussianMixture, data: Data) -> None:
    estimator = to_scikit_learn(from_scikit_learn(fitted)).set_params(warm_start=True, max_iter=1, reg_covar=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(data)
    assert estimator.score(data) >= fitted.score(data) - 1e-12
    assert estimator.sample(5)[0].shape == (5, 3)


def test_balls_of_one_size_become_balls_of_equal_sizes(points: Tensor) -> None:
    dim = points.shape[1]
    density = Density(Mixture(TiedSpherical(3, dim)), Standardization.identity(dim))
    estimator = to_scikit_learn(density)
    assert estimator.covariance_type == "spherical"
    assert estimator.covariances_.tolist() == [1.0, 1.0, 1.0]
    assert type(from_scikit_learn(estimator).mixture.covariance) is Spherical


def test_a_family_of_ones_own_becomes_full() -> None:
    class Mine(Diag):
        pass

    density = Density.of(torch.ones(1), torch.zeros(1, 2), torch.tensor([[[4.0, 0.0], [0.0, 9.0]]]), Mine)
    estimator = to_scikit_learn(density)
    assert estimator.covariance_type == "full"
    assert_allclose(estimator.covariances_, [[[4, 0], [0, 9]]])


def test_a_model_in_single_precision_becomes_an_estimator_in_double(family: type[Covariance]) -> None:
    estimator = to_scikit_learn(Density(Mixture(family(2, 3)).float(), Standardization.identity(3)))
    assert estimator.means_.dtype == estimator.precisions_cholesky_.dtype == np.float64


def test_an_unfitted_estimator_is_refused() -> None:
    with pytest.raises(InputError, match="this GaussianMixture is not fitted"):
        from_scikit_learn(GaussianMixture())


def test_a_bayesian_mixture_is_refused_with_what_to_do_instead() -> None:
    with pytest.raises(TypeError, match=r"expectations over its parameters.*Density\.of"):
        from_scikit_learn(BayesianGaussianMixture())


def test_another_class_is_refused() -> None:
    with pytest.raises(TypeError, match="found int"):
        from_scikit_learn(3)
