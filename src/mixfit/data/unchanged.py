"""Is a file that is read again and again still the file that was looked at first?

A fit that reads half of its passes from one file and half from another ends in numbers that belong to neither. Size,
time of the last change and inode tell a file from one that was written over it, without reading it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mixfit.errors import InputError


class Unchanged:
    """Remembers what files are like when it is made.

    Args:
        paths: of the files.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._noted = {path: _identity(path) for path in set(paths)}

    def check(self, path: Path) -> None:
        """Raises `InputError` if the file is no longer as it was."""
        now = _identity(path)
        if now != self._noted[path]:
            became = "is gone" if now is None else "was changed"
            raise InputError(
                f"the file {path.name!r} {became} while it was being fitted, so the fit would be of neither the old "
                "points nor the new ones; run again once it stays as it is"
            )


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
