"""How far a mean over points can be trusted."""

from __future__ import annotations

from math import sqrt

from torch import Tensor


def standard_error(values: Tensor) -> float | None:
    """That of the mean of independent values (N,): s/√N, s² = Σ(x - mean)²/(N - 1); None for fewer than two."""
    return float(values.double().std()) / sqrt(len(values)) if len(values) > 1 else None


class Spread:
    """The same of values that pass by, block by block (Chan, Golub & LeVeque 1983)."""

    def __init__(self) -> None:
        self._n, self._mean, self._squares = 0, 0.0, 0.0

    def add(self, values: Tensor) -> None:
        """The next values, (n,)."""
        if not (n := len(values)):
            return
        wide = values.double()
        mean, total = float(wide.mean()), self._n + n
        apart = mean - self._mean
        squares = float(wide.std()) ** 2 * (n - 1) if n > 1 else 0.0
        self._squares += squares + apart**2 * self._n * n / total
        self._n, self._mean = total, self._mean + apart * n / total

    @property
    def standard_error(self) -> float | None:
        """None for fewer than two values."""
        return sqrt(self._squares / (self._n - 1)) / sqrt(self._n) if self._n > 1 else None
