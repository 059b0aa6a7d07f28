"""What it means that two runs ended in the same place: the same to the last bit, everything but the clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from tests.running import BEST, LAST, metrics_in

CLOCK = ("seconds/fit", "seconds/total")
OF_THE_FIT = ("state_dict", "fit", "optimizer_states", "epoch", "global_step")
"""Parts of a checkpoint; the others say where its files are and how Lightning came here."""


def without_clock(metrics: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if name not in CLOCK}


def assert_same_end(folder: Path, whole: Path) -> None:
    """The same metrics, parameters, history, state of the optimizer, and model; nothing half written is left."""
    assert without_clock(metrics_in(folder)) == without_clock(metrics_in(whole))
    for checkpoint in (BEST, LAST):
        one, other = (torch.load(run / checkpoint, weights_only=True) for run in (folder, whole))
        for part in OF_THE_FIT:
            assert same(one[part], other[part]), f"{checkpoint}: {part}"
    for name in ("model.safetensors", "model.json"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
    assert not list(folder.rglob(".*.part"))


def same(one: Any, other: Any) -> bool:
    """Whether nested values are equal to the last bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other) and one.dtype == other.dtype
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
