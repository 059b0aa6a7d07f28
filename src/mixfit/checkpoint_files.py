"""How a run's checkpoints get to the disk: whole or not at all, and the first ones before the first pass.

Lightning writes to the system's folder for temporary files and moves from there, which is a copy where that is another
disk: a kill, or a disk that fills, would leave half of a checkpoint in the place of a good one.
"""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io import CheckpointIO, TorchCheckpointIO
from pytorch_lightning import Callback, LightningModule, Trainer

from mixfit.disk import check_space
from mixfit.folder import BEST, LAST
from mixfit.one_move import moved_when_complete, write_in_one_move


class WholeFiles(CheckpointIO):
    """Writes a checkpoint beside its place and moves it there; reads and removes as Lightning does."""

    def __init__(self) -> None:
        self.files = TorchCheckpointIO()

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Makes the file's bytes in memory first: torch would not tell a full disk from a bug of its own."""
        buffer = BytesIO()
        torch.save(checkpoint, buffer)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_in_one_move(Path(path), buffer.getvalue())

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> Any:
        """What the file holds; a run asks with `weights_only`."""
        return self.files.load_checkpoint(path, map_location or _keep, weights_only)

    def remove_checkpoint(self, path: str | Path) -> None:
        """Of a file that is no longer the best."""
        self.files.remove_checkpoint(path)


class FirstCheckpoints(Callback):
    """Saves both checkpoints at the start of a new fit.

    So a fit that is killed in its first pass can be gone on with, and a disk that takes no checkpoint says so before
    the first pass and not after it.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        if trainer.ckpt_path is not None:
            return
        trainer.save_checkpoint(self.folder / BEST)
        if trainer.is_global_zero:
            check_space(self.folder, parameters=3 * (self.folder / BEST).stat().st_size)  # two, and one on its way
            with moved_when_complete(self.folder / LAST) as unfinished:
                shutil.copyfile(self.folder / BEST, unfinished)


def _keep(storage: Any, location: str) -> Any:
    """Tensors stay where they were saved from."""
    return storage
