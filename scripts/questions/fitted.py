"""What a run's checkpoints hold: the density at the end of the fit, and the way there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from hydra.utils import get_object

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.standardization import Standardization
from mixfit.runs import Run

Curve = list[list[float]]
"""Pairs of passes and nats per point."""


def density_of(run: Run) -> Density:
    """The density where the fit ended, in float64."""
    state = _last(run)["state_dict"]
    n_components, dim = state["density.mixture.mean_origin"].shape
    family = _family(run)(n_components, dim)
    density = Density(Mixture(family).double(), Standardization.identity(dim))
    density.load_state_dict({name.removeprefix("density."): value for name, value in state.items()})
    return density


def mixture_of(run: Run) -> dict[str, list[Any]]:
    """Weights, means and covariances in plain numbers, the components in the order of their means."""
    density = density_of(run)
    order = density.means[:, 0].argsort()
    names = ("weights", "means", "covariances")
    return {name: getattr(density, name)[order].tolist() for name in names}


def curve_of(run: Run) -> Curve:
    """The NLL of the training points over the whole fit."""
    return [[float(passes), float(nll)] for passes, nll in _last(run)["fit"]["history"]["nll/train"]]


def thinned(curve: Sequence[list[float]], n_points: int = 80) -> Curve:
    """At most so many points of a curve, as evenly as can be on a logarithmic axis of passes; the ends stay."""
    last = len(curve) - 1
    places = {round(last ** (place / (n_points - 1))) for place in range(n_points)} if last > 0 else set()
    return [curve[place] for place in sorted({0, last, *places}) if place <= last]


def _last(run: Run) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(run.folder / "checkpoints" / "last.ckpt", weights_only=True)
    return checkpoint


def _family(run: Run) -> type[Covariance]:
    """The optimizer's own family where it insists on one, as k-means does."""
    own = getattr(get_object(run.config["optimizer._target_"]), "family", None)
    family: type[Covariance] = own or get_object(run.config["covariance._target_"])
    return family
