"""A Gaussian's log-density is linear in features of the point, so a pass is two matrix products.

With T(x) = [x, 1, products of two coordinates] and the natural parameters η_k,

    log π_k + log N(x; μ_k, Σ_k) = η_k · T(x),        Σ_n r_nk T(x_n) = all the statistics.

For full covariances that is half the arithmetic of whitening, because T has each product of two coordinates once; for
the others D or one of them. Points are taken about the mixture's mean and laid out (D, n), so that every feature is a
contiguous row; features come in tiles that stay in cache, and are made again for the second product where there are
several. What float32 multiplies is added up in float64.

Both products cancel: a small component far from the centre is the difference of large numbers. `amplification` says
how large they are, and `rule` when that is too much. Where components are long and thin in like directions, points
whitened by the average covariance cancel less.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from math import log, pi
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.covariances.cholesky import inverse_factor
from mixfit.mixtures.passes.formulation import LogJoint, Sizes, Sums, wide
from mixfit.mixtures.products import Tile
from mixfit.mixtures.statistics import Statistics


class Features:
    """The natural parameters.

    Args:
        family: of the covariances.
        components: the parameters.
        sizes: of temporaries.
        factor: (D, D), lower triangular: features are of points whitened by it, A⁻¹ x; for families whose own factors
            are triangular, and stay so. None takes points as they are.
        dtype: that products are made and added up in; None for the components' own.
    """

    def __init__(
        self,
        family: Covariance,
        components: Components,
        sizes: Sizes,
        factor: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        means = components.means
        log_weights, exact, scale = (tensor.to(wide(means.device)) for tensor in components)
        self.family = family
        self.means = means
        self.dtype = means.dtype if dtype is None else dtype
        self.factor = factor
        self.origin = (torch.softmax(log_weights, 0) @ exact).to(self.dtype)
        self.away = exact - self.origin
        self.whitening: Tensor | None = None
        log_volume = log_weights.new_zeros(())
        if factor is not None:
            self.whitening = inverse_factor(factor).to(self.dtype)
            self.away = torch.linalg.solve_triangular(factor, self.away.T, upper=False).T
            scale = torch.linalg.solve_triangular(factor, scale, upper=False)
            log_volume = factor.diagonal().log().sum()
        self.precision = family.precision(scale)
        self.variances = family.variances(scale)
        dual = family.dual(scale, self.away)
        log_mass = log_weights - family.log_det(scale) - log_volume - 0.5 * family.dim * log(2 * pi)
        self.tiles = family.products(family.dim, sizes.tile)
        self.lead = max(tile.lead for tile in self.tiles)
        numbers = max(tile.size for tile in self.tiles) + self.lead + sum(means.shape)
        self.rows = sizes.rows(sizes.features, numbers, self.dtype)
        linear = torch.cat([dual, (log_mass - 0.5 * (dual * self.away).sum(1))[:, None]], 1)
        self.blocks = self._blocks(linear)

    @cached_property
    def amplification(self) -> Tensor:
        """How large the terms of the Mahalanobis distance are for a component's own typical point, (K,).

        That is Σ_ij |Σ_k⁻¹|_ij s_i s_j with s_i² = Σ_k,ii + μ_ki² about the centre. The rounding error of a log-density
        is at most about this many times the smallest, and so is that of a second moment in units of the covariance.
        """
        typical = (self.variances + self.away.square()).sqrt().T
        products = torch.cat([filled(tile, typical) for tile in self.tiles])
        return (self.precision.abs() * products.T).sum(1)

    @property
    def shared(self) -> bool:
        """Whether all components share one covariance."""
        return len(self.precision) < len(self.means)

    def _blocks(self, linear: Tensor) -> list[_Block]:
        """The coefficients of x, 1 and the products: those of the first tile beside those of x and 1, or apart."""
        below = linear.shape[1]
        quadratic = (-0.5 * self.precision).split([tile.size for tile in self.tiles], 1)
        products = [
            _Block(block, slice(below, below + tile.size), tile)
            for block, tile in zip(quadratic, self.tiles, strict=True)
        ]
        if self.shared:
            blocks = [_Block(linear, slice(below), None), *products]
        else:
            (block, rows, tile), *others = products
            blocks = [_Block(torch.cat([linear, block], 1), slice(rows.stop), tile), *others]
        return [block._replace(coefficients=block.coefficients.to(self.dtype)) for block in blocks]

    def look(self, rows: int) -> FeaturesLook:
        """With sums of zero, and room for so many points at a time."""
        return FeaturesLook(self, rows)

    def statistics(self, sums: Sums, n_points: Tensor, log_likelihood: Tensor) -> Statistics:
        """The sums moved from the common centre to the means."""
        linear, products = sums.tensors
        first, count = linear[:, :-1], linear[:, -1]
        outer, away = self.family.outer, self.away
        second = self.family.second_of(products)
        second = second - outer(first, away) - outer(away, first) + outer(count[:, None] * away, away)
        first = first - count[:, None] * away
        if self.factor is not None:
            first, second = first @ self.factor.mT, self.factor @ second @ self.factor.mT
        count, first, second = (moment.to(self.means.dtype) for moment in (count, first, second))
        return Statistics(n_points, log_likelihood, count, first, second, self.means)


class FeaturesLook:
    """One thread's; see `formulation.Look`.

    The first D + 1 rows of features are x and 1, and below them comes one tile of products after the other; above them
    stands of x again what products want there. A block is
    some of these rows with their coefficients: (K, f), or (1, f) where all components share one covariance, and then
    their sums are taken under all components' responsibilities together. Sums are kept as (f, K): a product of many
    rows and few columns is up to half as fast again as one of few rows and many columns (measured with MKL).
    """

    def __init__(self, features: Features, rows: int) -> None:
        n_components, self.dim = features.means.shape
        self.origin, self.whitening, self.blocks = features.origin, features.whitening, features.blocks
        self.lead = features.lead
        self.table = features.origin.new_empty(self.lead + max(block.rows.stop for block in self.blocks), rows)
        self.table[self.lead + self.dim] = 1
        self.scores = features.origin.new_empty(n_components, rows)
        dtype = wide(features.means.device)
        self.totals = [torch.zeros_like(block.coefficients.T, dtype=dtype) for block in self.blocks]
        self.chunk = self._chunk(rows)

    def log_joint(self, points: Tensor) -> LogJoint:
        """As a sum over the blocks of coefficients times features; those of (1, f) are common to all components."""
        if len(points) != self.chunk.scores.shape[1]:
            self.chunk = self._chunk(len(points))
        if self.whitening is None:
            torch.sub(points.T, self.origin[:, None], out=self.chunk.points)
        else:
            torch.mm(self.whitening, (points - self.origin).T, out=self.chunk.points)
        if self.lead:
            self.chunk.again.copy_(self.chunk.last)
        scores, common = self.chunk.scores, None
        for number, (block, view) in enumerate(zip(self.blocks, self.chunk.views, strict=True)):
            view.write()
            if number == 0:
                torch.mm(block.coefficients, view.features, out=scores)
            elif len(block.coefficients) == len(scores):
                scores.addmm_(block.coefficients, view.features)
            else:
                shared = (block.coefficients @ view.features).squeeze(0)
                common = shared if common is None else common + shared
        return LogJoint(scores, common)

    def add(self, responsibilities: Tensor) -> None:
        """The second product; the last block's features are still there."""
        responsibilities = responsibilities.to(self.table.dtype)
        together = responsibilities.sum(0, keepdim=True)
        for number, (view, total) in reversed(list(enumerate(zip(self.chunk.views, self.totals, strict=True)))):
            if number < len(self.totals) - 1:
                view.write()
            shares = responsibilities if total.shape[1] == len(responsibilities) else together
            if total.dtype == shares.dtype:
                total.addmm_(view.features, shares.T)
            else:
                total += in_segments(view.features, shares)

    def take(self) -> Sums:
        """Of x and 1, (K, D + 1), and of the products, (K, Q) or (1, Q)."""
        (linear, *products), self.totals = (
            [total.T for total in self.totals],
            [torch.zeros_like(total) for total in self.totals],
        )
        if linear.shape[1] > self.dim + 1:
            linear, begun = linear[:, : self.dim + 1], linear[:, self.dim + 1 :]
            products = [begun, *products]
        return Sums((linear, torch.cat(products, 1)))

    def _chunk(self, n_points: int) -> _Chunk:
        """What so many points take of the tensors: made once, for most chunks have the same size."""
        whole = self.table[:, :n_points]
        again, table = whole.tensor_split([self.lead])
        points, products = table[: self.dim], table[self.dim + 1 :]
        led = whole[: self.lead + self.dim]
        views = [
            _View(table[rows], nothing if tile is None else tile.writing(led, products[: tile.size]))
            for _, rows, tile in self.blocks
        ]
        return _Chunk(points, again, points[self.dim - self.lead :], self.scores[:, :n_points], views)


def nothing() -> None:
    """Writes no products: the block is x and 1."""


class _View(NamedTuple):
    """A block's features (f, n), and what writes the products among them."""

    features: Tensor
    write: Callable[[], object]


class _Chunk(NamedTuple):
    """A chunk's points (D, n), the last of their rows once more and where they stand, scores (K, n) and blocks."""

    points: Tensor
    again: Tensor
    last: Tensor
    scores: Tensor
    views: list[_View]


class _Block(NamedTuple):
    """Consecutive rows of features: their coefficients (K, f) or (1, f), where they stand, and what makes them."""

    coefficients: Tensor
    rows: slice
    tile: Tile | None


def filled(tile: Tile, points: Tensor) -> Tensor:
    """The rows of a tile, (size, n), for points (D, n)."""
    rows = points.new_empty(tile.size, points.shape[1])
    tile.writing(torch.cat([points[len(points) - tile.lead :], points]), rows)()
    return rows


SEGMENT = 4096
"""Products of float32 that are added up in float32: of so many the relative error is 1e-7, of 65,536 it is 2e-6."""


def in_segments(left: Tensor, right: Tensor) -> Tensor:
    """left rightᵀ of (f, n) and (K, n), in float64 wherever there is such a thing, from sums over a few points each."""
    whole = left.shape[1] // SEGMENT * SEGMENT
    dtype = wide(left.device)
    total = (left[:, whole:] @ right[:, whole:].T).to(dtype)
    if whole:
        mine, others = (factor[:, :whole].unflatten(1, (-1, SEGMENT)) for factor in (left, right))
        total += torch.bmm(mine.transpose(0, 1), others.permute(1, 2, 0)).sum(0, dtype=dtype)
    return total
