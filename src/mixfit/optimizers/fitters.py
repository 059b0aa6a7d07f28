"""How the batches of a pass become a change of the mixture: along a gradient, or to a maximum.

Both kinds look at a batch in the same way, through its statistics, and both are told when a pass over all training
points has ended. The loop around them, Lightning's or anybody's, needs to know nothing else.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf, isfinite
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer

from mixfit.errors import InputError
from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.statistics import Statistics
from mixfit.optimizers.closed_form import ClosedForm
from mixfit.optimizers.stopping import Stopping, Verdict

log = logging.getLogger(__name__)

EMPTY = 1e-9
"""A component that holds less than this share of the points holds nothing."""

LONGEST = 0.5
"""The longest step with a part of a stream, in the mixture's own units: about half the size of a component."""

Look = Callable[[Components | None], Statistics]
"""A pass over the batch at hand, over all processes, at the given or the current components."""

Poorest = Callable[[int], Tensor]
"""The n points where the density is lowest, (n, D): where a component without points may begin anew."""


class Steps(Protocol):
    """What a fitter needs of an optimizer: torch's own, or Lightning's wrapper that counts its steps."""

    def step(self, closure: Any = None) -> Any:
        """Takes one step."""
        ...


class Fitter(ABC):
    """Moves one mixture.

    Args:
        mixture: changed in place.
        stopping: judges every pass.
    """

    assign: Assignment = staticmethod(soft)

    def __init__(self, mixture: Mixture, stopping: Stopping) -> None:
        self.mixture = mixture
        self.stopping = stopping

    @abstractmethod
    def visit(self, optimizer: Optimizer, steps: Steps, look: Look, first: bool) -> Statistics:
        """Uses one batch, the first of a pass or a later one; returns its statistics at the parameters it found."""

    @abstractmethod
    def end_pass(self, optimizer: Optimizer, steps: Steps, nll: float, poorest: Poorest) -> Verdict:
        """Acts on a whole pass, whose batches had the given mean NLL in nats, and says whether another is needed."""

    @abstractmethod
    def follow(self, optimizer: Optimizer, look: Look, share: float) -> Statistics:
        """Uses a part of a stream of points that may never come again; returns its statistics.

        Args:
            optimizer: takes the step.
            look: a pass over this part.
            share: in (0, 1]: how much of what is known from now on should come from this part.
        """

    @abstractmethod
    def settle_(self, nll: float) -> bool:
        """Goes back to the best parameters seen if they were better than those now, which have the given NLL.

        Returns whether that changed anything. The NLL is in nats per point, in the mixture's coordinates.
        """

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers and tensors for a checkpoint."""
        return {"stopping": self.stopping.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes them up again."""
        self.stopping.load_state_dict(state["stopping"])


class GradientFitter(Fitter):
    """One step of a torch optimizer per batch, and now and then a new origin.

    Whenever the passes stop helping, and after 4, 8, 16, ... passes in any case, the best parameters so far become the
    mixture's origin: the units of all offsets are then those of the components as they are now and not as they were
    at the start, and the optimizer begins anew in them. Measured on overlapping components this cuts the passes to a
    third or a quarter; and a step into nowhere is undone.
    """

    def __init__(self, mixture: Mixture, stopping: Stopping) -> None:
        super().__init__(mixture, stopping)
        self.n_passes = 0
        self.began: list[Tensor] = []  # the parameters at the beginning of this pass
        self.best: list[Tensor] = []  # and of the best pass
        self.lowest = inf  # NLL, at the best

    def visit(self, optimizer: Optimizer, steps: Steps, look: Look, first: bool) -> Statistics:  # noqa: D102
        mixture = self.mixture
        if first:
            self.began = [offset.detach().clone() for offset in mixture.parameters()]
        looks: list[Statistics] = []

        def loss() -> Tensor:
            mixture.bound_()
            components = mixture.components
            looks.append(look(components))
            nll = mixture.nll(looks[-1], components)
            offsets = list(mixture.parameters())
            for offset, gradient in zip(offsets, torch.autograd.grad(nll, offsets), strict=True):
                offset.grad = gradient
            return nll.detach()

        steps.step(closure=loss)
        return looks[0]

    def end_pass(self, optimizer: Optimizer, steps: Steps, nll: float, poorest: Poorest) -> Verdict:  # noqa: D102
        verdict = self.stopping.update(nll)
        self.n_passes += 1
        if verdict is Verdict.BETTER or not self.best:
            self.best, self.lowest = self.began, nll
        if verdict is Verdict.CONVERGED and not isfinite(nll):
            raise InputError(
                f"the likelihood became {nll}, and smaller steps did not cure it; "
                "lower optimizer.lr, raise model.floor or lower model.n_components"
            )
        if verdict in (Verdict.CUT, Verdict.CONVERGED) or (self.n_passes >= 4 and self.n_passes.bit_count() == 1):
            self._renew(optimizer)
        if verdict is Verdict.CUT:
            for group in optimizer.param_groups:
                group["lr"] *= self.stopping.cut
            log.info("pass %d: NLL %.6g does not improve, rate times %g", self.n_passes, nll, self.stopping.cut)
        return verdict

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
        statistics = self.visit(optimizer, optimizer, look, first=True)
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
        self._go_to_best()
        return True

    def _go_to_best(self) -> None:
        for offset, best in zip(self.mixture.parameters(), self.best, strict=True):
            offset.copy_(best)
        self.mixture.bound_()

    @torch.no_grad()
    def _renew(self, optimizer: Optimizer) -> None:
        """Makes the best parameters the origin, where every offset is zero."""
        self._go_to_best()
        self.mixture.set_(*self.mixture.components)
        self.best = [torch.zeros_like(offset) for offset in self.mixture.parameters()]
        optimizer.state.clear()

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        memory = {"n_passes": self.n_passes, "began": self.began, "best": self.best, "lowest": self.lowest}
        return {**super().state_dict(), **memory}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        super().load_state_dict(state)
        self.n_passes, self.began, self.best = state["n_passes"], state["began"], state["best"]
        self.lowest = state["lowest"]


class ClosedFormFitter(Fitter):
    """Gathers the statistics of a pass and steps once; a component that was left with nothing begins anew.

    Args:
        mixture: changed in place.
        stopping: judges every pass.
        assign: how points are shared.
        reseeds: whether such a component begins anew at all; without, a pass is a plain step and nothing else.
    """

    def __init__(self, mixture: Mixture, stopping: Stopping, assign: Assignment, reseeds: bool = True) -> None:
        super().__init__(mixture, stopping)
        self.assign = assign
        self.reseeds = reseeds
        self.n_reseeded = 0

    def visit(self, optimizer: Optimizer, steps: Steps, look: Look, first: bool) -> Statistics:  # noqa: D102
        statistics = look(None)
        _closed_form(optimizer).observe(statistics)
        return statistics

    def end_pass(self, optimizer: Optimizer, steps: Steps, nll: float, poorest: Poorest) -> Verdict:  # noqa: D102
        closed_form = _closed_form(optimizer)
        gathered, objective = closed_form.gathered, closed_form.objective()
        empty = gathered.count < EMPTY * gathered.n_points
        if not isfinite(objective):
            raise InputError(
                f"the likelihood became {objective}: a component has collapsed; "
                "raise model.floor or lower model.n_components"
            )
        steps.step()
        if self.reseeds and empty.any() and self.n_reseeded < len(empty):
            self._reseed(empty.nonzero().flatten(), poorest)
            return Verdict.BETTER
        return self.stopping.update(objective)

    def follow(self, optimizer: Optimizer, look: Look, share: float) -> Statistics:
        """Online EM (Cappé & Moulines 2009): the M-step under (1 - share) · old + share · new statistics per point.

        The old ones need no memory: the parameters are the maximum under their own expected statistics. With the
        assignment of k-means it is online k-means.
        """
        new = look(None)
        if not isfinite(float(new.nll)):
            raise InputError(
                f"this part of the stream has a likelihood of {float(new.nll)}; leave out points that are far from all "
                "others, or raise model.floor"
            )
        _closed_form(optimizer).observe(
            self.mixture.expected_statistics() * (1 - share) + new * (share / float(new.n_points))
        )
        optimizer.step()
        return new

    def settle_(self, nll: float) -> bool:
        """Every step of a closed form is the best so far."""
        return False

    def _reseed(self, chosen: Tensor, poorest: Poorest) -> None:
        """Moves components that held nothing to where the density is poorest; at most K times in a fit."""
        points = poorest(len(chosen))
        self.mixture.reseed_(chosen[: len(points)], points)
        self.n_reseeded += len(chosen)
        self.stopping.forget()
        log.info("components %s held no points and begin anew where the density is poorest", chosen.tolist())

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {**super().state_dict(), "n_reseeded": self.n_reseeded}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        super().load_state_dict(state)
        self.n_reseeded = state["n_reseeded"]


def _closed_form(optimizer: Optimizer) -> ClosedForm:
    if not isinstance(optimizer, ClosedForm):
        raise TypeError(f"{type(optimizer).__name__} steps along a gradient and has no closed form")
    return optimizer
