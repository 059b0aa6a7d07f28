"""What a disk refuses, in a sentence, and whether there is room for a run before it begins.

A full disk or a folder that cannot be written is no bug, so it needs no traceback. It costs nothing that was written
before: files are moved into place whole, so the last checkpoint is still the last one.
"""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mixfit.errors import InputError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Of the disk, of the user's share of it, and of what one file may be."""

SMALLEST = 400_000
"""Bytes of a run without its parameters, measured: pictures, TensorBoard's file, Hydra's notes."""


@contextmanager
def refusing_plainly(folder: Path | None, remedy: str) -> Iterator[None]:
    """Makes `InputError` of what the operating system refuses to do with files.

    The log says nothing of its own trouble meanwhile: the same disk will say it where it matters.

    Args:
        folder: where it happens, if the error does not know.
        remedy: what to do, beside making room.
    """
    before, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        yield
    except OSError as error:
        if error.errno is None:  # not the operating system's, such as a library that cannot be loaded
            raise
        raise InputError(_sentence(error, folder, remedy)) from error
    finally:
        logging.raiseExceptions = before


def check_space(folder: Path, parameters: int) -> None:
    """Raises `InputError` if the disk has less room than a run whose parameters take so many bytes surely needs.

    What it may need beyond that depends on the optimizer and on the fit. To refuse wrongly would be worse than to fail
    late, which loses nothing.
    """
    needed, free = parameters + SMALLEST, shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            f"{folder}: has {free / 1e6:.1f} MB free, and this run writes at least {needed / 1e6:.1f} MB; make room "
            "there, or choose another hydra.run.dir or hydra.sweep.dir"
        )


def _sentence(error: OSError, folder: Path | None, remedy: str) -> str:
    place = error.filename or folder or "the run's folder"
    return f"{place}: {error.strerror}; {'make room there, and ' if error.errno in FULL else ''}{remedy}"
