"""One step of a fit with a part of a stream: the fitter that every fit has, without the loop around it.

The step is taken on copies, so that a part that cannot be used leaves the mixture as it was.
"""

from __future__ import annotations

import warnings
from copy import deepcopy
from math import isfinite
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mixfit.data.dataset import Part
from mixfit.errors import FitWarning, InputError
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Components
from mixfit.mixtures.statistics import Statistics
from mixfit.module import MixtureModule

FAR = 1e4
"""Standard deviations of the first part: no drift, but a wrong unit, a code or an error."""


class Step(NamedTuple):
    """What a part of a stream has led to: the density, the part's log-densities under it, and the optimizer's memory.

    `log_likelihood` is the mean of the part's points before the step, in nats and the data's units.
    """

    density: Density
    optimizer_state: dict[str, Any]
    log_densities: Tensor
    log_likelihood: float


def followed(
    module: MixtureModule,
    part: Part,
    density: Density | None,
    optimizer_state: dict[str, Any] | None,
    *,
    share: float,
    dtype: torch.dtype,
    device: torch.device,
) -> Step:
    """Takes one step from the density, or from a start on this very part if there is none yet."""
    if density is None:
        module.begin(part, dtype)
    else:
        module.begin_at(density)
    density = module.density.to(device)
    optimizer = module.configure_optimizers()
    if optimizer_state is not None:  # a copy of its tensors, which will be stepped on; the options are today's
        memory = {**deepcopy(optimizer_state), "param_groups": optimizer.state_dict()["param_groups"]}
        optimizer.load_state_dict(memory)
    points = density.standardized(part.points)
    weights = None if part.weights is None else part.weights.to(points)

    def look(components: Components | None) -> Statistics:
        return density.mixture.statistics(points, module.fitter.assign, components, weights)

    statistics = module.fitter.follow(optimizer, look, share)
    log_densities = density.log_density(part.points)
    log_likelihood = -float(statistics.nll) - density.standardization.log_volume
    if not isfinite(log_likelihood) or not bool(log_densities.isfinite().all()):
        raise InputError(
            "this part of the stream leads to a likelihood that is not finite; raise model.floor, lower optimizer.lr, "
            "or leave out points that are far from all others"
        )
    _warn_of_far(points)
    return Step(density, optimizer.state_dict(), log_densities, log_likelihood)


def _warn_of_far(points: Tensor) -> None:
    """Warns if a point (of N, D, in standard deviations of the first part) has no business in this stream."""
    distance = float(points.abs().max())
    if distance > FAR:
        row = int(points.abs().amax(1).argmax())
        warnings.warn(
            f"row {row} (counted from 0) of this part lies {distance:.2g} standard deviations from where the stream "
            "began, and has pulled a component there, which may take very many points to come back; leave it out",
            FitWarning,
            stacklevel=5,
        )
