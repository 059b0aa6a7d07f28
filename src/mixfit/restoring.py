"""What Lightning restores from a checkpoint, which a stranger may have written: nothing outside the run's folder.

Numbers and plain values can still do harm: Lightning notes in a checkpoint where the best one lies, and removes that
file when there is a better one. And they can be of any shape. Not every one of the hundred is looked at here: until
the first step is taken, whatever goes wrong in a fit that goes on is the checkpoint's fault, and is said in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from textwrap import shorten
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from mixfit.errors import InputError

NOTED_PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")
NAMES = ("best.ckpt", "last.ckpt")


def foreign_path(callbacks: Mapping[str, Any]) -> str | None:
    """The first path that callbacks noted and that is none of the run's two checkpoints; None if there is none."""
    for state in callbacks.values():
        noted = state if isinstance(state, dict) else {}
        ranked = noted.get("best_k_models")
        paths = [noted.get(key) for key in NOTED_PATHS] + list(ranked if isinstance(ranked, dict) else [])
        for path in filter(None, paths):
            if not _is_own(path, noted.get("dirpath")):
                return str(path)
    return None


@contextmanager
def restoring(trainer: Trainer, checkpoint: Path | None) -> Iterator[None]:
    """Turns what goes wrong before a fit has gone on from a checkpoint into an `InputError` that names it."""
    began = _Began()
    trainer.callbacks.append(began)  # type: ignore[attr-defined]  # which Lightning declares on another class
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if checkpoint is None or began.is_true:
            raise
        reason = shorten(f"{type(error).__name__}: {error}", 200)
        raise InputError(
            f"{checkpoint}: cannot be gone on with, for its content is not what this run wrote ({reason}); put back "
            "the one that it wrote, or run again in another folder"
        ) from error


class _Began(Callback):
    """Whether a step was taken."""

    is_true = False

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: object) -> None:
        self.is_true = True


def _is_own(path: object, folder: object) -> bool:
    """Whether this is a checkpoint's name in the folder that was noted beside it, and nothing more."""
    if not isinstance(path, str) or not isinstance(folder, str) or ".." in PurePath(folder).parts or "://" in folder:
        return False
    return path in [str(PurePath(folder) / name) for name in NAMES]
