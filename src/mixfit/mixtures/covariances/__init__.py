"""Covariance families: one family, one file. `covariance.py` says what a family must say."""

from mixfit.mixtures.covariances.covariance import Covariance
from mixfit.mixtures.covariances.diag import Diag
from mixfit.mixtures.covariances.full import Full
from mixfit.mixtures.covariances.spherical import Spherical
from mixfit.mixtures.covariances.tied import Tied
from mixfit.mixtures.covariances.tied_spherical import TiedSpherical

__all__ = ["Covariance", "Diag", "Full", "Spherical", "Tied", "TiedSpherical"]
