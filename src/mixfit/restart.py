"""Does a job of a sweep still have to run? Its folder is asked, because there is no other record of a sweep.

Done, with the configuration that the job would have: no. Cut off: yes, from its last checkpoint, which is left where it
is. Failed, or cut off before there was one: yes, from the start. A run of another configuration is never written over.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mixfit import runs
from mixfit.errors import InputError
from mixfit.folder import checkpoint_of, claimed, clear, is_claimed
from mixfit.runs import Run


def is_left(folder: Path, composed: Callable[[], Mapping[str, Any]]) -> bool:
    """Whether the job of this folder still has to run; what cannot be gone on with is cleared away.

    Args:
        folder: of the job.
        composed: composes the configuration that the job would have, dotted.

    Raises:
        InputError: if the folder holds what would be lost, or another process works in it.
    """
    if not folder.exists():
        return True
    if is_claimed(folder):
        raise InputError(f"{folder}: another process is fitting in this folder; wait for it")
    found = runs.read(folder)
    is_done = found.metrics["status"] == "done"
    if not is_done and (found.metrics["status"] == "failed" or not found.config or checkpoint_of(folder) is None):
        with claimed(folder):
            clear(folder)
        return True
    if differing := _difference(found.config, composed()):
        raise InputError(
            f"{folder}: holds a run of another configuration ({differing}), which this sweep would write over; choose "
            "another hydra.sweep.dir, or move that folder away"
        )
    if is_done:
        _warn_if_changed(found)
    return not is_done


def _difference(there: Mapping[str, Any], here: Mapping[str, Any]) -> str | None:
    """The first key whose value is not the same in two configurations; None if they are the same."""
    if not there:
        return "its .hydra/config.yaml cannot be read"
    for key in sorted(there.keys() | here.keys()):
        if there.get(key) != here.get(key):
            return f"{key} is {there.get(key)} there and {here.get(key)} here"
    return None


def _warn_if_changed(run: Run) -> None:
    """Says so if the user's file is younger than the numbers that were got from it."""
    path, numbers = Path(str(run.config.get("data.path"))), run.folder / "metrics.json"
    if path.is_file() and path.stat().st_mtime > numbers.stat().st_mtime:
        sys.stderr.write(f"warning: {path} is younger than {run.folder.name}; move that folder away to fit it again\n")
