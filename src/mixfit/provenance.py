"""What a checkpoint belongs to: the configuration that was asked for, and the points that were fitted.

A folder can be used again, and a file of points can change. A fit that goes on under another configuration or with
other points would end in numbers that belong to neither, so every checkpoint says both. Of the points it says how many
there are and where they lie and not the points themselves, for a checkpoint may be given away; and as numbers, because
another processor may draw the same synthetic points with another last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pytorch_lightning import Callback
from torch import Tensor

from mixfit.data.dataset import Dataset, Rows
from mixfit.errors import InputError

SAME = 1e-9
"""Of the range of an axis: what two summaries of the same points may differ by."""

ROUNDING = 1e-15
"""Of a value: so much more."""


class Provenance(Callback):
    """Writes both into every checkpoint; raises `InputError` where a fit would go on with other points.

    Args:
        config_text: the configuration as YAML.
        dataset: the points.
    """

    def __init__(self, config_text: str, dataset: Dataset) -> None:
        self.config_text = config_text
        self.points = {name: summary_of(getattr(dataset, name)) for name in ("train", "val", "test")}
        self.sizes = [len(part) for part in (dataset.train, dataset.val, dataset.test)]

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"config": self.config_text, "points": self.points, "sizes": self.sizes}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:  # noqa: D102
        same = state_dict["sizes"] == self.sizes
        if not same or not all(is_same(state_dict["points"][name], mine) for name, mine in self.points.items()):
            raise InputError(
                "the points are not those that the fit began with, so it would end in numbers of neither; put back the "
                "data as it was, or fit the new points in another folder"
            )


def config_text_in(checkpoint: Mapping[str, Any]) -> str | None:
    """The configuration that a checkpoint belongs to; None if it says nothing of it."""
    noted = checkpoint["callbacks"].get(Provenance.__qualname__)
    text = noted.get("config") if isinstance(noted, dict) else None
    return text if isinstance(text, str) else None


def summary_of(part: Rows) -> Tensor:
    """Lowest, highest and mean value of each axis, (3, D); (3, 0) where there are no points."""
    if not len(part):
        return torch.zeros(3, 0)
    moments = part.moments
    return torch.stack([moments.lowest, moments.highest, moments.mean])


def is_same(one: Tensor, other: Tensor) -> bool:
    """Whether two summaries are of the same points, up to the last digits."""
    if one.shape != other.shape:
        return False
    return bool(((one - other).abs() <= SAME * (one[1] - one[0]) + ROUNDING * one.abs()).all())
