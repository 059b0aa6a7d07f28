"""The numbers of a model: which tensors there are, what shape and type each has, and which values it may have.

They are the mixture's own, in standardized coordinates and the fit's precision, and the way from the data's units to
there: exactly what scores, so a loaded model scores to the last bit. Everything is checked before a mixture is made of
it, because a file may come from anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.rarity import Rarity
from mixfit.mixtures.standardization import Standardization
from mixfit.portable.model import Model, sums_to_one

DTYPES = {"float64": torch.float64, "float32": torch.float32}
"""Names of the types that a mixture may have."""

NAMES = ("log_weights", "means", "scale", "shift", "unit", "rarity_levels", "rarity_log_densities", "history")


class Form(NamedTuple):
    """What the tensors of a mixture must look like."""

    family: type[Covariance]
    n_components: int
    n_features: int
    dtype: torch.dtype


def tensors_of(model: Model) -> dict[str, Tensor]:
    """The tensors of a model, by name, on the CPU."""
    mixture, standardization = model.density.mixture, model.density.standardization
    tensors = {
        "log_weights": mixture.logit_origin,
        "means": mixture.mean_origin,
        "scale": mixture.scale_origin,
        "shift": standardization.shift,
        "unit": standardization.scale,
        "rarity_levels": model.rarity.levels,
        "rarity_log_densities": model.rarity.log_densities,
        "history": model.history.to("cpu", torch.float64).reshape(-1, 2),
    }
    return {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }


def form_of(model: Model) -> Form:
    """What the tensors of this model look like."""
    mixture = model.density.mixture
    covariance = mixture.covariance
    return Form(type(covariance), covariance.n_components, covariance.dim, mixture.mean_origin.dtype)


def density_of(tensors: Mapping[str, Tensor], form: Form, floor: float) -> Density:
    """The density that these tensors describe."""
    mixture = Mixture(form.family(form.n_components, form.n_features), floor).to(form.dtype)
    mixture.set_(tensors["log_weights"], tensors["means"], tensors["scale"])
    return Density(mixture, Standardization(tensors["shift"], tensors["unit"]))


def rarity_of(tensors: Mapping[str, Tensor]) -> Rarity:
    """The rarity that these tensors describe."""
    return Rarity(tensors["rarity_levels"], tensors["rarity_log_densities"])


def check_tensors(tensors: Mapping[str, Tensor], form: Form) -> None:
    """Raises `InputError`, which names the tensor, unless these can be the tensors of such a model."""
    if missing := [name for name in NAMES if name not in tensors]:
        raise InputError(f"has no tensor {missing[0]}")
    if extra := sorted(tensors.keys() - set(NAMES)):
        raise InputError(f"has a tensor {extra[0]!r}, which no model has")
    _check_forms(tensors, form)
    _check_values(tensors, form)


def _check_forms(tensors: Mapping[str, Tensor], form: Form) -> None:
    n_components, n_features, wide = form.n_components, form.n_features, torch.float64
    _check_form(tensors, "log_weights", (n_components,), form.dtype)
    _check_form(tensors, "means", (n_components, n_features), form.dtype)
    _check_form(tensors, "scale", _shape_of_scale(form), form.dtype)
    _check_form(tensors, "shift", (n_features,), wide)
    _check_form(tensors, "unit", (n_features,), wide)
    n_levels = max(2, tensors["rarity_levels"].numel())
    _check_form(tensors, "rarity_levels", (n_levels,), wide)
    _check_form(tensors, "rarity_log_densities", (n_levels,), wide)
    _check_form(tensors, "history", (tensors["history"].numel() // 2, 2), wide)


def _check_form(tensors: Mapping[str, Tensor], name: str, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    found = tensors[name]
    if tuple(found.shape) != shape or found.dtype != dtype:
        raise InputError(
            f"has {name} of the shape {tuple(found.shape)} and type {name_of(found.dtype)}, where this model has "
            f"{shape} and {name_of(dtype)}"
        )


def _shape_of_scale(form: Form) -> tuple[int, ...]:
    """Read off two components in three dimensions: a file may claim so many that their scale would fill the memory."""
    length = {2: form.n_components, 3: form.n_features}
    return tuple(length[axis] for axis in form.family(2, 3).identity().shape)


def _check_values(tensors: Mapping[str, Tensor], form: Form) -> None:
    finite = {name: tensor if name != "history" else tensor[:, 0] for name, tensor in tensors.items()}
    for name, tensor in finite.items():  # the likelihood of a fit that got lost may be anything on its way
        if not tensor.isfinite().all():
            raise InputError(f"has values in {name} that are not finite")
    for name, tensor in {"scale": _sizes(tensors["scale"], form), "unit": tensors["unit"]}.items():
        if not (tensor > 0).all():
            raise InputError(f"has values in {name} that are not positive, so its densities do not exist")
    if not sums_to_one(tensors["log_weights"]):
        total = float(tensors["log_weights"].exp().sum())
        raise InputError(f"has log_weights whose weights add up to {total:.6g} and not to 1")
    levels = tensors["rarity_levels"]
    if levels[0] != 0 or levels[-1] != 1 or not _is_ascending(levels):
        raise InputError("has rarity_levels that do not ascend from 0 to 1")
    if not _is_ascending(tensors["rarity_log_densities"]):
        raise InputError("has rarity_log_densities that do not ascend")


def _sizes(scale: Tensor, form: Form) -> Tensor:
    """What of the scale must be positive: standard deviations, or the diagonals of triangular factors."""
    if not form.family.triangular:
        return scale
    if scale.triu(1).any():
        raise InputError("has a scale that is not lower triangular")
    return scale.diagonal(dim1=-2, dim2=-1)


def _is_ascending(values: Tensor) -> bool:
    return bool((values.diff() >= 0).all())


def name_of(dtype: torch.dtype) -> str:
    """`float64`, as NumPy would say."""
    return str(dtype).removeprefix("torch.")
