"""Fits the points of a file in this process: `python scripts/benchmarks/fit_in_memory.py WHO FILE K PASSES`.

Prints the bytes that the process had at most beyond those with the points in place. Everything is imported by then,
for a fit of a few points came before.
"""

from __future__ import annotations

import resource
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.mixture

import mixfit

FEW = 200
UNIT = 1024 if sys.platform == "linux" else 1  # bytes in a unit of ru_maxrss


def main(who: str, file: str, n_components: int, n_passes: int) -> None:
    """Fits, and prints."""
    warnings.simplefilter("ignore")  # the passes are too few to converge, and that is meant
    _estimator(who, 2, 2).fit(np.random.default_rng(0).normal(size=(FEW, 3)))
    points = np.load(file)
    before = _resident()
    _estimator(who, n_components, n_passes).fit(points)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT - before)


def _estimator(who: str, n_components: int, n_passes: int) -> Any:
    if who == "mixfit":
        return mixfit.GaussianMixture(n_components, max_iter=n_passes, tol=0, random_state=0)
    return sklearn.mixture.GaussianMixture(n_components, max_iter=n_passes, tol=0, random_state=0)


def _resident() -> int:
    """Bytes that this process has now; where the system does not say, the most it ever had, which is no less."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
    lines = status.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
