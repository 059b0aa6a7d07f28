"""Files that are never half there: a reader sees the old content or the new one, whenever the writer is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PART = ".part"


def write_in_one_move(path: Path, content: bytes) -> None:
    """Writes the whole file beside its place and then moves it there."""
    with moved_when_complete(path) as unfinished:
        unfinished.write_bytes(content)


@contextmanager
def moved_when_complete(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to, which is moved there when nothing went wrong, and is gone when something did.

    The name in between says nothing of the file, or TensorBoard would take an event file's for one of its own.
    """
    unfinished = path.with_name(f".{os.getpid()}{PART}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def unfinished_in(folder: Path) -> list[Path]:
    """What processes that were killed left half written; only for whoever knows that nobody writes there now."""
    return list(folder.glob(f".*{PART}"))
