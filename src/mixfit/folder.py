"""A run's folder while something runs in it: one process at a time, and a `status` that is true.

The claim is a lock that the operating system lets go of when the process ends, however it ends, so nothing is left to
clean up after a kill, and a folder that says `running` while nobody holds it was interrupted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from filelock import FileLock, Timeout

from mixfit.errors import InputError, sentence
from mixfit.tracking import metrics_file
from mixfit.tracking.metrics_file import Value

PRODUCTS = (
    *("checkpoints/best.ckpt", "checkpoints/last.ckpt", "events.out.tfevents.*", "report.png", "metrics.json"),
    *("model.safetensors", "model.json"),
)
"""What a run writes into its folder, beside Hydra's notes and the log."""

PRECIOUS = ("checkpoints", "report.png", "metrics.json", "model.safetensors", "model.json")
"""Names that somebody else's files may have."""

BEST, LAST = (Path("checkpoints") / f"{name}.ckpt" for name in ("best", "last"))

LOCK = ".lock"


class SkippedError(InputError):
    """The machine lacks what the run asked for: an error alone, an entry in the table of a sweep."""


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps every other process out of the folder; raises `InputError` if one is in it."""
    try:
        with FileLock(folder / LOCK, timeout=0):
            yield
    except Timeout as error:
        raise InputError(
            f"{folder}: another process is fitting in this folder; wait for it, or choose another hydra.run.dir "
            "or hydra.sweep.dir"
        ) from error


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
        metrics_file.write(folder, {**before, "status": status, "error": error})

    write("running")
    try:
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
    for path in (path for pattern in PRODUCTS for path in folder.glob(pattern)):
        path.unlink()
    if (folder / "checkpoints").is_dir() and not any((folder / "checkpoints").iterdir()):
        (folder / "checkpoints").rmdir()
