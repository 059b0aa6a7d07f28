"""A mean over random draws, with its standard error; and draws until that is small enough.

The number of draws that a tolerance needs is known after the first of them: n · (standard error / tolerance)². So an
accuracy that is out of reach is refused at once and not after minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf, sqrt
from typing import NamedTuple

from torch import Tensor

ROWS = 10_000
"""Draws that are looked at together, so that memory does not grow with their number."""

Draw = Callable[[int], Tensor]
"""Makes (n,) independent draws."""


class Estimate(NamedTuple):
    """A value in nats and its standard error; a standard error of 0 says that the value is exact."""

    value: float
    standard_error: float


class _Moments(NamedTuple):
    """Count, mean and sum of squares about the mean: they add up without cancellation (Chan, Golub & LeVeque 1979)."""

    n_draws: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def with_draws(self, draws: Tensor) -> _Moments:
        added, mean = len(draws), float(draws.mean())
        count, shift = self.n_draws + added, mean - self.mean
        squares = float((draws - mean).square().sum())
        return _Moments(
            count,
            self.mean + shift * added / count,
            self.squares + squares + shift**2 * self.n_draws * added / count,
        )

    @property
    def standard_error(self) -> float:
        return sqrt(self.squares / (self.n_draws - 1) / self.n_draws) if self.n_draws > 1 else inf


def expectation(draw: Draw, n_samples: int, tolerance: float | None, max_samples: int) -> Estimate:
    """The mean of the draws: of `n_samples`, and of as many more as the tolerance needs.

    Raises:
        ValueError: fewer than two samples, a tolerance that is not positive, or one that needs more than `max_samples`.
    """
    if n_samples < 2:
        raise ValueError(f"n_samples is {n_samples}, but a standard error needs at least 2")
    if tolerance is not None and not tolerance > 0:
        raise ValueError(f"tolerance is {tolerance}, but a standard error is never smaller than 0; give a positive one")
    moments = _with_more(_Moments(), draw, n_samples)
    while tolerance is not None and moments.standard_error > tolerance:
        needed = ceil(moments.n_draws * (moments.standard_error / tolerance) ** 2) + 1
        if needed > max_samples:
            raise ValueError(_out_of_reach(moments, tolerance, needed, max_samples))
        moments = _with_more(moments, draw, max(needed - moments.n_draws, ROWS))
    return Estimate(moments.mean, moments.standard_error)


def _with_more(moments: _Moments, draw: Draw, n_samples: int) -> _Moments:
    for begin in range(0, n_samples, ROWS):
        moments = moments.with_draws(draw(min(ROWS, n_samples - begin)))
    return moments


def _out_of_reach(moments: _Moments, tolerance: float, needed: int, max_samples: int) -> str:
    return (
        f"a standard error of {tolerance:g} needs about {needed:.2g} samples, and max_samples is {max_samples:.2g}; "
        f"after {moments.n_draws} samples it is {moments.standard_error:.2g}: raise tolerance or max_samples"
    )
