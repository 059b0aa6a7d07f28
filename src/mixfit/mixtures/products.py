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
        fill: writes them, (size, n), for points laid out (D, n): `fill(points, out)`.
    """

    size: int
    fill: Callable[[Tensor, Tensor], None]


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


def _triangle_rows(first: int, last: int) -> Callable[[Tensor, Tensor], None]:
    def fill(points: Tensor, out: Tensor) -> None:
        begin = 0
        for i in range(first, last):
            end = begin + len(points) - i
            torch.mul(points[i:], points[i], out=out[begin:end])
            begin = end

    return fill


def squares(dim: int, rows: int) -> list[Tile]:
    """x_i², D rows."""

    def fill(points: Tensor, out: Tensor) -> None:
        torch.mul(points, points, out=out)

    return [Tile(dim, fill)]


def norm(dim: int, rows: int) -> list[Tile]:
    """Σ_i x_i², one row."""

    def fill(points: Tensor, out: Tensor) -> None:
        torch.sum(points * points, 0, keepdim=True, out=out)

    return [Tile(1, fill)]


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
