"""What does the estimator cost beside the mathematics it calls, and how long does one wait for the import?

The bare core is a start, passes of statistics and their maxima under the same stopping rule, in a plain loop; the
estimator adds scikit-learn's checks, Lightning's trainer, and the training points' log-densities at the end. Imports
are timed as whole processes beside one that imports torch alone.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import torch
from torch import Tensor

from mixfit import GaussianMixture
from mixfit.data.dataset import generator
from mixfit.data.gaussians import Gaussians
from mixfit.mixtures.covariances import Full
from mixfit.mixtures.initializers.start import start_
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.search import Search
from mixfit.mixtures.standardization import Standardization
from mixfit.optimizers import Aitken, Verdict
from scripts.benchmarks.fits import own_threads
from scripts.benchmarks.race import Contestant, median_of, race, seconds_of
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met

N_POINTS, DIM, N_COMPONENTS = 1000, 2, 3
MOST_OVERHEAD = 0.030  # seconds beyond the bare core
MOST_IMPORT = 0.2  # seconds beyond torch
FITS, IMPORTS = 21, 5  # rounds
ESTIMATOR, CORE, TORCH = "GaussianMixture.fit", "bare core", "import torch"
MIXFIT, CLASS = "import torch, mixfit", "import torch; from mixfit import GaussianMixture"


def measure() -> Repetitions:
    """The fits in turn in this process, then the imports in turn in new ones."""
    points = Gaussians(DIM, N_COMPONENTS, N_POINTS, n_val=1, n_test=1).load(0).train.points
    with own_threads():
        torch.set_num_threads(1)
        fits = race({ESTIMATOR: _timed(partial(_estimated, points)), CORE: _timed(partial(_bare, points))}, FITS)
    imports = race({code: partial(_process, code) for code in (TORCH, MIXFIT, CLASS)}, IMPORTS)
    return [{**row, "seed": 0} for row in fits + imports]


def table(repetitions: Repetitions) -> Table:
    """Milliseconds of each, and what is added to what stands before it."""
    rows = [
        _row(repetitions, CORE, None, None),
        _row(repetitions, ESTIMATOR, CORE, MOST_OVERHEAD),
        _row(repetitions, TORCH, None, None),
        _row(repetitions, MIXFIT, TORCH, MOST_IMPORT),
        _row(repetitions, CLASS, TORCH, None),
    ]
    notes = [
        f"Fits of N={N_POINTS}, D={DIM}, K={N_COMPONENTS} by EM from four starts on one thread, medians of {FITS} "
        f"rounds after a first fit, which imports Lightning; imports are medians of {IMPORTS} new processes each."
    ]
    return Table(("what", "milliseconds", "added to", "milliseconds added", "target", "met"), rows, notes)


def _row(repetitions: Repetitions, name: str, beside: str | None, most: float | None) -> tuple[str, ...]:
    seconds = median_of(repetitions, name)
    if beside is None:
        return (f"`{name}`" if "import" in name else name, f"{1000 * seconds:.1f}", "-", "-", "-", "-")
    added = seconds - median_of(repetitions, beside)
    target = ("-", "-") if most is None else (f"≤ {1000 * most:g}", met(added <= most))
    return (f"`{name}`", f"{1000 * seconds:.1f}", beside, f"{1000 * added:.1f}", *target)


def _timed(function: partial[None]) -> Contestant:
    return lambda _: {"seconds": seconds_of(function)}


def _estimated(points: Tensor) -> None:
    GaussianMixture(N_COMPONENTS, random_state=0).fit(points.numpy())


def _bare(raw: Tensor) -> None:
    standardization = Standardization.of(raw, Full.per_axis)
    mixture = Mixture(Full(N_COMPONENTS, DIM), 1e-6).to(raw.dtype)
    points, stopping, random = standardization(raw, raw), Aitken(), generator(0, 6)
    start_(mixture, points, Search(), generator=random)
    verdict = Verdict.BETTER
    while verdict is not Verdict.CONVERGED:
        statistics = mixture.statistics(points)
        mixture.maximize_(statistics)
        verdict = stopping.update(float(statistics.nll))


def _process(code: str, _: int) -> Repetition:
    return {"seconds": seconds_of(lambda: subprocess.run([sys.executable, "-c", code], check=True))}
