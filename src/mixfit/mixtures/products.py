"""The products of coordinates that a covariance family's log-density is linear in, and the second moments it keeps.

A Gaussian's log-density is linear in 1, in the coordinates, and in products of two of them. Which products is the whole
difference between the families: all of them (`pairs`), the squares (`squares`), or their sum (`norm`). With points laid
out (D, n) each row of products is one coordinate times another, contiguous in memory.

All products of two are made in few operations, however many coordinates there are, because threads that make small
operations mostly wait for each other. The coordinates stand in a circle: those at a distance s are multiplied at once,
and all distances at once too if the rows below the first coordinate hold the last ones again.

The rows come in tiles of about so many, because those of many dimensions need not all be there at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import torch
from torch import Tensor


class Tile(NamedTuple):
    """Some consecutive rows of products.

    Attributes:
        size: how many rows.
        writing: what writes them, (size, n), of points laid out (lead + D, n), into another tensor:
            `writing(points, rows)()`. It can be called for all points that come to lie there, because cutting a tensor
            into views takes as long as multiplying a few thousand numbers.
        lead: how many rows before those of the coordinates hold the last ones of these.
    """

    size: int
    writing: Callable[[Tensor, Tensor], Callable[[], object]]
    lead: int = 0


def pairs(dim: int, rows: int) -> list[Tile]:
    """x_i x_j for all i and j, D(D + 1)/2 rows in the order of `places`; up to twice as many in one tile."""
    rows = 2 * rows if dim * (dim + 1) // 2 <= 2 * rows else rows
    lead, at_once = (dim - 1) // 2, max(1, rows // dim)
    tiles = [
        Tile(dim * (last - first), _pairs_at_distances(dim, lead, first, last), lead)
        for first in range(0, lead + 1, at_once)
        for last in [min(lead + 1, first + at_once)]
    ]
    if dim % 2:
        return tiles
    half = Tile(dim // 2, _pairs_opposite(dim, lead), lead)
    return [*tiles[:-1], _both(tiles[-1], half)]


@cache
@torch.inference_mode(mode=False)  # for what is kept may be wanted where gradients flow
def places(dim: int, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Which coordinates i and j the rows of `pairs` are products of, each (D(D + 1)/2,).

    Those at the largest distance i - j on the circle come first, and squares last; but where D is even, opposite ones,
    each pair of which is at one distance in both directions, come after all.
    """
    lead, here = (dim - 1) // 2, torch.arange(dim, device=device)
    distances = torch.arange(lead, -1, -1, device=device)
    i, j = here.repeat(lead + 1), ((here - distances[:, None]) % dim).flatten()
    opposite = here[dim // 2 :] if dim % 2 == 0 else here[:0]
    return torch.cat([i, opposite]), torch.cat([j, opposite - dim // 2])


def _pairs_at_distances(dim: int, lead: int, first: int, last: int) -> Callable[[Tensor, Tensor], Callable[[], object]]:
    """The distances lead - first and on, down to lead - last + 1: the other coordinates are rows further down."""

    def writing(points: Tensor, rows: Tensor) -> Callable[[], object]:
        n_rows, (down, right) = last - first, points.stride()
        others = points[first:].as_strided((n_rows, dim, points.shape[1]), (down, down, right))
        return partial(torch.mul, points[None, lead:], others, out=rows.view(others.shape))

    return writing


def _pairs_opposite(dim: int, lead: int) -> Callable[[Tensor, Tensor], Callable[[], object]]:
    def writing(points: Tensor, rows: Tensor) -> Callable[[], object]:
        one, other = points[lead:].split(dim // 2)
        return partial(torch.mul, one, other, out=rows)

    return writing


def _both(one: Tile, other: Tile) -> Tile:
    """One after the other."""

    def writing(points: Tensor, rows: Tensor) -> Callable[[], object]:
        first, second = (
            tile.writing(points, some)
            for tile, some in zip((one, other), rows.split([one.size, other.size]), strict=True)
        )

        def write() -> None:
            first()
            second()

        return write

    return Tile(one.size + other.size, writing, one.lead)


def squares(dim: int, rows: int) -> list[Tile]:
    """x_i², D rows."""

    def writing(points: Tensor, rows: Tensor) -> Callable[[], object]:
        return lambda: torch.mul(points, points, out=rows)

    return [Tile(dim, writing)]


def norm(dim: int, rows: int) -> list[Tile]:
    """Σ_i x_i², one row."""

    def writing(points: Tensor, rows: Tensor) -> Callable[[], object]:
        return lambda: torch.sum(points * points, 0, keepdim=True, out=rows)

    return [Tile(1, writing)]


def packed(matrices: Tensor) -> Tensor:
    """One entry of each pair (..., D(D + 1)/2) of symmetric matrices (..., D, D), in the order of `pairs`."""
    i, j = places(matrices.shape[-1], matrices.device)
    return matrices[..., i, j]


def unpacked(entries: Tensor, dim: int) -> Tensor:
    """The symmetric matrices (..., D, D) of their packed entries (..., D(D + 1)/2)."""
    i, j = places(dim, entries.device)
    matrices = entries.new_empty(*entries.shape[:-1], dim, dim)
    matrices[..., i, j] = entries
    matrices[..., j, i] = entries
    return matrices
