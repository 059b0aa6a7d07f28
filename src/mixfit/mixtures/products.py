"""The products of coordinates that a covariance family's log-density is linear in, and the second moments it keeps.

A Gaussian's log-density is linear in 1, in the coordinates, and in products of two of them. Which products is the whole
difference between the families: all of them (`triangle`), the squares (`squares`), or their sum (`norm`). With points
laid out (D, n) each row of products is one coordinate times some others, contiguous in memory.

The rows come in tiles of about so many, because those of many dimensions need not all be there at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Tile(NamedTuple):
    """Some consecutive rows of products.

    Attributes:
        size: how many rows.
        writing: what writes them, (size, n), of points laid out (D, n), into another tensor: `writing(points, rows)()`.
            It can be called for all points that come to lie there, because cutting a tensor into views takes as long
            as multiplying a few thousand numbers.
    """

    size: int
    writing: Callable[[Tensor, Tensor], Callable[[], object]]


def triangle(dim: int, rows: int) -> list[Tile]:
    """x_i x_j for i ≤ j, D(D + 1)/2 rows in the order of `torch.triu_indices`; up to twice as many in one tile."""
    tiles, first = [], 0
    rows = 2 * rows if dim * (dim + 1) // 2 <= 2 * rows else rows
    while first < dim:
        last, size = first + 1, dim - first
        while last < dim and size + dim - last <= rows:
            size += dim - last
            last += 1
        tiles.append(Tile(size, _triangle_rows(first, last)))
        first = last
    return tiles


def _triangle_rows(first: int, last: int) -> Callable[[Tensor, Tensor], Callable[[], object]]:
    def writing(points: Tensor, rows: Tensor) -> Callable[[], object]:
        sizes = [len(points) - i for i in range(first, last)]
        views = [(points[i:], points[i], some) for i, some in zip(range(first, last), rows.split(sizes), strict=True)]

        def write() -> None:
            for left, right, product in views:
                torch.mul(left, right, out=product)

        return write

    return writing


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
    """The upper triangles (..., D(D + 1)/2) of symmetric matrices (..., D, D), in the order of `triangle`."""
    i, j = torch.triu_indices(*matrices.shape[-2:], device=matrices.device)
    return matrices[..., i, j]


def unpacked(triangles: Tensor, dim: int) -> Tensor:
    """The symmetric matrices (..., D, D) of upper triangles (..., D(D + 1)/2)."""
    i, j = torch.triu_indices(dim, dim, device=triangles.device)
    matrices = triangles.new_empty(*triangles.shape[:-1], dim, dim)
    matrices[..., i, j] = triangles
    matrices[..., j, i] = triangles
    return matrices
