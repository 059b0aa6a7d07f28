"""Statistics, or anything else, of all points by a plan: in one tensor, or in blocks that come one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from operator import add
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, log_sum, soft, soften_
from mixfit.mixtures.passes.chunks import panels
from mixfit.mixtures.passes.formulation import Formulation, LogJoint, Look, Sums, wide
from mixfit.mixtures.passes.rule import Plan
from mixfit.mixtures.statistics import Statistics

Into = Callable[[Tensor], Tensor]
"""Takes points (n, D) to a mixture's coordinates, dtype and device."""


def unchanged(points: Tensor) -> Tensor:
    """The points themselves."""
    return points


class Block(NamedTuple):
    """Some points of many.

    Attributes:
        points: (n, D), in whatever coordinates.
        weights: (n,), how often each counts; None for once.
        into: called with a panel at a time, in the thread that looks at it.
    """

    points: Tensor
    weights: Tensor | None = None
    into: Into = unchanged


class _Idle:
    """Looks that wait for the next panel, because their temporaries are dear to make."""

    def __init__(self, formulation: Formulation) -> None:
        self._formulation = formulation
        self._looks: list[Look] = []

    def get(self) -> Look:
        try:
            return self._looks.pop()  # which one thread at a time can do
        except IndexError:
            return self._formulation.look(self._formulation.rows)

    def put(self, look: Look) -> None:
        self._looks.append(look)


class _Panel(NamedTuple):
    """What a panel has come to: its sums, each mixture's log-likelihood, (…,), and how many points it holds, ()."""

    sums: Sums
    log_likelihood: Tensor
    n_points: Tensor

    def __add__(self, other: _Panel) -> _Panel:  # type: ignore[override]
        return _Panel(
            self.sums + other.sums, self.log_likelihood + other.log_likelihood, self.n_points + other.n_points
        )


def statistics(plan: Plan, blocks: Iterable[Block], assignment: Assignment, log_weights: Tensor) -> Statistics:
    """The statistics of all points in some blocks (at least one, which may be empty), which may be made on the way.

    Log-weights (R, K) say that the plan's components are R mixtures of K, each of which shares the points by itself.
    """
    formulation, idle = plan.formulation, _Idle(plan.formulation)

    @torch.no_grad()  # which a thread has to say for itself
    def panel(item: tuple[Block, list[slice]]) -> _Panel:
        block, chunks = item
        weights, look = block.weights, idle.get()
        dtype = wide(log_weights.device)
        log_likelihood = torch.zeros(log_weights.shape[:-1], dtype=dtype, device=log_weights.device)
        n_points = log_likelihood.new_zeros(())
        for chunk, inside in _inside(block, chunks):
            counts = None if weights is None else weights[chunk].to(inside)
            log_density = _look_at(look, inside, assignment, log_weights, counts)
            log_likelihood += log_density.sum(-1, dtype=dtype)
            n_points += len(inside) if counts is None else counts.sum()
        sums = look.take()
        idle.put(look)
        return _Panel(sums, log_likelihood, n_points)

    items = ((block, chunks) for block in blocks for chunks in panels(len(block.points), formulation.rows))
    total: _Panel = reduce(add, plan.spread(panel, items))
    return formulation.statistics(total.sums, total.n_points, total.log_likelihood)


def statistics_under(plan: Plan, points: Tensor, responsibilities: Tensor) -> Statistics:
    """The statistics of points (N, D) under given responsibilities (N, K), whatever a mixture says; no likelihood."""

    idle = _Idle(plan.formulation)

    @torch.no_grad()
    def panel(chunks: list[slice]) -> Sums:
        look = idle.get()
        for chunk in chunks:
            look.log_joint(points[chunk])
            look.add(responsibilities[chunk].T)
        sums = look.take()
        idle.put(look)
        return sums

    total: Sums = reduce(add, plan.spread(panel, panels(len(points), plan.formulation.rows)))
    nothing = torch.zeros((), dtype=wide(points.device), device=points.device)
    return plan.formulation.statistics(total, nothing + len(points), nothing)


def _inside(block: Block, chunks: list[slice]) -> Iterator[tuple[slice, Tensor]]:
    """The chunks of a panel, each with its points in the mixture's coordinates.

    These are made for all chunks at once: threads that make small operations mostly wait for each other.
    """
    begin, end = chunks[0].start, chunks[-1].stop
    inside = block.into(block.points[begin:end])
    return ((chunk, inside[chunk.start - begin : chunk.stop - begin]) for chunk in chunks)


def _look_at(look: Look, points: Tensor, assignment: Assignment, log_weights: Tensor, counts: Tensor | None) -> Tensor:
    """Adds a chunk to the sums; its log-densities (…, n), each times its count."""
    log_joint = look.log_joint(points)
    own = log_joint.own.unflatten(0, log_weights.shape)
    if assignment is soft:  # shares the exponentials with the log-density
        responsibilities, log_density = soften_(own)
    else:
        responsibilities, log_density = assignment(own, log_weights), log_sum(own)
    responsibilities, log_density = responsibilities.view_as(log_joint.own), log_joint.plus_common(log_density)
    if counts is None:
        look.add(responsibilities)
        return log_density
    look.add(responsibilities * counts)
    return log_density * counts


def by_chunk(plan: Plan, block: Block, function: Callable[[LogJoint], Tensor]) -> Tensor:
    """The function of the log-joint densities of a block's points, put together for all of them.

    It gives something for each of n points, and no view of the densities, which the next chunk overwrites.
    """
    if torch.is_grad_enabled() or not len(block.points):
        return _joined_by_chunk(plan, block, function)
    idle = _Idle(plan.formulation)
    one = function(plan.formulation.look(1).log_joint(block.into(block.points[:1])))
    found = one.new_empty(len(block.points), *one.shape[1:])  # small results between large temporaries tear memory

    @torch.no_grad()
    def panel(chunks: list[slice]) -> None:
        look = idle.get()
        for chunk, inside in _inside(block, chunks):
            found[chunk] = function(look.log_joint(inside))
        idle.put(look)

    deque(plan.spread(panel, panels(len(block.points), plan.formulation.rows)), maxlen=0)
    return found


def _joined_by_chunk(plan: Plan, block: Block, function: Callable[[LogJoint], Tensor]) -> Tensor:
    """The same where gradients flow, which have to know every chunk, or where there is no point to learn a shape of."""
    grad, idle = torch.is_grad_enabled(), _Idle(plan.formulation)

    def panel(chunks: list[slice]) -> list[Tensor]:
        with torch.set_grad_enabled(grad):
            look = idle.get()
            found = [function(look.log_joint(inside)) for _, inside in _inside(block, chunks)]
            idle.put(look)
            return found

    chunked = panels(len(block.points), plan.formulation.rows)
    return torch.cat([part for parts in plan.spread(panel, chunked) for part in parts])
