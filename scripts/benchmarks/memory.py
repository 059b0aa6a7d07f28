"""What does a fit hold beyond the data in memory, and does a fit of a file larger than memory stay small and fast?

In memory: a million points that a process has already, fitted by the estimator and, beside it, by scikit-learn; and
the same points in an NPY file, fitted by `train.py`, whose peak is taken above that of the same command on a few
points and above the points themselves. Streamed: 1e8 rows of Parquet, written here, by `train.py` with
`data.stream=true`; its rows per second are held beside those of the same command on rows in memory.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks import large_file
from scripts.benchmarks.child import ROOT, run
from scripts.benchmarks.memory_table import figure, table
from scripts.benchmarks.overlapping import overlapping
from scripts.benchmarks.result import Repetition, Repetitions

__all__ = ["figure", "measure", "table"]

SEED = 0
N_POINTS, DIM, N_COMPONENTS, PASSES = 1_000_000, 16, 32, 5
FEW = 5_000
STREAMED_ROWS, STREAMED_DIM, STREAMED_COMPONENTS, STREAMED_PASSES = 100_000_000, 8, 8, 2
HELD_ROWS, HELD_PASSES = 5_000_000, 20
FIT = (
    "data.val_fraction=0",
    "data.test_fraction=0",
    "covariance=full",
    "optimizer=em",
    "optimizer.tolerance=0",
    f"seed={SEED}",
)
STREAM, HOLD = ("data.stream=true",), ("data.stream=false",)


def measure() -> Repetitions:
    """One process for each fit, one after the other."""
    with TemporaryDirectory() as name:
        return _in_memory(Path(name)) + _streamed(Path(name))


def _in_memory(folder: Path) -> Repetitions:
    points = overlapping(SEED, N_POINTS, 1, DIM, N_COMPONENTS).train.numpy()
    file, few = _saved(folder / "points.npy", points), _saved(folder / "few.npy", points[:FEW])
    script = ROOT / "scripts" / "benchmarks" / "fit_in_memory.py"
    rows: Repetitions = [
        _row(who, N_POINTS, peak_bytes=int(run(script, who, file, N_COMPONENTS, PASSES).printed.split()[-1]))
        for who in ("mixfit", "scikit-learn")
    ]
    typed = (f"model.n_components={N_COMPONENTS}", f"trainer.max_epochs={PASSES}", *HOLD)
    base, whole = (_train(folder / f"of-{path.stem}", path, *typed)["peak_bytes"] for path in (few, file))
    beyond = whole - base - (points.nbytes - FEW * DIM * points.itemsize)
    return [*rows, _row("few", FEW, peak_bytes=base), _row("train.py", N_POINTS, peak_bytes=beyond)]


def _streamed(folder: Path) -> Repetitions:
    parts = folder / "parts"
    parts.mkdir()
    written = large_file.write(parts, STREAMED_ROWS, STREAMED_DIM, STREAMED_COMPONENTS, SEED)
    first = sorted(parts.iterdir())[0]
    held = _saved(folder / "held.npy", _head(first, HELD_ROWS))
    typed = f"model.n_components={STREAMED_COMPONENTS}"
    fits = {
        "streamed": _train(folder / "streamed", parts, typed, f"trainer.max_epochs={STREAMED_PASSES}", *STREAM),
        "held": _train(folder / "held", held, typed, f"trainer.max_epochs={HELD_PASSES}", *HOLD),
    }
    return [_row(who, n_points=found.pop("n_points"), **found, file_bytes=written) for who, found in fits.items()]


def _train(folder: Path, path: Path, *typed: str) -> Repetition:
    """What `train.py` did with a file, and the most memory it had."""
    ended = run("train.py", "data=file", f"data.path={path}", *FIT, *typed, f"hydra.run.dir={folder}")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return {
        "peak_bytes": ended.peak_bytes,
        "seconds": ended.seconds,
        "seconds_of_fit": metrics["seconds/fit"],
        "passes": metrics["passes"],
        "n_points": metrics["n_points"],
    }


def _row(who: str, n_points: int, **numbers: float) -> Repetition:
    return {"contestant": who, "seed": SEED, "n_points": n_points, **numbers}


def _saved(path: Path, points: NDArray[np.floating]) -> Path:
    np.save(path, points)
    return path


def _head(path: Path, n_rows: int) -> NDArray[np.floating]:
    """The first rows of a Parquet file, (n, D)."""
    from pyarrow import parquet

    table = parquet.read_table(path).slice(0, n_rows)
    return np.stack([column.to_numpy() for column in table.columns], axis=1)
