"""Steps of a torch optimizer along the gradient that the statistics of a batch give.

Torch's optimizers know nothing of a mixture. What they lack is added around them: units that follow the components, the
floor as a bound, a way back from steps that lead nowhere, and components that begin anew.
"""

from __future__ import annotations

import logging
from math import inf, isfinite
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from mixfit.errors import InputError
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.statistics import Statistics
from mixfit.optimizers.collapse import REMEDY, Poorest
from mixfit.optimizers.fitter import Fitter, Look, Pass, Steps
from mixfit.optimizers.stopping import Stopping, Verdict

log = logging.getLogger(__name__)

UNDONE = 30
"""How many steps into nowhere a fit may take: by then the rate has shrunk by a factor of 1e9 or more."""

LONGEST = 0.5
"""The longest step with a part of a stream, in the mixture's own units: about half the size of a component."""


class GradientFitter(Fitter):
    """One step of a torch optimizer per batch, and now and then a new origin.

    Whenever the passes stop helping, and after 4, 8, 16, ... passes in any case, the best parameters so far become the
    mixture's origin: the units of all offsets are then those of the components as they are now and not as they were
    at the start, and the optimizer begins anew in them. Measured on overlapping components this cuts the passes to a
    third or a quarter.

    A step that leads to a likelihood that is not finite is undone at the next look, with a smaller rate.
    """

    remedy = f"lower optimizer.lr, raise data.batch_size if it is small, {REMEDY}"
    MEMORY = ("n_passes", "n_undone", "began", "best", "lowest")

    def __init__(self, mixture: Mixture, stopping: Stopping, reseeds: bool = True, unit: float = 1.0) -> None:
        super().__init__(mixture, stopping, reseeds, unit)
        self.n_passes = 0
        self.began: list[Tensor] = []  # the parameters at the beginning of this pass
        self.best: list[Tensor] = []  # and of the best pass
        self.lowest = inf  # NLL, at the best

    def visit(self, optimizer: Optimizer, steps: Steps, look: Look, first: bool) -> Statistics:  # noqa: D102
        mixture = self.mixture
        looks: list[Statistics] = []

        def seen() -> tuple[Components, Statistics]:
            mixture.bound_()
            components = mixture.components
            return components, look(components)

        def loss() -> Tensor:
            components, statistics = seen()
            if looks and not isfinite(float(statistics.nll)):
                return self._wall(looks[0])
            while not isfinite(float(statistics.nll)):
                self._undo(optimizer, float(statistics.nll))
                components, statistics = seen()
            if first and not looks:
                self.began = self._offsets()
            looks.append(statistics)
            nll, offsets = mixture.nll(statistics, components), list(mixture.parameters())
            for offset, gradient in zip(offsets, torch.autograd.grad(nll, offsets), strict=True):
                offset.grad = mixture.along_floor(gradient) if offset is mixture.scale_offset else gradient
            return nll.detach()

        steps.step(closure=loss)
        return looks[0]

    def end_pass(self, optimizer: Optimizer, steps: Steps, seen: Pass, poorest: Poorest) -> Verdict:  # noqa: D102
        self.mixture.bound_()  # the last step may have left the floor, and no other may follow
        verdict = self.stopping.update(seen.nll)
        self.n_passes += 1
        if verdict is Verdict.BETTER or not self.best:
            self.best, self.lowest = self.began, seen.nll
        if verdict in (Verdict.CUT, Verdict.CONVERGED) or (self.n_passes >= 4 and self.n_passes.bit_count() == 1):
            self._renew(optimizer)
        if verdict is Verdict.CUT:
            self._slow_down(optimizer, self.stopping.cut)
            log.info("pass %d: NLL %.6g does not improve, rate times %g", self.n_passes, seen.nll, self.stopping.cut)
        if self.reseeds and verdict is Verdict.BETTER and self.collapses.mend_(seen.held, seen.n_points, poorest):
            self._begin_anew(optimizer)
        return verdict

    def _offsets(self) -> list[Tensor]:
        return [offset.detach().clone() for offset in self.mixture.parameters()]

    def _undo(self, optimizer: Optimizer, nll: float) -> None:
        """Goes back to the best parameters known; the momentum that led astray is forgotten, and the rate is cut."""
        self.n_undone += 1
        known = self.best or self.began
        if not known or self.n_undone > UNDONE or self._is_at(known):
            raise InputError(
                f"the likelihood became {nll}, and smaller steps did not cure it; raise model.floor, lower "
                "optimizer.lr or model.n_components, or leave out points that are far from all others"
            )
        cut = min(self.stopping.cut, 0.5)
        log.info("pass %d: a step led to an NLL of %s and is undone, rate times %g", self.n_passes + 1, nll, cut)
        self._go_to(known)
        optimizer.state.clear()
        self._slow_down(optimizer, cut)

    def _is_at(self, offsets: list[Tensor]) -> bool:
        return all(torch.equal(now, then) for now, then in zip(self.mixture.parameters(), offsets, strict=True))

    def _wall(self, last: Statistics) -> Tensor:
        """What a line search finds beyond all numbers: a loss too high to step there, and no slope."""
        for offset in self.mixture.parameters():
            offset.grad = torch.zeros_like(offset)
        return last.nll + 1e3 * (1 + last.nll.abs())

    @staticmethod
    def _slow_down(optimizer: Optimizer, cut: float) -> None:
        for group in optimizer.param_groups:
            group["lr"] *= cut

    def _begin_anew(self, optimizer: Optimizer) -> None:
        """Makes the parameters as they are the only ones that are known."""
        self.began, self.best, self.lowest = self._offsets(), [], inf
        optimizer.state.clear()
        self.stopping.forget()

    def follow(self, optimizer: Optimizer, look: Look, share: float) -> Statistics:
        """One step at the optimizer's rate times the share (Robbins & Monro 1951), from an origin that follows it."""
        if isinstance(optimizer, torch.optim.LBFGS):
            raise InputError(
                "optimizer=lbfgs: its line search needs all points at every step, and a stream shows only some; "
                "choose em, kmeans, adam, adamw, sgd or rmsprop"
            )
        rates = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            # SGD's rate is the length of EM's step; its momentum would add up 1/(1 - momentum) of them
            group["lr"] *= share * (1 - group["momentum"] if isinstance(optimizer, torch.optim.SGD) else 1)
        try:
            statistics = self.visit(optimizer, optimizer, look, first=True)
        except InputError as error:
            raise InputError(f"this part of the stream cannot be used: {error}") from error
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._shorten()
        self.mixture.bound_()
        self.mixture.set_(*self.mixture.components)
        return statistics

    @torch.no_grad()
    def _shorten(self) -> None:
        """Makes a step that few points and much momentum made too long no longer than `LONGEST` in any parameter."""
        longest = max(float(offset.abs().max()) for offset in self.mixture.parameters())
        if longest > LONGEST:
            for offset in self.mixture.parameters():
                offset.mul_(LONGEST / longest)

    @torch.no_grad()
    def settle_(self, nll: float) -> bool:  # noqa: D102
        if not self.lowest < nll:
            return False
        self._go_to(self.best)
        return True

    @torch.no_grad()
    def _go_to(self, offsets: list[Tensor]) -> None:
        for offset, then in zip(self.mixture.parameters(), offsets, strict=True):
            offset.copy_(then)
        self.mixture.bound_()

    @torch.no_grad()
    def _renew(self, optimizer: Optimizer) -> None:
        """Makes the best parameters the origin, where every offset is zero."""
        self._go_to(self.best)
        self.mixture.set_(*self.mixture.components)
        self.best = self._offsets()
        optimizer.state.clear()

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {**super().state_dict(), **{name: getattr(self, name) for name in self.MEMORY}}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        super().load_state_dict(state)
        for name in self.MEMORY:
            setattr(self, name, state[name])
