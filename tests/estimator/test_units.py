"""A fit does not depend on the units and the origin of its data: densities differ by the volume of a unit alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from mixfit import GaussianMixture

Array = NDArray[np.float64]


@pytest.mark.parametrize(("unit", "origin"), [(1e6, 0.0), (1e-4, 0.0), (1e6, -1e6), (1e-4, 1.0), (1.0, 1e6)])
def test_every_family_is_fitted_alike_in_all_units(
    covariance_type: str, unit: float, origin: float, points: Array
) -> None:
    moved = unit * points + origin
    mixture, other = (
        GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(x) for x in (points, moved)
    )
    dim = points.shape[1]
    assert_allclose(other.score_samples(moved) + dim * np.log(unit), mixture.score_samples(points), rtol=0, atol=1e-8)
    assert (other.predict(moved) == mixture.predict(points)).all()
    assert other.n_iter_ == mixture.n_iter_
    assert_allclose(other.means_, unit * mixture.means_ + origin, rtol=1e-9)
    assert_allclose(other.covariances_, unit**2 * mixture.covariances_, rtol=1e-7, atol=1e-9 * unit**2)


@pytest.mark.parametrize("unit", [1e6, 1e-4])
def test_every_optimizer_fits_alike_in_all_units(optimizer: str, unit: float, points: Array) -> None:
    mixture, other = (GaussianMixture(3, optimizer=optimizer, random_state=0).fit(x) for x in (points, unit * points))
    difference = other.score_samples(unit * points) + points.shape[1] * np.log(unit) - mixture.score_samples(points)
    assert np.abs(difference).max() < 1e-6
    assert_allclose(other.bic(unit * points), mixture.bic(points) + 2 * points.size * np.log(unit), rtol=1e-8)
