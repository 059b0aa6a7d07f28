"""The data's own units outside, coordinates of mean zero and variance one inside.

Learning rates, tolerances and the covariance floor can have one meaning only where the data always look alike. So a
fit commutes with x → a·x + b: its negative log-likelihood moves by D·log|a| and by nothing else.

The two vectors stay in float64 on the CPU whatever the model's precision and device: a float32 offset of 1e9 would
have lost the data before the first subtraction. That is why they travel as extra state and not as buffers.

Data may use the whole range of float64. Where a result leaves it on the way back, as the variance 1e600 of values near
1e300 does, an error says so, and neither infinity nor zero comes out in its place.
"""

from __future__ import annotations

from math import log10
from typing import Any

import torch
from torch import Tensor, nn

from mixfit.mixtures.moments import Moments

FLOAT64 = torch.finfo(torch.float64)

SMALLEST = FLOAT64.smallest_normal * FLOAT64.eps
"""The smallest positive number: a scale may be as small, but not zero."""

COARSE = 20
"""Steps between neighbouring numbers in a standard deviation: with fewer, a density sees the steps."""

HALVED = 1e290
"""Beyond this, numbers are halved before they are subtracted: a difference may be twice as large as either."""

FARTHEST = {dtype: torch.finfo(dtype).max ** 0.6 for dtype in (torch.float32, torch.float64)}
"""Coordinates beyond this are cut off: their squares are infinite, and densities there zero."""


class Standardization(nn.Module):
    """z = (x - shift) / scale, axis by axis.

    Args:
        shift: (D,), in the data's units.
        scale: (D,), positive, in the data's units.
    """

    def __init__(self, shift: Tensor, scale: Tensor) -> None:
        super().__init__()
        self._take(shift, scale)

    @classmethod
    def identity(cls, dim: int) -> Standardization:
        """The standardization that changes nothing."""
        return cls(torch.zeros(dim), torch.ones(dim))

    @classmethod
    def of(cls, points: Tensor, per_axis: bool, weights: Tensor | None = None) -> Standardization:
        """Mean zero and variance one on each axis of `points` (N, D); or one scale of mean variance one for all.

        A point of weight w, `weights` being (N,) and positive, counts as w points. A column that never changes keeps
        its own size as its scale (or one, if it is zero): it has no other. One that changes in its last digit alone is
        taken at its word.

        Raises:
            ValueError: there are no points.
        """
        return cls.of_moments(Moments.of(points, weights), per_axis)

    @classmethod
    def of_moments(cls, moments: Moments, per_axis: bool) -> Standardization:
        """The same from what one look at the points has left, so that they need not be in memory."""
        identical, variance = moments.identical, moments.variance
        shift = moments.mean
        size = torch.where(shift == 0, 1.0, shift.abs())
        constant = identical | (variance <= 0)  # a weight may be too small to count at all
        deviation = torch.where(constant, size, variance.sqrt() * moments.unit).clamp(SMALLEST, FLOAT64.max)
        return cls(shift, deviation if per_axis else _pooled(deviation, constant))

    @property
    def log_volume(self) -> float:
        """Σ_d log scale_d: what a standardized negative log-likelihood is short of the data's own, in nats."""
        return float(self.scale.log().sum())

    def forward(self, points: Tensor, like: Tensor) -> Tensor:
        """Points (N, D) in standardized coordinates, in the dtype and on the device of `like`.

        Computed where the points are, unless that device has no float64. What lies beyond `FARTHEST` is cut off.
        """
        device = "cpu" if points.device.type == "mps" else points.device
        shift, scale = (vector.to(device) for vector in self._halved)
        wide = points.to(device, torch.float64)
        standardized = torch.sub(wide if self._half == 1 else wide * self._half, shift).div_(scale)
        farthest = FARTHEST[like.dtype]
        return standardized.clamp_(-farthest, farthest).to(like.device, like.dtype)

    def inverse(self, points: Tensor) -> Tensor:
        """Standardized points (..., D) in the data's units, float64 on the CPU: undoes `forward`.

        Raises:
            ValueError: a point would lie beyond float64's range.
        """
        points = points.detach().to("cpu", torch.float64)
        shift, scale = self._halved
        own = (points * scale + shift) / self._half
        self._check(own.isfinite() | ~points.isfinite(), "values", 1, torch.maximum(self.scale, self.shift.abs()))
        return own

    def covariances(self, covariances: Tensor) -> Tensor:
        """Covariances (..., D, D) in the data's units, float64 on the CPU.

        Raises:
            ValueError: a variance would be too large or too small for float64.
        """
        covariances = covariances.detach().to("cpu", torch.float64)
        own = covariances * self.scale[:, None] * self.scale
        variances, inside = (matrices.diagonal(dim1=-2, dim2=-1) for matrices in (own, covariances))
        exact = variances.isfinite() & (variances >= FLOAT64.smallest_normal)
        self._check(exact | (variances == inside) | inside.isnan(), "variances", 2, self.scale)
        return own

    def _take(self, shift: Tensor, scale: Tensor) -> None:
        """Keeps the vectors, and what `forward`, which has a few thousand points at a time, needs of them.

        That is what numbers are multiplied by so that no difference of two overflows, one wherever it can be, and the
        vectors multiplied by it.
        """
        self.shift, self.scale = shift.to("cpu", torch.float64), scale.to("cpu", torch.float64)
        self._half = 0.5 if bool((self.shift.abs() > HALVED).any()) else 1.0
        self._halved = self.shift * self._half, self.scale * self._half

    def _check(self, representable: Tensor, what: str, power: int, size: Tensor) -> None:
        """Raises `ValueError` for the first axis whose results, of the size (D,) to a power, float64 cannot hold."""
        if not bool(representable.all()):
            axis = int(representable.reshape(-1, len(size)).all(0).int().argmin())
            exponent = log10(float(size[axis]))
            raise ValueError(
                f"column {axis} (counted from 0) has {what} of about 1e{power * exponent:+.0f} in the data's units, "
                f"but float64 holds 1e-308 to 1e+308; divide this column by 1e{exponent:+.0f} before the fit"
            )

    def get_extra_state(self) -> dict[str, Tensor]:
        """What a checkpoint keeps: plain tensors, so that it loads with `weights_only=True`."""
        return {"shift": self.shift, "scale": self.scale}

    def set_extra_state(self, state: Any) -> None:
        """Takes the vectors of a checkpoint."""
        self._take(state["shift"], state["scale"])


def _pooled(deviation: Tensor, constant: Tensor) -> Tensor:
    """One scale for all axes, (D,): the root of the mean variance, in which constant axes have none."""
    varying = deviation if bool(constant.all()) else torch.where(constant, 0.0, deviation)
    largest = varying.max()
    return (largest * (varying / largest).square().mean().sqrt()).clamp_min(SMALLEST).expand_as(deviation)


def column_of_rounding(moments: Moments) -> tuple[int, float] | None:
    """The first axis of points, by their moments, on which float64 is too coarse for them, and the size of its values.

    There the standard deviation is less than `COARSE` steps between neighbouring numbers: of values near 2e18, counted
    in steps of 256, a spread of 100 is all rounding. None if there is no such axis; a constant one has no digits to
    lose.
    """
    variance = moments.variance
    coarse = (variance > 0) & (variance.sqrt() < COARSE * FLOAT64.eps) & ~moments.identical
    if not coarse.any():
        return None
    axis = int(coarse.int().argmax())
    return axis, float(moments.first[axis])
