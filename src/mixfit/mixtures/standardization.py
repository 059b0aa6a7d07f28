"""The data's own units outside, coordinates of mean zero and variance one inside.

Learning rates, tolerances and the covariance floor can have one meaning only where the data always look alike. So a
fit commutes with x → a·x + b: its negative log-likelihood moves by D·log|a| and by nothing else.

The two vectors stay in float64 on the CPU whatever the model's precision and device: a float32 offset of 1e9 would
have lost the data before the first subtraction. That is why they travel as extra state and not as buffers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Standardization(nn.Module):
    """z = (x - shift) / scale, axis by axis.

    Args:
        shift: (D,), in the data's units.
        scale: (D,), positive, in the data's units.
    """

    def __init__(self, shift: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.shift = shift.to("cpu", torch.float64)
        self.scale = scale.to("cpu", torch.float64)

    @classmethod
    def identity(cls, dim: int) -> Standardization:
        """The standardization that changes nothing."""
        return cls(torch.zeros(dim), torch.ones(dim))

    @classmethod
    def of(cls, points: Tensor, per_axis: bool, weights: Tensor | None = None) -> Standardization:
        """Mean zero and variance one on each axis of `points` (N, D); or one scale of mean variance one for all.

        A point of weight w, `weights` being (N,) and positive, counts as w points. A column that never changes keeps
        its own size as its scale (or one, if it is zero): it has no other.
        """
        points = points.to(torch.float64)
        magnitude = points.abs().amax(0)
        magnitude = torch.where(magnitude > 0, magnitude, 1.0)
        variance, shift = _variance_and_mean(points / magnitude, weights)
        constant = (points == points[0]).all(0)
        deviation = torch.where(constant, 1.0, variance.sqrt()) * magnitude
        if not per_axis:
            varying = torch.where(constant, 0.0, deviation) if not constant.all() else deviation
            largest = varying.max()
            deviation = (largest * (varying / largest).square().mean().sqrt()).expand_as(deviation)
        return cls(torch.where(constant, points[0], shift * magnitude), deviation)

    @property
    def log_volume(self) -> float:
        """Σ_d log scale_d: what a standardized negative log-likelihood is short of the data's own, in nats."""
        return float(self.scale.log().sum())

    def forward(self, points: Tensor, like: Tensor) -> Tensor:
        """Points (N, D) in standardized coordinates, in the dtype and on the device of `like`.

        Computed where the points are, unless that device has no float64.
        """
        device = "cpu" if points.device.type == "mps" else points.device
        standardized = (points.to(device, torch.float64) - self.shift.to(device)) / self.scale.to(device)
        return standardized.to(like.device, like.dtype)

    def inverse(self, points: Tensor) -> Tensor:
        """Standardized points (..., D) in the data's units, float64 on the CPU: undoes `forward`."""
        return points.detach().to("cpu", torch.float64) * self.scale + self.shift

    def covariances(self, covariances: Tensor) -> Tensor:
        """Covariances (..., D, D) in the data's units, float64 on the CPU."""
        return covariances.detach().to("cpu", torch.float64) * torch.outer(self.scale, self.scale)

    def get_extra_state(self) -> dict[str, Tensor]:
        """What a checkpoint keeps: plain tensors, so that it loads with `weights_only=True`."""
        return {"shift": self.shift, "scale": self.scale}

    def set_extra_state(self, state: Any) -> None:
        """Takes the vectors of a checkpoint."""
        self.shift, self.scale = state["shift"], state["scale"]


def _variance_and_mean(points: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Each (D,): Σ w (x - mean)² / Σ w and Σ w x / Σ w."""
    if weights is None:
        return torch.var_mean(points, 0, correction=0)
    share = weights.to(torch.float64) / weights.sum(dtype=torch.float64)
    mean = share @ points
    return share @ (points - mean).square(), mean
