"""What does one pass of EM cost beside scikit-learn's, and how near is it to the rate of a matrix product?

A pass is the E-step and the M-step over all points, from the same start, on the same two threads. Before anybody's
clock runs, everybody's NLL at the start and parameters after the pass are held beside scikit-learn's. If ours differ
there is no race; a peer that differs is named and stays out of it. Peers that take a hundred times as long have fewer
rounds, after the race of the others.

A full pass is in essence two matrix products, points' products x_i x_j with components' coefficients and back, of
2·N·K·(D(D+1)/2 + D + 1) operations each. So its operations per second can be held beside those of `torch.mm`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from mixfit.data.dataset import generator
from mixfit.data.gaussians import Gaussians
from mixfit.mixtures.covariances import Full
from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.initializers.start import begin_
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.standardization import Standardization
from scripts.benchmarks.em_pass_figure import figure
from scripts.benchmarks.em_pass_table import table
from scripts.benchmarks.fits import own_threads
from scripts.benchmarks.passes.matrix_product import OwnProducts, SquareProduct
from scripts.benchmarks.passes.naive import Naive
from scripts.benchmarks.passes.names import FLOAT32, FLOAT64, NAIVE, OWN_SHAPES, SKLEARN, SQUARE
from scripts.benchmarks.passes.one_pass import OnePass, Start, distance
from scripts.benchmarks.passes.ours import Ours
from scripts.benchmarks.passes.peers import installed
from scripts.benchmarks.passes.scikit_learn import ScikitLearn
from scripts.benchmarks.race import Contestant, race, seconds_of
from scripts.benchmarks.result import Repetition, Repetitions

__all__ = ["figure", "measure", "table"]

SEED, THREADS, ROUNDS, PEERS_ROUNDS = 0, 2, 5, 1
FAMILIES = ("full", "diag")
MOST_NUMBERS = 20_000_000
"""N·K·D up to which the naive pass takes part: it holds several tensors of that size."""


class Shape(NamedTuple):
    """Of points and mixture."""

    n_points: int
    dim: int
    n_components: int

    @property
    def numbers(self) -> int:
        """N·K·D."""
        return self.n_points * self.dim * self.n_components


SHAPES = (
    Shape(1_000_000, 1, 2),
    Shape(1_000_000, 2, 8),
    Shape(300_000, 16, 32),
    Shape(100_000, 64, 32),
    Shape(100_000, 32, 128),
)
PRODUCTS = SHAPES[3:]
"""Shapes so large that a pass should run at the rate of a matrix product."""

Make = Callable[[], OnePass]


def measure() -> Repetitions:
    """Five rounds for each shape and family, and one for peers."""
    with own_threads(), threadpool_limits(THREADS):  # NumPy's BLAS keeps threads of its own
        torch.set_num_threads(THREADS)
        return [row for shape in SHAPES for row in _raced(shape)]


def _raced(shape: Shape) -> Repetitions:
    points, start = points_and_start(shape)
    return [
        {**shape._asdict(), "family": family, "seed": SEED, "threads": THREADS, **row}
        for family in FAMILIES
        for row in _race(shape, points, start, family)
    ]


def points_and_start(shape: Shape) -> tuple[Tensor, Start]:
    """Standardized points of `data=gaussians`, and a draw of k-means++: one covariance for all components."""
    raw = Gaussians(shape.dim, shape.n_components, shape.n_points, n_val=0, n_test=0).load(SEED).train.points
    points = Standardization.of(raw, Full.per_axis)(raw, raw)
    mixture = Mixture(Full(shape.n_components, shape.dim)).to(points.dtype)
    begin_(mixture, points[:20_000], kmeans_plusplus, generator(SEED, 6))
    log_weights, means, scale = (tensor.detach() for tensor in mixture.components)
    return points, Start(log_weights.exp(), means, mixture.covariance.dense(scale))


def _race(shape: Shape, points: Tensor, start: Start, family: str) -> Repetitions:
    if family == "diag":
        start = start._replace(covariances=torch.diag_embed(start.covariances.diagonal(dim1=-2, dim2=-1)))
    passes = {name: make(points, start, family) for name, make in _makers(shape).items()}
    apart = agreement(passes)
    fair = {name: one for name, one in passes.items() if apart[name] <= tolerance(name)}
    contestants = {name: _timed(one, apart[name]) for name, one in fair.items()}
    peers = {name: contestants.pop(name) for name in fair if name not in (SKLEARN, FLOAT64, FLOAT32)}
    if family == "full" and shape in PRODUCTS:
        contestants |= _products(shape)
    out = [{"contestant": name, "apart": apart[name]} for name in passes if name not in fair]
    return [*race(contestants, ROUNDS), *race(peers, PEERS_ROUNDS, are_warm=True), *out]


def _makers(shape: Shape) -> dict[str, Callable[[Tensor, Start, str], OnePass]]:
    naive = {NAIVE: Naive} if shape.numbers <= MOST_NUMBERS else {}
    ours = {FLOAT64: Ours, FLOAT32: lambda points, *others: Ours(points.float(), *others)}
    return {SKLEARN: ScikitLearn, **ours, **naive, **installed()}


def agreement(passes: dict[str, OnePass]) -> dict[str, float]:
    """How far everybody's pass is from scikit-learn's; an error if ours is farther than rounding explains."""
    outcomes = {}
    for name, one in passes.items():
        one.reset()
        one.run()
        outcomes[name] = one.outcome()
    apart = {name: distance(outcome, outcomes[SKLEARN]) for name, outcome in outcomes.items()}
    for name in (FLOAT64, FLOAT32):
        if not apart[name] <= tolerance(name):
            raise RuntimeError(
                f"{name} and {SKLEARN} differ by {apart[name]:.2g} after one pass from the same start, where at most "
                f"{tolerance(name):g} can be rounding; there is no point in racing them"
            )
    return apart


def tolerance(name: str) -> float:
    """What rounding may do: of float64, or of float32, to which pomegranate rounds all responsibilities."""
    return 1e-3 if name in (FLOAT32, "pomegranate") else 1e-8


def _products(shape: Shape) -> dict[str, Contestant]:
    dtypes = {"float64": torch.float64, "float32": torch.float32}
    return {
        f"{kind} {word}": _product(make(shape, dtype))
        for word, dtype in dtypes.items()
        for kind, make in ((SQUARE, SquareProduct), (OWN_SHAPES, OwnProducts))
    }


def _product(product: SquareProduct | OwnProducts) -> Contestant:
    return lambda _: {"seconds": seconds_of(product.run), "operations": product.operations}


def _timed(one: OnePass, apart: float) -> Contestant:
    def run(_: int) -> Repetition:
        one.reset()
        return {"seconds": seconds_of(one.run), "apart": apart}

    return run
