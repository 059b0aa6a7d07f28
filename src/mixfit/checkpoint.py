"""Checkpoints, which are pickles: a run's folder may come from a stranger, so they are read as numbers or not at all.

With `weights_only` torch's unpickler makes tensors and plain values, and refuses to call anything. Whatever it makes
of a damaged file is one sentence here, said before a fit begins: the best checkpoint is read again when the fit is
over, which is late to learn that it cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch

from mixfit.errors import InputError
from mixfit.folder import BEST, LAST
from mixfit.restoring import foreign_path

PARTS = {"state_dict": dict, "fit": dict, "optimizer_states": list, "loops": dict, "callbacks": dict}
"""What every checkpoint of a run has, and in which shape."""


def loaded(path: Path) -> dict[str, Any]:
    """What a run's checkpoint holds, on the CPU; nothing in it is run.

    Raises `InputError` if it is damaged, is no checkpoint of a run, or holds anything but numbers and plain values.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a file that anybody made can fail in any way
        raise InputError(
            f"{path}: is no checkpoint that can be trusted: it is damaged, or holds more than numbers, and nothing in "
            "it was run; put back the one that the run wrote, or run again in another folder"
        ) from error
    parts = content if isinstance(content, dict) else {}
    if wrong := [part for part, kind in PARTS.items() if not isinstance(parts.get(part), kind)]:
        raise InputError(f"{path}: is no checkpoint of a run, for it has no {wrong[0]}; put back the one that it wrote")
    if miscounted := list(_miscounted(parts["loops"])):
        raise InputError(
            f"{path}: has {shorten(repr(miscounted[0]), 40)} where a run counts its steps, which is no whole number "
            "from 0 up; put back the one that the run wrote"
        )
    if foreign := foreign_path(parts["callbacks"]):
        raise InputError(
            f"{path}: names {foreign!r} as a checkpoint of the run, which Lightning would remove in time; put back the "
            "one that the run wrote"
        )
    return content


def _miscounted(loops: object) -> Iterator[object]:
    """What Lightning's loops cannot have counted, for they hold numbers of steps, of epochs, and nothing else."""
    if isinstance(loops, dict):
        for part in loops.values():
            yield from _miscounted(part)
    elif not isinstance(loops, int) or loops < 0:
        yield loops


def check_checkpoints(folder: Path, n_components: int) -> None:
    """Raises `InputError` unless the folder's two checkpoints are of one fit, with so many components."""
    contents = {name: loaded(folder / name) for name in (BEST, LAST)}
    best, last = map(_shapes, contents.values())
    found = last.get("density.mixture.mean_origin", (0,))[0]
    if found != n_components:
        raise InputError(
            f"{folder / LAST}: has {found} of the {n_components} components of this run; put back the one that it wrote"
        )
    if best != last:
        raise InputError(
            f"{folder / BEST}: is of another fit than {LAST.name} beside it; put back the ones that the run wrote"
        )
    for name, content in contents.items():
        if not isinstance(content["fit"].get("rows"), (int, float)):
            raise InputError(f"{folder / name}: does not say how far the fit came; put back the one that the run wrote")


def _shapes(checkpoint: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Of every tensor of the model."""
    state = checkpoint["state_dict"]
    return {name: tuple(value.shape) for name, value in state.items() if isinstance(value, torch.Tensor)}
