"""What does the loop around a step cost, where a step is as small as it gets?

The default bimodal job with stopping switched off, so that it takes exactly 1000 passes, against the same number of
steps of the same fitter in a plain `for`. Lightning's side is the whole of `trainer.fit`: starts, validation,
checkpoints, TensorBoard and progress bar. The plain loop comes in two: with the stopping rule, whose renewals of the
origin make its steps the very same, and without it, where nothing but steps is left. The target holds for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import torch
from omegaconf import OmegaConf
from torch import Tensor
from torch.optim import Optimizer

from mixfit.build import build_datamodule, build_module, build_trainer, numbers_per_pass
from mixfit.data.dataset import generator
from mixfit.effort import use_threads
from mixfit.mixtures.assignments import soft
from mixfit.mixtures.initializers.start import start_
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.standardization import Standardization
from mixfit.mixtures.statistics import Statistics
from mixfit.module import MixtureModule
from mixfit.optimizers import GradientFitter, Pass
from mixfit.tracking.progress import Progress
from mixfit.tracking.tensorboard import TensorBoard
from scripts.benchmarks.fits import composed, own_threads, quietly
from scripts.benchmarks.race import median_of, race, ratio_of, seconds_of
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met

TARGET = 2.0  # times the plain loop
ROUNDS = 7
PASSES = 1000
FIT, RULE, BARE = "trainer.fit", "plain loop with stopping rule", "plain loop"


def measure() -> Repetitions:
    """Seven rounds on one seed."""
    return race({FIT: _trainer_fit, RULE: lambda _: _plain(True), BARE: lambda _: _plain(False)}, ROUNDS)


def table(repetitions: Repetitions) -> Table:
    """Seconds of each loop, and how many times a plain one's Lightning takes."""
    rows = [
        (FIT, f"{median_of(repetitions, FIT):.3f}", "1", "-", "-"),
        *(_row(repetitions, name) for name in (RULE, BARE)),
    ]
    nll = {row["contestant"]: row["mean_nll"] for row in repetitions}
    apart = abs(nll[FIT] - nll[RULE])
    notes = [
        f"{PASSES} passes over 1000 points, Adam, data=bimodal. Threads: {repetitions[0]['threads']}. "
        f"{FIT} includes its starts, validation, checkpoints, TensorBoard and progress bar; a plain loop only steps.",
        f"With the stopping rule the steps are the same: over all passes the two mean NLLs differ by {apart:.1g}.",
    ]
    return Table(("loop", "seconds", f"{FIT} ÷ this", "target", "met"), rows, notes)


def _row(repetitions: Repetitions, plain: str) -> tuple[str, ...]:
    ratio = ratio_of(repetitions, FIT, plain)
    return plain, f"{median_of(repetitions, plain):.3f}", f"{ratio:.2f}", f"≤ {TARGET:g}", met(ratio <= TARGET)


def _trainer_fit(_: int) -> Repetition:
    config = composed("optimizer.tolerance=0", "optimizer.n_cuts=1000000000", f"trainer.max_epochs={PASSES}")
    with TemporaryDirectory() as name, quietly(), own_threads():
        folder, datamodule = Path(name), build_datamodule(config)
        use_threads(numbers_per_pass(config, datamodule))
        module = build_module(config, datamodule)
        callbacks = [Progress(PASSES, None), TensorBoard(folder, OmegaConf.to_yaml(config), None)]
        trainer = build_trainer(config, folder, module, datamodule, callbacks)
        seconds = seconds_of(lambda: trainer.fit(module, datamodule))
        return _repetition(seconds, [nll for _, nll in module.history["nll/train"]])


def _plain(with_rule: bool) -> Repetition:
    config = composed("optimizer.tolerance=0", "optimizer.n_cuts=1000000000")
    with own_threads():
        datamodule = build_datamodule(config)
        use_threads(numbers_per_pass(config, datamodule))
        module = build_module(config, datamodule)
        fitter, points, log_volume = _started(module, datamodule.dataset.train.points)
        optimizer = module.make_optimizer(fitter.mixture)
        nlls: list[float] = []
        seconds = seconds_of(lambda: nlls.extend(_steps(fitter, optimizer, points, with_rule)))
        return _repetition(seconds, [nll + log_volume for nll in nlls])


def _started(module: MixtureModule, raw: Tensor) -> tuple[GradientFitter, Tensor, float]:
    """The module's own start, without a trainer: the fitter, the standardized points and their log-volume."""
    standardization = Standardization.of(raw, module.family.per_axis)
    mixture = Mixture(module.family(module.n_components, raw.shape[1]), module.floor).to(raw.dtype)
    points, (n_starts, n_passes) = standardization(raw, raw), module.starts
    random = generator(module.seed, 6)
    start_(
        mixture,
        points,
        module.initializer,
        n_starts=n_starts,
        n_passes=n_passes,
        assignment=soft,
        generator=random,
    )
    return GradientFitter(mixture, module.stopping), points, standardization.log_volume


def _steps(fitter: GradientFitter, optimizer: Optimizer, points: Tensor, with_rule: bool) -> Iterator[float]:
    """The NLL of each pass, once it is over."""

    def look(components: Components | None) -> Statistics:
        return fitter.mixture.statistics(points, fitter.assign, components)

    for _ in range(PASSES):
        seen = Pass.of(fitter.visit(optimizer, optimizer, look, first=True))
        if with_rule:
            fitter.end_pass(optimizer, optimizer, seen, poorest=lambda n_points: points[:n_points])
        yield seen.nll


def _repetition(seconds: float, nlls: list[float]) -> Repetition:
    threads = torch.get_num_threads()
    return {"seconds": seconds, "passes": len(nlls), "mean_nll": fmean(nlls), "seed": 0, "threads": threads}
