"""Does a folder hold a finished model? If not, what is it, and what should have been given?"""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path

from mixfit import runs
from mixfit.errors import InputError
from mixfit.folder import LAST
from mixfit.program import program
from mixfit.spelling import listed
from mixfit.tracking import metrics_file

HEADER, TENSORS, METRICS = "model.json", "model.safetensors", "metrics.json"

OF_A_RUN = (".hydra", "checkpoints")
"""Folders that a run has, and no model that is saved by itself."""

REMEDY = "copy the whole folder again, or run it again"


def check_folder(folder: Path) -> None:
    """Raises `InputError` unless the folder has both files, and is no run that has not ended well."""
    if folder.is_file():
        raise InputError(f"{folder}: {_of_file(folder)}")
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder{_nearest(folder)}")
    if metrics_file.status(folder) is not None:
        _check_run(folder)
    elif _is_damaged(folder / METRICS):
        raise InputError(f"{folder}: its {METRICS} is damaged, so nothing says that the run is done; {REMEDY}")
    missing = [name for name in (HEADER, TENSORS) if not (folder / name).is_file()]
    if len(missing) == 1:
        raise InputError(f"{folder}: has no {missing[0]}, and a model needs both files; copy the whole folder again")
    if missing:
        raise InputError(f"{folder}: {_of_folder(folder)}")
    if any((folder / name).is_dir() for name in OF_A_RUN) and not (folder / METRICS).is_file():
        raise InputError(f"{folder}: is a run without {METRICS}, so nothing says that it is done; {REMEDY}")


def _of_file(path: Path) -> str:
    if path.name in (HEADER, TENSORS):
        return f"is one file of a model; give the folder, {path.parent}"
    if path.suffix == ".ckpt":
        whole = f", {path.parent.parent}" if path.parent.name == "checkpoints" else ""
        return f"is a checkpoint, which only serves resume=; give the folder of its run{whole}"
    run = path.parent if (path.parent / HEADER).is_file() else runs.around(path)
    return f"is a file; give the folder {f'that it lies in, {run}' if run else 'of a run or of a saved model'}"


def _of_folder(folder: Path) -> str:
    if metrics_file.status(folder) is not None:
        return f"is a run without {HEADER}, from before models were written; run it again"
    if (folder / ".hydra").is_dir():
        return "is a run that was cut off before it had anything to keep, or has just begun; wait, or run it again"
    jobs = sorted(str(path.parent) for path in folder.glob(f"*/{HEADER}"))[:3]
    if jobs:
        return f"holds several models; give one of them, as {listed(jobs, 'or')}"
    if folder.name == "checkpoints":
        return f"holds checkpoints, which only serve resume=; give the folder of the run, {folder.parent}"
    if below := runs.some_below(folder):
        return f"holds no model, but runs are below it; give one of them, as {listed(list(map(str, below)), 'or')}"
    return f"holds no model: there is no {HEADER} in it; give the folder of a run or of a saved model"


def _check_run(folder: Path) -> None:
    """A run's model is believed only if the run is done: until then it may be that of an earlier part of it."""
    metrics = runs.read(folder).metrics
    status, error = str(metrics["status"]), (str(metrics["error"] or "").splitlines() or [""])[0]
    why = f" ({error})" if error else ""
    again = f"go on with {program()} resume={folder}" if (folder / LAST).is_file() else "run it again"
    ends = {
        "running": "is a run that is still under way; wait until it is done",
        "interrupted": f"is a run that was interrupted; {again}",
        "failed": f"is a run that failed{why}; mend that and run it again",
        "skipped": f"is a run that was skipped{why}, so there is no model",
    }
    if status != "done":
        raise InputError(f"{folder}: {ends.get(status, f'is a run whose status is {status!r}; run it again')}")


def _is_damaged(path: Path) -> bool:
    """Whether a `metrics.json` is no whole JSON, or not what a run writes; one without a status is somebody else's."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (ValueError, RecursionError):
        return True
    return "status" in content if isinstance(content, dict) else not isinstance(content, list)


def _nearest(folder: Path) -> str:
    """A clause that names the nearest folder beside it; empty if none is near."""
    if not folder.parent.is_dir():
        return f", and no {folder.parent} either"
    close = get_close_matches(folder.name, [path.name for path in folder.parent.iterdir() if path.is_dir()], n=1)
    return f"; did you mean {folder.parent / close[0]}?" if close else ""
