"""What do predictions for a file larger than one would like to hold cost, beside reading and writing alone?

A model of 4 components with full covariances is fitted in 8 dimensions and draws 10 million points, which go to
Parquet. `predict` then reads the eight coordinates and writes label, log-density, responsibilities and outliers. The
other contestant reads the same columns by `pyarrow.parquet.read_table` and writes the very same rows, which it has in
memory already, by `write_table`. Its seconds are those of the two calls alone; those of `predict` are the whole
process's, with starting Python and importing torch. Peak memory is as the operating system counts it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.benchmarks.child import Ended, run
from scripts.benchmarks.race import median_of, race, ratio_of
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met

MOST_TIMES = 3.0
MOST_GIGABYTES = 1.5
N_POINTS, DIM, N_COMPONENTS = 10_000_000, 8, 4
ROUNDS = 3

FIT = (
    "data=gaussians",
    f"data.dim={DIM}",
    f"data.n_components={N_COMPONENTS}",
    f"model.n_components={N_COMPONENTS}",
    "optimizer=em",
)

READ_AND_WRITE = """
import sys, time
from pyarrow import parquet
points, rows, output, *columns = sys.argv[1:]
table = parquet.read_table(rows)
began = time.perf_counter()
parquet.read_table(points, columns=columns)
parquet.write_table(table, output)
print(time.perf_counter() - began)
"""


def measure() -> Repetitions:
    """Three rounds of both, on points that are drawn before."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        run("train.py", *FIT, f"hydra.run.dir={folder / 'run'}")
        run("scripts/sample.py", folder / "run", "--rows", N_POINTS, "--output", folder / "points.parquet")
        _predicted(folder / "rows.parquet", folder)
        return race({"predict": partial(_predict, folder), "read and write": partial(_read_and_write, folder)}, ROUNDS)


def table(repetitions: Repetitions) -> Table:
    """Seconds and peak memory of both, and what `predict` takes in terms of the other."""
    names = ("predict", "read and write")
    seconds = {name: f"{median_of(repetitions, name):.1f}" for name in names}
    gigabytes = {name: median_of(repetitions, name, "peak_bytes") / 1e9 for name in names}
    ratio = ratio_of(repetitions, *names)
    rows = [
        (names[1], seconds[names[1]], f"{gigabytes[names[1]]:.2f}", "1", "-", "-"),
        (
            names[0],
            seconds[names[0]],
            f"{gigabytes[names[0]]:.2f}",
            f"{ratio:.2f}",
            f"≤ {MOST_GIGABYTES:g} GB, ≤ {MOST_TIMES:g} times",
            met(gigabytes[names[0]] <= MOST_GIGABYTES and ratio <= MOST_TIMES),
        ),
    ]
    notes = [
        f"{N_POINTS:,} points in {DIM} dimensions from Parquet, {N_COMPONENTS} components, full covariances, float64; "
        "label, log-density, responsibilities and outliers to Parquet.",
        "Seconds of `predict` are the whole process's with its imports; the others are of `read_table` and "
        "`write_table` of the same rows alone.",
    ]
    return Table(("", "seconds", "peak memory, GB", "times", "target", "met"), rows, notes)


def _predict(folder: Path, _: int) -> Repetition:
    output = folder / "predictions.parquet"
    ended = _predicted(output, folder)
    output.unlink()
    return {"seconds": ended.seconds, "peak_bytes": ended.peak_bytes, "seed": 0}


def _predicted(output: Path, folder: Path) -> Ended:
    points = f"data.path={folder / 'points.parquet'}"
    return run("scripts/predict.py", folder / "run", points, "--outliers", 0.01, "--output", output)


def _read_and_write(folder: Path, _: int) -> Repetition:
    paths = [folder / f"{name}.parquet" for name in ("points", "rows", "again")]
    ended = run("-c", READ_AND_WRITE, *paths, *(f"x{axis}" for axis in range(DIM)))
    return {"seconds": float(ended.printed), "peak_bytes": ended.peak_bytes, "seed": 0}
