"""How fast `torch.mm` is: of large squares, and of the shapes that a full pass has."""

from __future__ import annotations

import torch

SIDE = 2048
ROWS = 4096
"""Of a chunk, as long as its products x_i x_j would fill a cache and not the memory."""

Sizes = tuple[int, int, int]


class SquareProduct:
    """Two squares, so large that nothing but the product itself takes time."""

    def __init__(self, sizes: Sizes, dtype: torch.dtype) -> None:
        self.left, self.right = torch.randn(2, SIDE, SIDE, dtype=dtype).unbind()
        self.product = torch.empty_like(self.left)
        self.operations = 2 * SIDE**3

    def run(self) -> None:
        """Multiplies once."""
        torch.mm(self.left, self.right, out=self.product)


class OwnProducts:
    """A chunk's products (n, P) with coefficients (P, K), and responsibilities (K, n) with products (n, P)."""

    def __init__(self, sizes: Sizes, dtype: torch.dtype) -> None:
        n_points, dim, n_components = sizes
        width = dim * (dim + 1) // 2 + dim + 1
        self.features = torch.randn(ROWS, width, dtype=dtype)
        self.coefficients = torch.randn(width, n_components, dtype=dtype)
        self.n_chunks = max(1, n_points // ROWS)
        self.operations = 2 * 2 * ROWS * self.n_chunks * n_components * width

    def run(self) -> None:
        """Multiplies there and back, once for each chunk."""
        for _ in range(self.n_chunks):
            torch.mm(torch.mm(self.features, self.coefficients).T, self.features)
