"""A number that several seeds agree on more or less: their mean, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10, sqrt
from statistics import fmean, stdev

from mixfit.tracking.metrics_file import Value

DIGITS = 8
"""A mean is never shown with more significant digits than this, however small its standard error."""


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error sd/√n, sd² = Σ(x - mean)²/(n - 1); None of a single value, which tells nothing.

    Both sums are exact before they are rounded once, so the order of the values does not change a bit.
    """

    mean: float
    standard_error: float | None

    @classmethod
    def of(cls, values: Sequence[Value]) -> Estimate | None:
        """The estimate from one value per run; None if a run has no number, for a mean of fewer would not tell so."""
        numbers = [float(value) for value in values if isinstance(value, int | float) and isfinite(value)]
        if not numbers or len(numbers) < len(values):
            return None
        return cls(fmean(numbers), stdev(numbers) / sqrt(len(numbers)) if len(numbers) > 1 else None)

    def __str__(self) -> str:
        """Digits down to the second one of the standard error: `2.1049 ± 0.0012`; six digits where there is none.

        A standard error below the digits of its mean is `± 0`: nothing that is shown is uncertain.
        """
        decimals = self.decimals
        if self.standard_error is None:
            return f"{self.mean:.6g}"
        if decimals is None:
            return self._unaligned()
        return self.rounded(decimals)

    @property
    def decimals(self) -> int | None:
        """Decimals that the standard error supports; None where it has none to say or more than can be shown."""
        if not self.standard_error:
            return None
        decimals = max(0, 1 - _magnitude(self.standard_error))
        return decimals if decimals <= DIGITS and decimals + _magnitude(self.mean) < DIGITS else None

    def _unaligned(self) -> str:
        """At most six digits of the mean, and the first of the standard error where that is not below them."""
        error = self.standard_error or 0.0
        digits = _magnitude(self.mean) - _magnitude(error) + 1 if error else 6
        is_below = not error or digits > 6
        return f"{self.mean:.{min(6, max(1, digits))}g} ± {0 if is_below else f'{error:.1g}'}"

    def rounded(self, decimals: int) -> str:
        """The mean, and its standard error if it has one, with so many decimals."""
        error = "" if self.standard_error is None else f" ± {self.standard_error:.{decimals}f}"
        return f"{self.mean:.{decimals}f}{error}"


def in_column(estimates: Sequence[Estimate | None]) -> list[str]:
    """The estimates with as many decimals as the one that needs most of them, where all then have room."""
    numbers = [estimate for estimate in estimates if estimate and estimate.mean]
    decimals = max((_needed(estimate) for estimate in numbers), default=0)
    largest = max((_magnitude(estimate.mean) for estimate in numbers), default=0)
    has_room = decimals + largest < DIGITS and all(e.decimals is not None or not e.standard_error for e in numbers)
    return [
        "" if estimate is None else estimate.rounded(decimals) if has_room and estimate.mean else str(estimate)
        for estimate in estimates
    ]


def _needed(estimate: Estimate) -> int:
    """Decimals of the number by itself; more than there is room for where it has an exponent."""
    mean = str(estimate).partition(" ")[0]
    return DIGITS + 1 if "e" in mean else len(mean.partition(".")[2])


def _magnitude(number: float) -> int:
    """The power of ten of the leading digit."""
    return floor(log10(abs(number))) if number else 0
