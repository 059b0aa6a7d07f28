"""A nasty data set by name, and what an honest program makes of it.

An expectation never comes from the program under test. It is a range for the negative log-likelihood, found by a closed
form, by the true density or by other software on tame numbers (`references`), or words that a refusal has to hold. A
data set that can be fitted and can as well be refused says so and says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

FAMILIES = ("spherical", "diag", "tied", "full")
"""Those that scikit-learn has too."""


class Bounds(NamedTuple):
    """What is possible for the NLL of the fitted points, in nats per point and the data's units.

    Attributes:
        low: nothing better than this is a fit.
        high: nothing worse is.
        at_floor: whether the data force a variance onto the floor; None where they may or may not.
    """

    low: float
    high: float
    at_floor: bool | None


@dataclass(frozen=True)
class Asked:
    """A question to a reference.

    Attributes:
        points: (N, D).
        weights: (N,), how often each point counts.
        n_components: K.
        family: of covariances.
        unit: (D,), the length on each axis in which a program measures its smallest standard deviation; a ball is one
            in these units.
        adds_floor: whether it adds the smallest variance to every other, or bounds them by it.
    """

    points: Array
    weights: Array
    n_components: int
    family: str
    unit: Array
    adds_floor: bool


Reference = Callable[[Asked], Bounds]


@dataclass(frozen=True)
class Fits:
    """The data can be fitted.

    Attributes:
        reference: how well.
        groups: (N,), the true groups of the points where they cannot be mistaken.
    """

    reference: Reference
    groups: Labels | None = None


@dataclass(frozen=True)
class Refused:
    """The data cannot be fitted, and the message says so.

    Attributes:
        problem: a pattern that finds what is wrong with the data.
        remedy: a pattern that finds what to do about it.
    """

    problem: str
    remedy: str


COLLAPSE = Refused(r"component|point", r"lower|raise|choose|give|reduce|fewer|more|leave")
"""Too little data for so many components: what is said of it."""


@dataclass(frozen=True)
class FitsOrRefused:
    """Either is honest.

    Attributes:
        fits: what a fit has to keep to.
        because: why a refusal is as good.
        refused: what it says.
    """

    fits: Fits
    because: str
    refused: Refused = COLLAPSE


@dataclass(frozen=True)
class Case:
    """A nasty data set.

    Attributes:
        name: short and unique.
        why: what is nasty about it, in a sentence.
        make: the points as their owner has them, of any type.
        n_components: K.
        expected: what an honest program does.
        families: covariances that it is fitted with; the last one is the hardest.
        weights: (N,), how often each point counts; None for once.
    """

    name: str
    why: str
    make: Callable[[], Any]
    n_components: int
    expected: Fits | Refused | FitsOrRefused
    families: tuple[str, ...] = FAMILIES
    weights: Array | None = None

    @property
    def hardest(self) -> str:
        """The family that has most to lose."""
        return self.families[-1]

    @cached_property
    def points(self) -> Array:
        """The same points in float64, for whoever has to reason about them."""
        return np.asarray(self.make(), dtype=np.float64)

    @property
    def counts(self) -> Array:
        """How often each point counts, (N,)."""
        return np.ones(len(self.points)) if self.weights is None else self.weights

    def asked(self, family: str, unit: Array, adds_floor: bool) -> Asked:
        """The question that this case puts to its reference."""
        return Asked(self.points, self.counts, self.n_components, family, unit, adds_floor)
