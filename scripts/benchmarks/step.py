"""What does a gradient step cost beside an EM step on the same rows?

A gradient step is the fitter's visit to a batch: a pass of statistics, the loss, its gradient, a step of Adam. An EM
step is a pass of statistics and the maximum under them. scikit-learn's E-step and M-step, which are private methods
of its mixture, stand beside them for information. All run on one thread, where timings are calm, and on as many as
torch takes by default.

What one writes down first is a step of Adam on torch's `MixtureSameFamily` of `MultivariateNormal`s, whose parameters
are logits, means and Cholesky factors. It races where its N·K·D numbers fit well, once both NLLs have been compared.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import deepcopy

import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits
from torch import Tensor

from mixfit.data.dataset import generator
from mixfit.data.gaussians import Gaussians
from mixfit.mixtures.covariances import Full
from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.initializers.start import begin_
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.passes.chunks import threads_for_passes_alone
from mixfit.mixtures.standardization import Standardization
from mixfit.mixtures.statistics import Statistics
from mixfit.optimizers import EM, Aitken, ClosedFormFitter, GradientFitter, Plateau
from mixfit.optimizers.fitter import Look
from scripts.benchmarks.autograd_step import AGREE, AutogradStep
from scripts.benchmarks.fits import own_threads
from scripts.benchmarks.race import Contestant, median_of, race, ratio_of, seconds_of
from scripts.benchmarks.result import Repetitions
from scripts.benchmarks.table import Table, met

TARGET = 1.3  # times an EM step
LEAST_FASTER = 10.0  # times as fast as autograd through torch's own mixture
N_POINTS = (20_000, 100_000)
FEW = N_POINTS[0]
DIM, N_COMPONENTS = 16, 32
ROUNDS, STEPS = 5, 5
FLOOR = 1e-6
GRADIENT, CLOSED, SKLEARN, AUTOGRAD = "gradient step", "EM step", "scikit-learn", "autograd step"


def measure() -> Repetitions:
    """Five rounds for each number of points and of threads."""
    all_threads = torch.get_num_threads()
    return [
        {**row, "n_points": n_points, "threads": threads, "seed": 0}
        for n_points in N_POINTS
        for threads in sorted({1, all_threads})
        for row in _raced(n_points, threads)
    ]


def table(repetitions: Repetitions) -> Table:
    """Milliseconds of each step, and the ratios."""
    headings = (
        *("N", "threads", f"{GRADIENT}, ms", f"{CLOSED}, ms", "ratio", "target", "met"),
        *("scikit-learn, ms", f"in {CLOSED}s"),
        *(f"{AUTOGRAD}, ms", f"in {GRADIENT}s", "target", "met"),
    )
    notes = [
        f"D={DIM}, K={N_COMPONENTS}, covariance=full, float64; {ROUNDS} rounds of {STEPS} steps each, ours as a "
        "fit takes them, with torch's own threads at rest.",
        f"{SKLEARN}: its E-step and M-step, and their time in {CLOSED}s of ours.",
        f"{AUTOGRAD}: Adam on torch's MixtureSameFamily(Categorical, MultivariateNormal) with Cholesky factors, and "
        f"its time in {GRADIENT}s of ours; at N={FEW:,} alone. Both NLLs agree to {AGREE:g} before it is timed.",
    ]
    races = sorted({(row["n_points"], row["threads"]) for row in repetitions})
    rows = [_row([row for row in repetitions if (row["n_points"], row["threads"]) == race]) for race in races]
    return Table(headings, rows, notes)


def _row(rows: Repetitions) -> tuple[str, ...]:
    ratio = ratio_of(rows, GRADIENT, CLOSED)
    return (
        f"{rows[0]['n_points']:,}",
        str(rows[0]["threads"]),
        *(f"{1000 * median_of(rows, name):.1f}" for name in (GRADIENT, CLOSED)),
        *(f"{ratio:.2f}", f"≤ {TARGET}", met(ratio <= TARGET)),
        f"{1000 * median_of(rows, SKLEARN):.1f}",
        f"{ratio_of(rows, SKLEARN, CLOSED):.2f}",
        *_autograd(rows),
    )


def _autograd(rows: Repetitions) -> tuple[str, ...]:
    if AUTOGRAD not in {row["contestant"] for row in rows}:
        return ("-",) * 4
    ratio = ratio_of(rows, AUTOGRAD, GRADIENT)
    return (
        f"{1000 * median_of(rows, AUTOGRAD):.1f}",
        f"{ratio:.1f}",
        f"≥ {LEAST_FASTER:g}",
        met(ratio >= LEAST_FASTER),
    )


def _raced(n_points: int, threads: int) -> Repetitions:
    with own_threads(), threadpool_limits(threads):  # NumPy's BLAS keeps threads of its own
        torch.set_num_threads(threads)
        return race(_contestants(n_points), ROUNDS)


def _contestants(n_points: int) -> dict[str, Contestant]:
    raw = Gaussians(DIM, N_COMPONENTS, n_points, n_val=1, n_test=1).load(0).train.points
    points = Standardization.of(raw, Full.per_axis)(raw, raw)
    mixture = Mixture(Full(N_COMPONENTS, DIM), FLOOR).to(points.dtype)
    begin_(mixture, points, kmeans_plusplus, generator(0, 6))
    steps = {
        GRADIENT: _gradient_step(deepcopy(mixture), points),
        CLOSED: _em_step(deepcopy(mixture), points),
        SKLEARN: _sklearn_step(mixture, points),
    }
    if n_points == FEW:
        steps[AUTOGRAD] = AutogradStep(mixture, points).step
    return {name: _timed(step) for name, step in steps.items()}


def _timed(step: Callable[[], object]) -> Contestant:
    def steps() -> None:
        for _ in range(STEPS):
            step()

    return lambda _: {"seconds": seconds_of(steps) / STEPS}


def _gradient_step(mixture: Mixture, points: Tensor) -> Callable[[], object]:
    fitter = GradientFitter(mixture, Plateau())
    optimizer = torch.optim.Adam(mixture.parameters(), lr=0.1, eps=0.05, fused=True)

    @threads_for_passes_alone()
    def step() -> None:
        fitter.visit(optimizer, optimizer, _look(mixture, points), first=True)

    return step


def _em_step(mixture: Mixture, points: Tensor) -> Callable[[], object]:
    optimizer = EM(mixture)
    fitter = ClosedFormFitter(mixture, Aitken(), EM.assign)

    @threads_for_passes_alone()
    def step() -> None:
        fitter.visit(optimizer, optimizer, _look(mixture, points), first=True)
        optimizer.step()

    return step


def _look(mixture: Mixture, points: Tensor) -> Look:
    def look(components: Components | None) -> Statistics:
        return mixture.statistics(points, components=components)

    return look


def _sklearn_step(mixture: Mixture, points: Tensor) -> Callable[[], object]:
    log_weights, means, scale = (tensor.detach() for tensor in mixture.components)
    theirs = GaussianMixture(
        N_COMPONENTS,
        reg_covar=FLOOR,
        max_iter=1,
        weights_init=log_weights.exp().numpy(),
        means_init=means.numpy(),
        precisions_init=mixture.covariance.dense(scale).inverse().numpy(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one iteration is all it may take
        theirs.fit(points.numpy())

    def step() -> None:
        _, log_responsibilities = theirs._e_step(points.numpy())
        theirs._m_step(points.numpy(), log_responsibilities)

    return step
