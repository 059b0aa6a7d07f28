"""A run's folder while something runs in it: one process at a time, and a `status` that is true.

The claim is a lock that the operating system lets go of when the process ends, however it ends, so nothing is left to
clean up after a kill, and a folder that says `running` while nobody holds it was interrupted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from filelock import FileLock, Timeout

from mixfit.errors import InputError, sentence
from mixfit.one_move import unfinished_in
from mixfit.signals import interrupts_unwrapped
from mixfit.tracking import metrics_file
from mixfit.tracking.metrics_file import Value

PRODUCTS = (
    *("checkpoints/best.ckpt", "checkpoints/last.ckpt", "events.out.tfevents.*", "report.png", "metrics.json"),
    *("selection.csv", "selection.png"),
    *("model.safetensors", "model.json", "hpc_ckpt_*.ckpt"),
)
"""What a run writes into its folder, beside Hydra's notes and the log; the last when a scheduler wants it to end."""

PRECIOUS = (
    *("checkpoints", "report.png", "metrics.json", "model.safetensors", "model.json"),
    *("selection.csv", "selection.png"),
)
"""Names that somebody else's files may have."""

BEST, LAST = (Path("checkpoints") / f"{name}.ckpt" for name in ("best", "last"))

LOCK = ".lock"

SECONDS_OF_A_LOOK = 1.0
"""Somebody who asks whether the folder is claimed holds the lock for an instant."""

UNFINISHED = ("running", "interrupted")
"""What a folder says of a run that did not end by itself, if nobody is at work in it."""


class SkippedError(InputError):
    """The machine lacks what the run asked for: an error alone, an entry in the table of a sweep."""


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps every other process out of the folder; raises `InputError` if one is in it."""
    try:
        with FileLock(folder / LOCK, timeout=SECONDS_OF_A_LOOK):
            yield
    except Timeout as error:
        raise InputError(
            f"{folder}: another process is fitting in this folder; wait for it, or choose another hydra.run.dir "
            "or hydra.sweep.dir"
        ) from error


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Makes a run that only begins look like one that is under way; does nothing if somebody is in the folder."""
    lock = FileLock(folder / LOCK, timeout=0)
    with suppress(Timeout):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def is_claimed(folder: Path) -> bool:
    """Whether a process is at work in the folder."""
    if not (folder / LOCK).exists():  # and none is made by asking
        return False
    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except Timeout:
        return True


@contextmanager
def recorded(folder: Path, before: Mapping[str, Value]) -> Iterator[None]:
    """Keeps the folder's `status` true: running, then whatever ended the run.

    The numbers that the folder had before, if the run goes on in it, stay until there are new ones.
    """

    def write(status: str, error: str | None = None) -> None:
        with suppress(OSError):  # a disk that takes nothing more; `running`, and nobody there, reads as interrupted
            metrics_file.write(folder, {**before, "status": status, "error": error})

    metrics_file.write(folder, {**before, "status": "running", "error": None})
    try:
        with interrupts_unwrapped():
            yield
    except SkippedError as error:
        write("skipped", str(error))
        raise
    except KeyboardInterrupt:
        write("interrupted")
        raise
    except BaseException as error:
        write("failed", sentence(error))
        if not isinstance(error, InputError):
            logging.getLogger(__name__).exception("the run failed")
        raise


def checkpoint_of(folder: Path) -> Path | None:
    """The checkpoint to go on with; None if there is none, or one that a kill cut off."""
    try:
        for name in (BEST, LAST):
            with ZipFile(folder / name) as checkpoint:
                if checkpoint.testzip():
                    return None
    except (OSError, BadZipFile):
        return None
    return folder / LAST


def was_cut_off(folder: Path) -> bool:
    """Whether a run began in the folder and did not end; only for whoever has claimed it."""
    return metrics_file.status(folder) in UNFINISHED


def tidy(folder: Path) -> None:
    """Removes what a killed process was writing, and what Lightning saved for the scheduler: `last.ckpt` is at hand."""
    for place in (folder, folder / "checkpoints"):
        for path in [*unfinished_in(place), *place.glob("hpc_ckpt_*.ckpt")]:
            path.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Removes what an earlier attempt left, so that nothing of it is taken for the next one's.

    Raises `InputError` if files that a run would write are there and are not a run's: they are somebody's.
    """
    if metrics_file.status(folder) is None:
        theirs = [name for name in PRECIOUS if (folder / name).exists()]
        if theirs:
            raise InputError(
                f"{folder}: holds {' and '.join(theirs)}, which no run of this program wrote and this one would write "
                "over; choose another folder, or move them away"
            )
        return
    tidy(folder)
    for path in (path for pattern in PRODUCTS for path in folder.glob(pattern)):
        path.unlink()
    if (folder / "checkpoints").is_dir() and not any((folder / "checkpoints").iterdir()):
        (folder / "checkpoints").rmdir()
