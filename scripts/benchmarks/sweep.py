"""What does a job of a sweep cost beside the start, and does memory grow from job to job?

The default demo, fitted by EM, over ten seeds and over a hundred: the difference is what ninety more jobs take, each
with its checkpoints, its report, its TensorBoard file and its folder. Peak memory is the whole process's, as the
operating system counts it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.benchmarks.race import median_of, race
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met

ROOT = Path(__file__).resolve().parents[2]
TARGET = 0.5  # seconds a job
FEW, MANY = 10, 100
ROUNDS = 2
UNIT = 1024 if sys.platform == "linux" else 1  # bytes in a unit of ru_maxrss


def measure() -> Repetitions:
    """Two rounds of both sweeps."""
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
        began = time.perf_counter()
        sweep = subprocess.Popen(
            [sys.executable, str(ROOT / "train.py"), *typed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(sweep.pid, 0)
        seconds = time.perf_counter() - began
        sweep.returncode = os.waitstatus_to_exitcode(status)
    if sweep.returncode:
        raise RuntimeError(f"the sweep ended with status {sweep.returncode}")
    return {"seconds": seconds, "peak_mebibytes": usage.ru_maxrss * UNIT / 2**20, "seed": 0}
