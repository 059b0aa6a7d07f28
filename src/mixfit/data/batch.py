"""The points of one visit as a mixture looks at them: in its own coordinates, type and place, some at a time.

What is small is standardized once, however often it is looked at. What is not is standardized on the way, by the thread
that looks: a copy of the points would be as large as they are, and some of them in the cache cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mixfit.data.dataset import Blocks, Part
from mixfit.mixtures.moments import AT_ONCE, slices
from mixfit.mixtures.passes.one_pass import Block, unchanged

SHARE = 1 / 4
"""Of the free memory of an accelerator: so much may be filled with points, that they need to get there once only."""


class Batch:
    """A process's share of a batch; no collection, into which Lightning would look for tensors.

    Args:
        part: the points, in the data's units.
        standardized: takes points (n, D) to the mixture's coordinates, dtype and device.
    """

    def __init__(self, part: Blocks, standardized: Callable[[Tensor], Tensor] = unchanged) -> None:
        self.part = part
        self._standardized = standardized
        self._kept: list[Block] | None = None

    def blocks(self) -> Iterator[Block]:
        """All points, the same in every pass; at least one block, which may be empty."""
        if self._kept is None and self._fits:
            self._kept = [self._standardized_once(part) for part in self._parts()]
        if self._kept is None:
            return (Block(part.points, part.weights, self._standardized) for part in self._parts())
        return iter(self._kept)

    def seen_by(self, standardized: Callable[[Tensor], Tensor]) -> Batch:
        """The same points in the coordinates of a mixture."""
        return Batch(self.part, standardized)

    def _parts(self) -> Iterator[Part]:
        n_parts = 0
        for part in _large_slices(self.part) if isinstance(self.part, Part) else self.part.blocks():
            n_parts += 1
            yield part
        if not n_parts:
            yield Part(torch.empty(0, self.part.dim, dtype=torch.float64))

    def _standardized_once(self, part: Part) -> Block:
        points = self._standardized(part.points)
        return Block(points, None if part.weights is None else part.weights.to(points))

    @property
    def _fits(self) -> bool:
        """Whether all blocks can be kept where they are looked at."""
        if self.part.is_small:
            return True
        device = self._standardized(torch.zeros(1, self.part.dim, dtype=torch.float64)).device
        if device.type != "cuda" or not isinstance(self.part, Part):
            return False
        return self.part.points.nbytes <= SHARE * torch.cuda.mem_get_info(device)[0]


def _large_slices(part: Part) -> Iterator[Part]:
    """Points in memory need no copy, so a block may be as large as is still worth telling that it is done."""
    yield from map(part.take, slices(part.points, AT_ONCE))
