"""How to make a pass: the one place that looks at the sizes, the components and the device, and decides.

Measured (`python scripts/benchmark.py pass`): features are several times faster than deviations wherever there are
points enough to pay for setting them up, which takes some thirty small operations. They are left where they would lose
digits that a fit needs, and where gradients have to flow through the densities. torch.compile was tried: a chunk of one
or two dimensions becomes faster and one of sixteen does not, but the first call needs a C++ compiler and longer than
most fits.

Points in float32 that would lose digits are multiplied in float64 on a CPU: it costs half as much again, and deviations
six times as much. Graphics processors may be dozens of times slower in float64, so there they are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.passes.centred import Centred
from mixfit.mixtures.passes.chunks import in_order
from mixfit.mixtures.passes.features import Features
from mixfit.mixtures.passes.formulation import Formulation, Sizes, wide
from mixfit.mixtures.passes.split import Split

FEW = 2**14
"""Of fewer numbers (N·K·D) the deviations are all looked at, in float64 even, before the natural parameters would be
made."""

MOST_AMPLIFIED = {torch.float64: 2.0**18, torch.float32: 2.0**13}
"""Times the smallest rounding error, a log-density is then wrong by 6e-11 and 1e-3 nats at worst, and the mean over
points by a hundredth of that."""


MOST_AMPLIFIED_IN_WIDE = 2.0**30
"""Of products in float64 of points in float32: what they lose, 1e-7, is less than the points' own rounding."""

COST_OF_WIDE, COST_OF_DEVIATIONS = 1.5, 6.0
"""Of a component's float64 features beside those in float32, and of its deviations, about."""

IN_CACHE = Sizes(deviations=2**20, features=2**22, tile=384, most_rows=2**16)
"""A core's caches hold a megabyte or a few. Chunks of features are larger than a core's own, for with less to do at a
time two threads wait for each other: Python lets one of them at a time begin an operation."""

IN_MEMORY = Sizes(deviations=2**28, features=2**28, tile=2**12, most_rows=2**20)
"""A graphics processor wants much to do at a time, and has a quarter of a gigabyte for it."""


class Plan(NamedTuple):
    """How a pass is made.

    Attributes:
        formulation: the mixture made ready.
        spread: maps a function over panels, in their order.
    """

    formulation: Formulation
    spread: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


def plan(family: Covariance, components: Components, n_points: int) -> Plan:
    """The fastest pass over so many points that is exact enough for these components."""
    sizes, spread = (IN_CACHE, in_order) if components.means.device.type == "cpu" else (IN_MEMORY, map)
    return Plan(_formulation(family, components, n_points, sizes), spread)


def _formulation(family: Covariance, components: Components, n_points: int, sizes: Sizes) -> Formulation:
    if n_points * components.means.numel() < FEW:
        return Centred(family, components, sizes, wide(components.means.device))
    if torch.is_grad_enabled():
        return Centred(family, components, sizes)
    features, dtype, exact = _cheapest(_choices(family, components, sizes))
    if bool(exact.all()):
        return features if features.dtype == dtype else Features(family, components, sizes, features.factor, dtype)
    if features.shared or not bool(exact.any()):
        return Centred(family, components, sizes)
    return Split(family, components, exact, sizes, features.factor, dtype)


class _Choice(NamedTuple):
    """Features that could be in another dtype, and for which components they are exact enough there, (K,)."""

    features: Features
    dtype: torch.dtype
    exact: Tensor

    @property
    def cost(self) -> float:
        """Of a pass, in that of a component's features in the points' own dtype."""
        n_components = len(self.exact)
        n_exact = int(self.exact.sum())
        if self.features.shared and n_exact < n_components:
            n_exact = 0
        of_one = 1.0 if self.dtype == self.features.dtype else COST_OF_WIDE
        return n_exact * of_one + (n_components - n_exact) * COST_OF_DEVIATIONS


def _cheapest(choices: Iterable[_Choice]) -> _Choice:
    """The one of lowest cost; after one without deviations only dearer ones come, and are not made."""
    seen = []
    for choice in choices:
        seen.append(choice)
        if bool(choice.exact.all()):
            break
    return min(seen, key=attrgetter("cost"))


def _choices(family: Covariance, components: Components, sizes: Sizes) -> Iterator[_Choice]:
    """Features as the points are, whitened, and both in float64 where processors are good at it."""
    own, device = components.means.dtype, components.means.device
    made = []
    for features in _own_features(family, components, sizes):
        made.append(features)
        yield _Choice(features, own, features.amplification <= MOST_AMPLIFIED[own])  # NaN is not
    if own == torch.float32 and device.type == "cpu":
        for features in made:
            yield _Choice(features, torch.float64, features.amplification <= MOST_AMPLIFIED_IN_WIDE)


def _own_features(family: Covariance, components: Components, sizes: Sizes) -> Iterator[Features]:
    yield Features(family, components, sizes)
    factor = average_factor(family, components) if family.triangular else None
    if factor is not None:
        yield Features(family, components, sizes, factor)


def average_factor(family: Covariance, components: Components) -> Tensor | None:
    """The Cholesky factor (D, D) of Σ_k π_k Σ_k, in which long, thin components of like directions become rounder.

    None if it has none, for numbers that are no numbers or too close to singular.
    """
    log_weights, _, scale = (tensor.to(wide(tensor.device)) for tensor in components)
    average = torch.tensordot(torch.softmax(log_weights, 0), family.dense(scale), 1)
    factor, first_failed_minor = torch.linalg.cholesky_ex(average)
    return factor if not bool(first_failed_minor) and bool(factor.isfinite().all()) else None
