"""Are the products of coordinates all there, each once, and where `places` says?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from mixfit.mixtures.passes.features import filled
from mixfit.mixtures.products import norm, packed, pairs, places, squares, unpacked

DIMS = range(1, 10)


@pytest.mark.parametrize("dim", DIMS)
def test_every_pair_of_coordinates_has_one_place(dim: int) -> None:
    found = sorted((min(pair), max(pair)) for pair in zip(*(place.tolist() for place in places(dim)), strict=True))
    assert found == [(i, j) for i in range(dim) for j in range(i, dim)]


@pytest.mark.parametrize("rows", [1, 7, 20, 1000])
@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("n_points", [0, 1, 50])
def test_the_rows_of_pairs_are_the_products_of_these_coordinates(dim: int, rows: int, n_points: int) -> None:
    points = torch.randn(dim, n_points, generator=torch.Generator().manual_seed(0))
    i, j = places(dim)
    tiles = pairs(dim, rows)
    assert_close(torch.cat([filled(tile, points) for tile in tiles]), points[i] * points[j], rtol=0, atol=0)
    assert all(tile.size <= max(2 * rows, dim + dim // 2) for tile in tiles)


def test_squares_and_their_sum_are_those_of_numpy() -> None:
    points = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    expected = np.square(points.numpy())
    for products, rows in ((squares, expected), (norm, expected.sum(0, keepdims=True))):
        (tile,) = products(3, 100)
        np.testing.assert_allclose(filled(tile, points), rows, rtol=1e-15)


@pytest.mark.parametrize("dim", DIMS)
def test_packed_matrices_come_back(dim: int) -> None:
    matrices = torch.randn(4, dim, dim, generator=torch.Generator().manual_seed(0))
    symmetric = matrices + matrices.mT
    assert packed(symmetric).shape == (4, dim * (dim + 1) // 2)
    assert torch.equal(unpacked(packed(symmetric), dim), symmetric)
