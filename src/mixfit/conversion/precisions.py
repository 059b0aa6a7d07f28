"""Covariances and precisions in the arrays that scikit-learn keeps, and a scale back from such an array.

scikit-learn's shapes are those of our scales: full (K, D, D), tied (D, D), diag (K, D), spherical (K,); and () for
tied_spherical, which scikit-learn lacks. So one statement serves every family with triangular factors, and another
every family with standard deviations.

All begin with the factor L in the data's units and none forms an inverse of a covariance: the precision Σ⁻¹ is U Uᵀ
with the upper triangular U = L⁻ᵀ, which scikit-learn calls `precisions_cholesky_`. A triangular inverse is accurate
entry by entry even where axes differ in their units by many powers of ten.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.parameters import components_in_data_units

ASYMMETRY = 1e-5
"""How far two entries of a precision matrix may differ, relative to √(P_ii P_jj): float32 leaves 1e-7."""


def covariances_of(density: Density) -> NDArray[np.float64]:
    """Σ in the family's shape, in the data's units squared.

    Raises `ValueError` where float64 cannot hold them.
    """
    _ = density.covariances  # raises it
    scale = components_in_data_units(density).scale
    return (scale @ scale.mT if density.mixture.covariance.triangular else scale.square()).numpy()


def precisions_cholesky_of(density: Density) -> NDArray[np.float64]:
    """U with Σ⁻¹ = U Uᵀ, upper triangular, or 1/σ, in the family's shape, per unit of the data."""
    return precision_factor(density.mixture.covariance, components_in_data_units(density).scale).numpy()


def precisions_of(density: Density) -> NDArray[np.float64]:
    """Σ⁻¹ in the family's shape, per unit of the data squared.

    Raises `ValueError` where float64 cannot hold the covariances.
    """
    _ = density.covariances
    factor = precision_factor(density.mixture.covariance, components_in_data_units(density).scale)
    return (factor @ factor.mT if density.mixture.covariance.triangular else factor.square()).numpy()


def precision_factor(covariance: Covariance, scale: Tensor) -> Tensor:
    """U = L⁻ᵀ, or 1/σ, from a scale."""
    return _inverse_transposed(scale, upper=False) if covariance.triangular else scale.reciprocal()


def scale_of_precision_factor(covariance: Covariance, factor: Tensor) -> Tensor:
    """The scale L = U⁻ᵀ, or σ, from `precisions_cholesky_`."""
    return _inverse_transposed(factor, upper=True) if covariance.triangular else factor.reciprocal()


def scale_of_precisions(covariance: Covariance, precisions: ArrayLike) -> Tensor:
    """The scale, float64, in the data's units, of the covariances with the given precisions.

    A precision P is factorised from its last row upwards, P = U Uᵀ, and L = U⁻ᵀ: P itself is never inverted.

    Args:
        covariance: the family, which knows K and D and so the shape.
        precisions: in scikit-learn's shape for the family, as `precisions_init`.

    Raises:
        InputError: another shape; entries that are not finite or, without matrices, not positive; a matrix that is
            not symmetric or not positive definite.
    """
    given = torch.from_numpy(_array(precisions))
    shape = tuple(covariance.identity().shape)
    if tuple(given.shape) != shape:
        raise InputError(
            f"precisions_init has the shape {tuple(given.shape)}, but {type(covariance).__name__} with "
            f"{covariance.n_components} components in {covariance.dim} dimensions needs {shape}"
        )
    if not given.isfinite().all():
        raise InputError("precisions_init has entries that are NaN or infinite; give finite numbers")
    factor = _upper_factor(given) if covariance.triangular else _root(given)
    return scale_of_precision_factor(covariance, factor)


def _array(precisions: ArrayLike) -> NDArray[np.float64]:
    found = np.asarray(precisions)
    if found.dtype.kind not in "buif":
        raise InputError(f"precisions_init holds {found.dtype}, not real numbers")
    array: NDArray[Any] = np.array(found, dtype=np.float64)
    return array


def _root(precisions: Tensor) -> Tensor:
    """1/σ."""
    if not (precisions > 0).all():
        raise InputError(
            f"precisions_init has the entry {float(precisions.min()):g}, but a precision is one over a variance "
            "and must be positive"
        )
    return precisions.sqrt()


def _upper_factor(precisions: Tensor) -> Tensor:
    """U, upper triangular with P = U Uᵀ: the Cholesky factor of P with its rows and columns in reverse."""
    diagonal = precisions.diagonal(dim1=-2, dim2=-1)
    size = diagonal.clamp_min(0).sqrt()
    excess = (precisions - precisions.mT).abs() > ASYMMETRY * size[..., :, None] * size[..., None, :]
    if excess.any():
        raise InputError("precisions_init has a matrix that is not symmetric; give (P + Pᵀ)/2")
    factor, failed = torch.linalg.cholesky_ex((0.5 * (precisions + precisions.mT)).flip(-2, -1))
    if failed.any():
        smallest = float(torch.linalg.eigvalsh(precisions).min())
        raise InputError(
            f"precisions_init has a matrix that is not positive definite (smallest eigenvalue {smallest:g}), "
            "but it is the inverse of a covariance and must be"
        )
    return factor.flip(-2, -1)


def _inverse_transposed(factor: Tensor, upper: bool) -> Tensor:
    identity = torch.eye(factor.shape[-1], dtype=factor.dtype)
    return torch.linalg.solve_triangular(factor, identity, upper=upper).mT
