"""What does a job of a sweep cost beside the start, and does memory grow from job to job?

The default demo, fitted by EM, over ten seeds and over a hundred: the difference is what ninety more jobs take, each
with its checkpoints, its report, its TensorBoard file and its folder. Peak memory is the whole process's, as the
operating system counts it.
"""

from __future__ import annotations

from functools import partial
from tempfile import TemporaryDirectory

from scripts.benchmarks.child import run
from scripts.benchmarks.race import median_of, race
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met

TARGET = 0.5  # seconds a job
FEW, MANY = 10, 100
ROUNDS = 1


def measure() -> Repetitions:
    """Both sweeps, once: ninety jobs are an average already."""
    return race({f"{n_jobs} jobs": partial(_swept, n_jobs) for n_jobs in (FEW, MANY)}, ROUNDS)


def table(repetitions: Repetitions) -> Table:
    """Seconds and peak memory of both sweeps, and seconds of one job more."""
    few, many = (f"{n_jobs} jobs" for n_jobs in (FEW, MANY))
    a_job = (median_of(repetitions, many) - median_of(repetitions, few)) / (MANY - FEW)
    rows = [
        (name, f"{median_of(repetitions, name):.1f}", f"{median_of(repetitions, name, 'peak_mebibytes'):.0f}", "-", "-")
        for name in (few, many)
    ]
    rows.append(("one job more", f"{a_job:.3f}", "-", f"≤ {TARGET:g} s", met(a_job <= TARGET)))
    notes = [
        "`python train.py -m optimizer=em seed=range(n)` with the launcher that runs one job after the other, "
        "seeds from 0 up."
    ]
    return Table(("sweep", "seconds", "peak memory, MiB", "target", "met"), rows, notes)


def _swept(n_jobs: int, _: int) -> Repetition:
    with TemporaryDirectory() as folder:
        typed = ["-m", "optimizer=em", f"seed=range({n_jobs})", f"hydra.sweep.dir={folder}"]
        ended = run("train.py", *typed)
    return {"seconds": ended.seconds, "peak_mebibytes": ended.peak_bytes / 2**20, "seed": 0}
