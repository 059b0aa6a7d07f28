"""The LightningModule: one training step, one validation and one test, whatever the optimizer.

A visit to a batch takes one pass of statistics over it, summed over the processes. Torch's optimizers get a loss whose
gradient comes from those statistics; closed-form optimizers gather them and step when the pass is complete. Because
the gradient is made from sums that all processes share, every process takes the same step and none has to average.

The loop is manual so that a full batch can be visited many times in one call: around a step of half a millisecond
Lightning's own epoch would cost several times the step. A pass means all training points once, whatever happens
inside, and passes are what `max_passes`, the stopping rules and every curve count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim import Optimizer

from mixfit.counted import Counted
from mixfit.data.batch import Batch
from mixfit.data.dataset import Part, Rows, generator
from mixfit.data.module import MixtureDataModule
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.density import Density
from mixfit.mixtures.initializers.start import move_on_, start_
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.passes.chunks import threads_for_passes_alone
from mixfit.mixtures.passes.one_pass import Block
from mixfit.mixtures.poorest import poorest_places
from mixfit.mixtures.search import Found, Landscape, Search
from mixfit.mixtures.standardization import COARSE, Standardization, column_of_rounding
from mixfit.mixtures.statistics import Statistics, weight_of_one
from mixfit.optimizers import ClosedForm, ClosedFormFitter, Fitter, GradientFitter, Plateau, Seen, Stopping, Verdict

DTYPES = {"64-true": torch.float64, "32-true": torch.float32}
"""Lightning's precisions that a likelihood survives; half precision has three digits."""

LEFT, LEFT_BY_BATCHES = 1e-4, 5e-3
"""A fit that stops is not at a maximum if a step of EM would still gain more than this, in nats per point; batches
leave it in a cloud around one."""


def adam(mixture: Mixture) -> Optimizer:
    """Adam in the mixture's own units: a step is at most a tenth of a component, and shrinks with the gradient."""
    return torch.optim.Adam(mixture.parameters(), lr=0.1, eps=0.05)


class MixtureModule(LightningModule):
    """Fits a mixture to the training points of a `MixtureDataModule`.

    Args:
        n_components: K, at least one.
        covariance: the family.
        optimizer: makes the optimizer from the mixture.
        stopping: when the fit is finished; `Plateau` for gradients, `Aitken` for closed forms.
        search: for the place where the fit begins.
        floor: the smallest variance of a component in any direction, relative to the data's.
        adjust: changes the start in place, in the data's units; None leaves it as it is.
        start_is_given: whether `adjust` says all that there is to say: then no start is drawn, and nothing moves it
            unless `search.patience` asks for that.
        reseeds: whether components that collapse begin anew.
        max_passes: how many passes to make at most; None leaves it to the trainer's `max_epochs`.
        passes_per_visit: how often a full batch is used before Lightning looks up again.
        batches_per_step: of how many batches the points make one step of a gradient optimizer.
        seed: of the starts.
    """

    def __init__(
        self,
        n_components: int = 2,
        covariance: type[Covariance] = Full,
        optimizer: Callable[[Mixture], Optimizer] = adam,
        stopping: Stopping | None = None,
        search: Search | None = None,
        floor: float = 1e-6,
        adjust: Callable[[Density], None] | None = None,
        start_is_given: bool = False,
        reseeds: bool = True,
        max_passes: int | None = None,
        passes_per_visit: int = 1,
        batches_per_step: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.n_components = n_components
        self.family = covariance
        self.make_optimizer = optimizer
        self.stopping = stopping or Plateau()
        self.search = search or Search()
        self.floor = floor
        self.adjust = adjust
        self.start_is_given = start_is_given
        self.reseeds = reseeds
        self.max_passes = max_passes
        self.passes_per_visit = passes_per_visit
        self.batches_per_step = batches_per_step
        self.seed = seed
        self.landscape: Landscape | None = None  # what the search has seen
        self.history: dict[str, list[tuple[float, float]]] = {"nll/train": [], "nll/val": []}  # (passes, nats)
        self.stopped = False  # by its own rule
        self.converged = False  # and at a maximum
        self.gain_left = 0.0  # of a step of EM when it stopped
        self.seen = Seen()  # the pass under way
        self.kept: list[Batch] = []  # batches that wait for the end of the pass
        self.held_out = Seen()  # the validation or test under way
        self.rows = 0.0  # looked at since the fit began, counted with their weights
        self.looked: Callable[[int], None] = _ignored  # told of every block that the fit looks at: how many rows it has

    density: Density
    fitter: Fitter

    def forward(self, points: Tensor) -> Tensor:
        """log p(x) in nats, (N,), of points in the data's units."""
        return self.density.log_density(points)

    @property
    def passes(self) -> float:
        """How many times the fit has looked at all training points; a line search looks several times a step."""
        return self.passes_of(self.rows)

    def passes_of(self, rows: float) -> float:
        """How many passes it takes to look at so many rows, rounded because weights add up with rounding errors."""
        return round(rows / self.datamodule.dataset.train.total_weight, 9)

    # Before the fit

    def setup(self, stage: str) -> None:
        """Puts the mixture at its start, unless it already has one; of a fit that goes on the checkpoint knows it."""
        if "density" not in self._modules:
            goes_on = stage == "fit" and self.trainer.ckpt_path is not None
            self.begin(self.datamodule.dataset.train, self._real_dtype(), searches=not goes_on)

    def begin(self, train: Rows, dtype: torch.dtype, searches: bool = True) -> None:
        """Makes a mixture of numbers of this type, and puts it at the best start for these points."""
        self._check(train)
        standardization = Standardization.of_moments(train.weighted_moments, self.family.per_axis)
        mixture = Mixture(self.family(self.n_components, train.dim), self.floor).to(dtype)
        self.begin_at(Density(mixture, standardization), train.sample.weights)
        if searches and not self.start_is_given:
            self._begin_by(start_, train)
        if self.adjust:
            self.adjust(self.density)
        if searches and self.start_is_given:
            self._begin_by(move_on_, train)

    def _begin_by(self, begin: Callable[..., Found | None], train: Rows) -> None:
        points, weights = self.density.standardized(train.sample.points), train.sample.weights
        random = generator(self.seed, 6)
        with threads_for_passes_alone():
            found = begin(
                *(self.density.mixture, points, self.search),
                generator=random,
                assignment=self.fitter.assign,
                weights=weights,
            )
        self.landscape = None if found is None else found.landscape

    def begin_at(self, density: Density, weights: Tensor | None = None) -> None:
        """Takes a density as it is, its standardization included, as where the fit begins; the floor may raise it.

        The weights (N,) of the points say what counts as one.
        """
        self.density = density
        density.mixture.bound_()
        self.fitter = self._make_fitter(density.mixture, weight_of_one(weights))

    def _make_fitter(self, mixture: Mixture, unit: float) -> Fitter:
        make = self.make_optimizer
        if isinstance(make, type) and issubclass(make, ClosedForm):
            return ClosedFormFitter(mixture, self.stopping, make.assign, self.reseeds, unit)
        return GradientFitter(mixture, self.stopping, self.reseeds, unit)

    def configure_optimizers(self) -> Optimizer:
        """The optimizer, made from the mixture at its start."""
        return self.make_optimizer(self.density.mixture)

    # The fit

    def on_train_start(self) -> None:
        """A fit that was over when it was cut off is not gone on with."""
        self.trainer.should_stop = self._is_over
        on_disk = not isinstance(self.datamodule.dataset.train, Part)
        if on_disk and self._searches_along_lines and self.trainer.num_training_batches > 1:
            raise InputError(
                f"data.batch_size={self.datamodule.batch_size}: a search along a line looks at all points several "
                "times, and batches of points that stay on disk pass by once; set data.batch_size=null, with which "
                "they pass by for every look, or choose optimizer=em"
            )

    @threads_for_passes_alone()
    def training_step(self, batch: Batch, batch_index: int) -> None:
        """Visits a batch; a full batch as often as `passes_per_visit` says, unless the fit is finished before.

        Batches are kept until there are enough for a step; a line search, which compares values of one objective, needs
        all of them.
        """
        last = self.trainer.is_last_batch
        self.kept.append(batch)
        if not last and (len(self.kept) < self.batches_per_step or self._searches_along_lines):
            return
        batches, self.kept = self.kept, []
        for _ in range(self.passes_per_visit if self.trainer.num_training_batches == 1 else 1):
            self._visit(batches)
            if last and self._end_pass():
                self.trainer.should_stop = True
                break
        if last:
            self.log("nll/train", self.history["nll/train"][-1][1], on_step=True, on_epoch=False)

    def _visit(self, batches: list[Batch]) -> None:
        optimizer = self._optimizer

        def look(components: Components | None) -> Statistics:
            return self._statistics(batches, components)

        statistics = self.fitter.visit(optimizer.optimizer, Counted(optimizer), look, first=self.seen.n_points == 0)
        self.seen.add(statistics)

    def _end_pass(self) -> bool:
        """Books the pass and lets the fitter act on it; returns whether it was the last one."""
        seen, self.seen = self.seen.as_pass(), Seen()
        self.history["nll/train"].append((self.passes, seen.nll + self.density.standardization.log_volume))
        optimizer = self._optimizer
        verdict = self.fitter.end_pass(optimizer.optimizer, Counted(optimizer), seen, self._poorest)
        self.stopped = verdict is Verdict.CONVERGED
        self.converged = self.stopped and self._has_arrived()
        return self._is_over

    def _has_arrived(self) -> bool:
        """Whether a fit that has stopped is at a maximum: with next to no rate it does not move, and stops too."""
        if isinstance(self.fitter, ClosedFormFitter):
            return True
        train, mixture = Batch(self.datamodule.dataset.train, self.density.standardized), self.density.mixture
        self.gain_left = mixture.em_gain(mixture.statistics_of(train.blocks()))
        return self.gain_left <= (LEFT if self._looks_at_all else LEFT_BY_BATCHES)

    @property
    def _looks_at_all(self) -> bool:
        """Whether every step follows from all training points."""
        one_step = self.trainer.num_training_batches <= self.batches_per_step
        return one_step or self._searches_along_lines

    @property
    def _searches_along_lines(self) -> bool:
        return isinstance(self._optimizer.optimizer, torch.optim.LBFGS)

    @property
    def doubt(self) -> str | None:
        """What a user should know of the fit as it ended, as a sentence."""
        if self.stopped and not self.converged:
            rate = self.learning_rate
            return (
                f"the fit has stopped, but one step of EM would still gain {self.gain_left:.2g} nats per point; the "
                f"rate ended at {rate:.2g}: change optimizer.lr" + ("" if self._looks_at_all else " or data.batch_size")
            )
        return None

    def _poorest(self, n_places: int) -> Tensor:
        """Where the training points are described worst, the same in all processes, which all have them."""
        points = self.datamodule.dataset.train.sample.points
        return poorest_places(self.density.mixture, self.density.standardized(points), n_places)

    @property
    def _is_over(self) -> bool:
        return self.stopped or (self.max_passes is not None and self.passes >= self.max_passes)

    def _statistics(self, batches: list[Batch], components: Components | None = None) -> Statistics:
        """The statistics of these batches over all processes, which meet once however many blocks each looks at."""

        statistics = self.density.mixture.statistics_of(self._blocks(batches), self.fitter.assign, components)
        if self.trainer.world_size > 1:
            symmetric = self.density.mixture.covariance.triangular
            statistics = statistics.summed(lambda part: self.trainer.strategy.reduce(part, reduce_op="sum"), symmetric)
        self.rows += float(statistics.n_points)
        return statistics

    def _blocks(self, batches: list[Batch]) -> Iterator[Block]:
        for batch in batches:
            for block in batch.blocks():
                yield block
                self.looked(len(block.points))

    @property
    def gradient_norm(self) -> Tensor | None:
        """Of the NLL per point in the mixture's own units; None where no gradient is taken."""
        gradients = [offset.grad.flatten() for offset in self.density.mixture.parameters() if offset.grad is not None]
        return torch.cat(gradients).norm() if gradients else None

    @property
    def learning_rate(self) -> float | None:
        """The rate now; None where there is none."""
        return self._optimizer.param_groups[0].get("lr")

    # Held-out points

    def on_validation_model_zero_grad(self) -> None:
        """Keeps the gradients, which are no larger than the parameters: their norm is logged after validation."""

    def on_validation_epoch_start(self) -> None:  # noqa: D102
        self.held_out = Seen()

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Adds a batch to the validation NLL."""
        self._hold_out(batch)

    def on_validation_epoch_end(self) -> None:  # noqa: D102
        nll = self._held_out_nll()
        self.history["nll/val"].append((self.passes, nll))
        self.log("nll/val", nll)

    def on_test_epoch_start(self) -> None:  # noqa: D102
        self.held_out = Seen()

    def test_step(self, batch: Batch, batch_index: int) -> None:
        """Adds a batch to the test NLL."""
        self._hold_out(batch)

    def on_test_epoch_end(self) -> None:  # noqa: D102
        self.log("nll/test", self._held_out_nll())

    def _hold_out(self, batch: Batch) -> None:
        self.held_out.add(self.density.mixture.statistics_of(batch.blocks()))

    def _held_out_nll(self) -> float:
        """In the data's units, over all processes' points."""
        sums = torch.tensor([self.held_out.log_likelihood, self.held_out.n_points], dtype=torch.float64)
        if self.trainer.world_size > 1:
            sums = self.trainer.strategy.reduce(sums, reduce_op="sum")
        return float(-sums[0] / sums[1]) + self.density.standardization.log_volume

    # Checkpoints: plain numbers and tensors only, so that they load with weights_only=True

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what a resumed fit needs beside parameters and optimizer."""
        checkpoint["fit"] = {
            "history": self.history,
            "rows": self.rows,
            "landscape": None if self.landscape is None else asdict(self.landscape),
            "stopped": self.stopped,
            "converged": self.converged,
            "gain_left": self.gain_left,
            "fitter": self.fitter.state_dict(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes it up again."""
        fit = checkpoint["fit"]
        self.history, self.rows = fit["history"], fit["rows"]
        self.landscape = None if fit["landscape"] is None else Landscape(**fit["landscape"])
        self.stopped, self.converged, self.gain_left = fit["stopped"], fit["converged"], fit["gain_left"]
        self.fitter.load_state_dict(fit["fitter"])

    # Inside

    @property
    def _optimizer(self) -> LightningOptimizer:
        """Lightning's wrapper, which counts the steps."""
        optimizer = self.optimizers()
        if not isinstance(optimizer, LightningOptimizer):
            raise TypeError("a mixture is fitted by one optimizer")
        return optimizer

    @property
    def datamodule(self) -> MixtureDataModule:
        """The points being fitted."""
        datamodule = getattr(self.trainer, "datamodule", None)
        if not isinstance(datamodule, MixtureDataModule):
            raise InputError("a mixture starts from its data: call Trainer().fit(module, MixtureDataModule(...))")
        return datamodule

    def _real_dtype(self) -> torch.dtype:
        precision = str(self.trainer.precision)
        if precision not in DTYPES:
            raise InputError(
                f"trainer.precision={precision}: a likelihood needs the digits of {' or '.join(DTYPES)}; choose one"
            )
        return DTYPES[precision]

    def _check(self, train: Rows) -> None:
        if self.n_components < 1:
            raise InputError(f"model.n_components={self.n_components}: a mixture has at least one component")
        if len(train) < self.n_components:
            raise InputError(
                f"{len(train)} training points cannot hold {self.n_components} components: each needs at least one; "
                "lower model.n_components or give more points"
            )
        if column := column_of_rounding(train.moments):
            axis, value = column
            raise InputError(
                f"column {axis} (counted from 0) has values near {value:.6g} and varies by less than {COARSE} times "
                "what float64 can tell apart there, so its digits are rounding errors; subtract a constant from it "
                "where its digits are still known, or leave it out"
            )


def _ignored(n_rows: int) -> None:
    """What nobody wants to know."""
