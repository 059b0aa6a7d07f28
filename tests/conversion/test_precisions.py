"""Covariances and precisions in scikit-learn's shapes, against its own functions and dense matrices."""

from math import inf, nan

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.testing import assert_close

from mixfit.conversion.precisions import covariances_of, precisions_cholesky_of, precisions_of, scale_of_precisions
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.parameters import components_in_data_units


def test_the_arrays_have_the_shape_of_the_family(density: Density) -> None:
    covariance = density.mixture.covariance
    n_components, dim = covariance.n_components, covariance.dim
    shapes = {
        Full: (n_components, dim, dim),
        Tied: (dim, dim),
        Diag: (n_components, dim),
        Spherical: (n_components,),
        TiedSpherical: (),
    }
    for function in (covariances_of, precisions_cholesky_of, precisions_of):
        array = function(density)
        assert array.dtype == np.float64
        assert array.shape == shapes[type(covariance)]


def test_the_covariances_are_the_dense_ones(density: Density) -> None:
    covariance = density.mixture.covariance
    scale = covariance.scale_of(density.covariances)
    expected = scale @ scale.mT if covariance.triangular else scale.square()
    assert_allclose(covariances_of(density), expected, rtol=1e-12)


def test_the_factors_are_those_that_numpy_computes(density: Density) -> None:
    covariances = covariances_of(density)
    if density.mixture.covariance.triangular:
        expected = np.triu(np.linalg.inv(np.linalg.cholesky(covariances)).swapaxes(-1, -2))
    else:
        expected = 1 / np.sqrt(covariances)
    assert_allclose(precisions_cholesky_of(density), expected, rtol=1e-9)


def test_the_precisions_undo_the_covariances(density: Density) -> None:
    product = covariances_of(density), precisions_of(density)
    if not density.mixture.covariance.triangular:
        assert_allclose(product[0] * product[1], 1, rtol=1e-12)
    else:
        size = np.sqrt(np.diagonal(product[0], axis1=-2, axis2=-1))
        unit = product[0] / size[..., None] / size[..., None, :] @ (product[1] * size[..., None] * size[..., None, :])
        assert_allclose(unit, np.broadcast_to(np.eye(unit.shape[-1]), unit.shape), atol=1e-10)


def test_the_scale_of_a_densitys_precisions_is_its_own_in_the_datas_units(density: Density) -> None:
    found = scale_of_precisions(density.mixture.covariance, precisions_of(density))
    expected = components_in_data_units(density).scale
    assert found.dtype == torch.float64
    assert_close(found, expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precisions_may_come_as_lists_or_in_single_precision(density: Density, dtype: type[np.floating]) -> None:
    precisions = precisions_of(density).astype(dtype)
    from_list = scale_of_precisions(density.mixture.covariance, precisions.tolist())
    assert torch.equal(scale_of_precisions(density.mixture.covariance, precisions), from_list)


def test_another_shape_is_refused_with_the_one_that_is_needed(family: type[Covariance]) -> None:
    covariance = family(3, 2)
    with pytest.raises(InputError, match=r"has the shape \(4, 2, 7\), but .* with 3 components in 2 dimensions needs"):
        scale_of_precisions(covariance, np.ones((4, 2, 7)))


@pytest.mark.parametrize("entry", [nan, inf])
def test_entries_that_are_not_finite_are_refused(family: type[Covariance], entry: float) -> None:
    covariance = family(3, 2)
    with pytest.raises(InputError, match="NaN or infinite"):
        scale_of_precisions(covariance, np.full(covariance.identity().shape, entry))


@pytest.mark.parametrize("found", ["text", 1j])
def test_what_holds_no_real_numbers_is_refused(family: type[Covariance], found: object) -> None:
    covariance = family(3, 2)
    with pytest.raises(InputError, match="not real numbers"):
        scale_of_precisions(covariance, np.full(covariance.identity().shape, found))


@pytest.mark.parametrize("entry", [0.0, -2.0])
def test_precisions_that_are_not_positive_are_refused(family: type[Covariance], entry: float) -> None:
    covariance = family(3, 2)
    with pytest.raises(InputError, match=r"must be positive|not positive definite"):
        scale_of_precisions(covariance, entry * covariance.identity().numpy())


@pytest.mark.parametrize("family_with_matrices", [Full, Tied])
def test_a_matrix_that_is_no_precision_is_refused(family_with_matrices: type[Covariance]) -> None:
    covariance = family_with_matrices(1, 2)
    for matrix, message in (
        ([[1.0, 0.5], [0.4, 1.0]], "not symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], r"not positive definite \(smallest eigenvalue -1\)"),
    ):
        with pytest.raises(InputError, match=message):
            scale_of_precisions(covariance, np.broadcast_to(matrix, covariance.identity().shape))
