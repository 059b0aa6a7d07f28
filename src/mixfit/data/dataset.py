"""Points in three parts: to fit, to choose by, and to judge on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mixfit.errors import InputError
from mixfit.mixtures.density import Density


@dataclass(frozen=True)
class Part:
    """Some of the points.

    Attributes:
        points: (N, D), float64, in the data's units; N may be 0 for validation and test.
        labels: (N,), integers, where the points' true groups are known; never shown to a fit.
        weights: (N,), positive: how often each point counts; None for once.
    """

    points: Tensor
    labels: Tensor | None = None
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.points)

    @property
    def total_weight(self) -> float:
        """How many points there are, counted with their weights."""
        return float(len(self)) if self.weights is None else float(self.weights.sum())

    def take(self, rows: Tensor) -> Part:
        """The points at the given rows."""
        labels, weights = (column if column is None else column[rows] for column in (self.labels, self.weights))
        return Part(self.points[rows], labels, weights)


@dataclass(frozen=True)
class Dataset:
    """What a source of data returns.

    Attributes:
        train: the points that are fitted.
        val: held out to choose the best checkpoint; may be empty.
        test: held out to judge; may be empty.
        columns: D names.
        truth: the density that the points were drawn from, where it is known.
    """

    train: Part
    val: Part
    test: Part
    columns: tuple[str, ...]
    truth: Density | None = None


def drawn(truth: Density, n_samples: int, n_val: int, n_test: int, seed: int) -> Dataset:
    """Independent draws from a true density; each part depends on the seed and its own size alone."""
    sizes = {"data.n_samples": n_samples, "data.n_val": n_val, "data.n_test": n_test}
    for key, size in sizes.items():
        least = 1 if key == "data.n_samples" else 0
        if size < least:
            raise InputError(f"{key}={size}: there must be at least {least} points; raise {key}")
    train, val, test = (
        Part(*truth.sample(size, generator(seed, stream))) for stream, size in enumerate(sizes.values())
    )
    columns = tuple(f"x{axis}" for axis in range(truth.means.shape[1]))
    return Dataset(train, val, test, columns, truth)


def split(everything: Part, columns: tuple[str, ...], val_fraction: float, test_fraction: float, seed: int) -> Dataset:
    """A random partition; fractions are of all points, and what is left is fitted."""
    for key, fraction in {"data.val_fraction": val_fraction, "data.test_fraction": test_fraction}.items():
        if not 0 <= fraction < 1:
            raise InputError(f"{key}={fraction}: a share of the points must lie in [0, 1); change {key}")
    n_train, n_val, n_test = part_sizes(len(everything), val_fraction, test_fraction)
    if n_train <= 0:
        raise InputError(
            f"{n_val} validation and {n_test} test points leave none of {len(everything)} to fit; "
            "lower data.val_fraction or data.test_fraction"
        )
    order = torch.randperm(len(everything), generator=generator(seed, 0))
    rows = order.split([n_train, n_val, n_test])
    train, val, test = (everything.take(chosen.sort().values) for chosen in rows)
    return Dataset(train, val, test, columns)


def part_sizes(n_points: int, val_fraction: float, test_fraction: float) -> tuple[int, int, int]:
    """How many of all points are for training, validation and test."""
    n_val, n_test = round(val_fraction * n_points), round(test_fraction * n_points)
    return n_points - n_val - n_test, n_val, n_test


def generator(seed: int, stream: int) -> torch.Generator:
    """An independent stream of random numbers for each use of one seed."""
    return torch.Generator().manual_seed(8 * seed + stream)
