"""Densities in the classes of other libraries and back, equal in their log-densities: one library, one file."""

from mixfit.conversion.scikit_learn import from_scikit_learn, to_scikit_learn
from mixfit.conversion.torch_distributions import from_torch, to_torch

__all__ = ["from_scikit_learn", "from_torch", "to_scikit_learn", "to_torch"]
