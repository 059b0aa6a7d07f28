"""Mini-batches of points that pass by: pieces in a random order, and rows shuffled within a buffer of several blocks.

A row can only meet those that are in the buffer with it, so a file that is sorted, with row groups much larger than the
buffer, makes batches that are less alike than those of points in memory. The order depends on the random numbers alone:
a fit that goes on sees what it would have seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

from mixfit.data.dataset import Part

BUFFER = 2**21
"""Numbers that are shuffled together: 16 MiB."""


def shuffled(blocks: Iterable[Part], size: int, order: torch.Generator, rank: int, n_ranks: int) -> Iterator[Part]:
    """Every `n_ranks`-th row, from `rank` on, of batches of `size` rows; the last batch has what is left."""
    held: list[Part] = []
    for block in blocks:
        held.append(block)
        if sum(len(part) for part in held) >= max(size, BUFFER // block.dim):
            mixed = _mixed(held, order)
            whole = len(mixed) // size * size
            yield from mixed.take(slice(whole)).batches(size, None, rank, n_ranks)
            held = [mixed.take(torch.arange(whole, len(mixed)))]  # a copy, that the rest may be forgotten
    if sum(len(part) for part in held):
        yield from _mixed(held, order).batches(size, None, rank, n_ranks)


def _mixed(held: list[Part], order: torch.Generator) -> Part:
    points = torch.cat([part.points for part in held])
    return Part(points[torch.randperm(len(points), generator=order)])
