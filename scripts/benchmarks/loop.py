"""What does the loop around a step cost, where a step is as small as it gets, and where it is large?

The default bimodal job with stopping switched off, so that it takes exactly 1000 passes, against the same number of
steps of the same fitter in a plain `for`. Lightning's side is the whole of `trainer.fit`: a start without a search,
validation, checkpoints, TensorBoard and progress bar. The plain loop comes in two: with the stopping rule, whose
renewals of the origin make its steps the very same, and without it, where nothing but steps is left. The target holds
for both.

Where a step is large, what is left of the loop is checkpoints and Lightning itself. A start, which looks at 20,000
points many times, is then on both sides' clock; nothing is held out, for a plain loop would have to look at that, too;
and TensorBoard, whose first picture takes as long as a step, stays out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor
from torch.optim import Optimizer

from mixfit.build import build_datamodule, build_module, build_trainer, numbers_per_pass
from mixfit.data.dataset import Rows, generator
from mixfit.effort import use_threads
from mixfit.mixtures.initializers.start import start_
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.standardization import Standardization
from mixfit.mixtures.statistics import Statistics
from mixfit.module import MixtureModule
from mixfit.optimizers import GradientFitter, Pass
from mixfit.tracking.progress import Progress
from mixfit.tracking.tensorboard import TensorBoard
from scripts.benchmarks.fits import composed, own_threads, quietly
from scripts.benchmarks.race import Contestant, median_of, race, ratio_of, seconds_of
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met

TARGET = 1.5  # times the plain loop
TARGET_LARGE = 1.05
ROUNDS, ROUNDS_LARGE = 7, 6
FIT, RULE, BARE = "trainer.fit", "plain loop with stopping rule", "plain loop"
FIT_LARGE, RULE_LARGE = f"{FIT}, large steps", f"{RULE}, large steps"
FOREVER = ("optimizer.tolerance=0", "optimizer.n_cuts=1000000000")
BARE_START = "moves=none"
"""What a search takes depends on the data, and not on the loop."""


@dataclass(frozen=True)
class Job:
    """A fit that takes a given number of passes, as one types it; where it is large, starts are on every clock."""

    passes: int
    typed: tuple[str, ...] = ()
    is_large: bool = False

    @property
    def config(self) -> DictConfig:
        """What Hydra makes of it."""
        return composed(*self.typed, *FOREVER, BARE_START, f"trainer.max_epochs={self.passes}")


N_LARGE, DIM_LARGE, K_LARGE = 1_000_000, 16, 16
SMALL = Job(1000)
LARGE = Job(
    20,
    (
        *("data=gaussians", f"data.dim={DIM_LARGE}", f"data.n_components={K_LARGE}", f"data.n_samples={N_LARGE}"),
        *("data.n_val=0", "data.n_test=0", f"model.n_components={K_LARGE}"),
    ),
    is_large=True,
)


def measure() -> Repetitions:
    """Seven rounds of small steps and six of large ones, on one seed."""
    small = {FIT: _fit_of(SMALL), RULE: _plain(SMALL, True), BARE: _plain(SMALL, False)}
    large = {FIT_LARGE: _fit_of(LARGE), RULE_LARGE: _plain(LARGE, True)}
    return race(small, ROUNDS) + race(large, ROUNDS_LARGE)


def table(repetitions: Repetitions) -> Table:
    """Seconds of each loop, and how many times a plain one's Lightning takes."""
    rows = _rows(repetitions, FIT, (RULE, BARE), TARGET)
    notes = [
        f"{SMALL.passes} passes over 1000 points, Adam, data=bimodal. Threads: {repetitions[0]['threads']}. {FIT} "
        "includes its start (`moves=none`), validation, checkpoints, TensorBoard and progress bar; a plain loop only "
        "steps.",
        f"With the stopping rule the steps are the same: {_apart(repetitions, FIT, RULE)}.",
    ]
    if any(row["contestant"] == FIT_LARGE for row in repetitions):
        rows += _rows(repetitions, FIT_LARGE, (RULE_LARGE,), TARGET_LARGE)
        notes.append(
            f"Large: {LARGE.passes} passes over {N_LARGE:,} points, D={DIM_LARGE}, K={K_LARGE}, nothing held out; both "
            f"sides find their start themselves, and TensorBoard stays out. Threads: {repetitions[-1]['threads']}; "
            f"{sum(row['contestant'] == FIT_LARGE for row in repetitions)} rounds; "
            f"{_apart(repetitions, FIT_LARGE, RULE_LARGE)}."
        )
    return Table(("loop", "seconds", f"{FIT} ÷ this", "target", "met"), rows, notes)


def _apart(repetitions: Repetitions, *pair: str) -> str:
    nll = {row["contestant"]: row["mean_nll"] for row in repetitions}
    return f"over all passes the two mean NLLs differ by {abs(nll[pair[0]] - nll[pair[1]]):.1g}"


def _rows(repetitions: Repetitions, fit: str, plain: Sequence[str], most: float) -> list[tuple[str, ...]]:
    """Lightning's seconds, and beside them those of the plain loops of the same steps."""
    ratios = {name: ratio_of(repetitions, fit, name) for name in plain}
    seconds = {name: f"{median_of(repetitions, name):.3f}" for name in (fit, *plain)}
    judged = [(name, seconds[name], f"{x:.2f}", f"≤ {most:g}", met(x <= most)) for name, x in ratios.items()]
    return [(fit, seconds[fit], "1", "-", "-"), *judged]


def _fit_of(job: Job) -> Contestant:
    def run(_: int) -> Repetition:
        config = job.config
        with TemporaryDirectory() as name, quietly(), own_threads():
            folder, datamodule = Path(name), build_datamodule(config)
            use_threads(numbers_per_pass(config, datamodule))
            module = build_module(config, datamodule)
            board = [] if job.is_large else [TensorBoard(folder, OmegaConf.to_yaml(config), None)]
            trainer = build_trainer(config, folder, module, datamodule, [Progress(job.passes, None), *board])
            seconds = seconds_of(lambda: trainer.fit(module, datamodule))
            return _repetition(seconds, [nll for _, nll in module.history["nll/train"]])

    return run


def _plain(job: Job, with_rule: bool) -> Contestant:
    def run(_: int) -> Repetition:
        config = job.config
        with own_threads():
            datamodule = build_datamodule(config)
            use_threads(numbers_per_pass(config, datamodule))
            module = build_module(config, datamodule)
            began = time.perf_counter()
            fitter, points, log_volume = _started(module, datamodule.dataset.train)
            if not job.is_large:
                began = time.perf_counter()
            optimizer = module.make_optimizer(fitter.mixture)
            nlls = list(_steps(fitter, optimizer, points, job.passes, with_rule))
            return _repetition(time.perf_counter() - began, [nll + log_volume for nll in nlls])

    return run


def _started(module: MixtureModule, train: Rows) -> tuple[GradientFitter, Tensor, float]:
    """The module's own start, without a trainer: the fitter, the standardized points and their log-volume."""
    raw = train.points
    standardization = Standardization.of(raw, module.family.per_axis)
    mixture = Mixture(module.family(module.n_components, raw.shape[1]), module.floor).to(raw.dtype)
    start_(mixture, standardization(train.sample.points, raw), module.search, generator=generator(module.seed, 6))
    return GradientFitter(mixture, module.stopping), standardization(raw, raw), standardization.log_volume


def _steps(
    fitter: GradientFitter, optimizer: Optimizer, points: Tensor, passes: int, with_rule: bool
) -> Iterator[float]:
    """The NLL of each pass, once it is over."""

    def look(components: Components | None) -> Statistics:
        return fitter.mixture.statistics(points, fitter.assign, components)

    for _ in range(passes):
        seen = Pass.of(fitter.visit(optimizer, optimizer, look, first=True))
        if with_rule:
            fitter.end_pass(optimizer, optimizer, seen, poorest=lambda n_points: points[:n_points])
        yield seen.nll


def _repetition(seconds: float, nlls: list[float]) -> Repetition:
    threads = torch.get_num_threads()
    return {"seconds": seconds, "passes": len(nlls), "mean_nll": fmean(nlls), "seed": 0, "threads": threads}
