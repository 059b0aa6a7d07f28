"""A density as scikit-learn's fitted `GaussianMixture`, and back.

What scikit-learn scores with is `precisions_cholesky_`, so that is what both directions are exact in. Its covariance
types are our families of the same name. It has no tied spherical one; that becomes `spherical` with K equal variances,
which is as small and stays made of balls if it is fitted further, while `tied` would tilt. A family of your own becomes
`full`.

A density has not seen the data that it may be used on, so the estimator says that it converged after no iterations
with a lower bound of NaN, which is what scikit-learn's own warm start takes without complaint.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import torch

from mixfit.conversion.precisions import (
    covariances_of,
    precisions_cholesky_of,
    precisions_of,
    scale_of_precision_factor,
)
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Components
from mixfit.mixtures.operations.parameters import density_of, standardized_components

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

COVARIANCE_TYPES: dict[str, type[Covariance]] = {"full": Full, "tied": Tied, "diag": Diag, "spherical": Spherical}
"""scikit-learn's covariance types as our families."""


def to_scikit_learn(density: Density) -> GaussianMixture:
    """The fitted `sklearn.mixture.GaussianMixture` with the same density, in the data's units.

    `lower_bound_` is NaN and `n_iter_` 0: both belong to a fit that scikit-learn did not make.
    """
    from sklearn.mixture import GaussianMixture

    density = _in_a_family_of_scikit_learn(density)
    n_components, dim = density.means.shape
    estimator = GaussianMixture(n_components, covariance_type=_covariance_type(density))
    estimator.weights_ = density.weights.numpy()
    estimator.means_ = density.means.numpy()
    estimator.covariances_ = covariances_of(density)
    estimator.precisions_cholesky_ = precisions_cholesky_of(density)
    estimator.precisions_ = precisions_of(density)
    estimator.converged_, estimator.n_iter_ = True, 0
    estimator.lower_bound_, estimator.lower_bounds_ = nan, []
    estimator.n_features_in_ = dim
    return estimator


def from_scikit_learn(estimator: GaussianMixture) -> Density:
    """The density of a fitted `sklearn.mixture.GaussianMixture`, whose family has the name of its covariance type.

    Raises:
        TypeError: another class. That includes `BayesianGaussianMixture`, whose scores are expectations over the
            parameters and not the log of a mixture's density.
        InputError: the estimator is not fitted.
    """
    _refuse_other_classes(estimator)
    if not hasattr(estimator, "precisions_cholesky_"):
        raise InputError(f"this {type(estimator).__name__} is not fitted; call its fit before converting it")
    means = torch.tensor(estimator.means_, dtype=torch.float64)
    covariance = COVARIANCE_TYPES[estimator.covariance_type](*means.shape)
    factor = torch.tensor(estimator.precisions_cholesky_, dtype=torch.float64)
    log_weights = torch.tensor(estimator.weights_, dtype=torch.float64).log()
    return density_of(covariance, Components(log_weights, means, scale_of_precision_factor(covariance, factor)))


def _refuse_other_classes(estimator: object) -> None:
    from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

    if isinstance(estimator, BayesianGaussianMixture):
        raise TypeError(
            "a BayesianGaussianMixture scores with expectations over its parameters, not with a mixture's density; "
            "Density.of(weights_, means_, covariances_) makes the mixture of its mean parameters"
        )
    if not isinstance(estimator, GaussianMixture):
        raise TypeError(f"expected a sklearn.mixture.GaussianMixture, found {type(estimator).__name__}")


def _covariance_type(density: Density) -> str:
    """scikit-learn's name of the density's family, which must have one."""
    return next(name for name, family in COVARIANCE_TYPES.items() if family is type(density.mixture.covariance))


def _in_a_family_of_scikit_learn(density: Density) -> Density:
    """The same density; of the smallest family that scikit-learn has and that holds it, if it has not its own."""
    covariance = density.mixture.covariance
    if type(covariance) in COVARIANCE_TYPES.values():
        return density
    wider = (Spherical if isinstance(covariance, TiedSpherical) else Full)(covariance.n_components, covariance.dim)
    log_weights, means, scale = standardized_components(density)
    components = Components(log_weights, means, wider.scale_of(covariance.dense(scale)))
    return density_of(wider, components, density.standardization)
