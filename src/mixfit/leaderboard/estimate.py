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
        """Digits down to the second one of the standard error: `2.1049 ± 0.0012`; six digits where there is none."""
        if self.standard_error is None:
            return f"{self.mean:.6g}"
        decimals = max(0, 1 - _magnitude(self.standard_error))
        if not self.standard_error or decimals + _magnitude(self.mean) >= DIGITS:
            return f"{self.mean:.6g} ± {self.standard_error:.1g}"
        return f"{self.mean:.{decimals}f} ± {self.standard_error:.{decimals}f}"


def _magnitude(number: float) -> int:
    """The power of ten of the leading digit."""
    return floor(log10(abs(number))) if number else 0
