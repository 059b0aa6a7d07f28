"""How likely is a quadratic function of normal numbers to lie below a threshold?

Q = Σ_d a_d y_d² + b_d y_d with independent standard normal y_d has the cumulant function

    log E e^(sQ) = Σ_d ½ s² b_d² / (1 - 2 s a_d) - ½ log(1 - 2 s a_d),

whatever the signs of a, and if some are zero: linear combinations of non-central χ² and of a normal number alike. Then

    P(Q < c) = 1/2πi ∫ e^f(s) ds,    f(s) = log E e^(sQ) - s c - log(-s),

from below to above the real axis, which is crossed left of the pole at zero. Gil-Pelaez (1951), Imhof (1961) and Davies
(1980) integrate along the imaginary axis, where the integrand swings and all that is left of a small probability are
rounding errors. Here the path crosses the real axis where f, which is convex there, is lowest (Rice 1980): there e^f is
about as large as the answer, which keeps its digits even at 1e-300. Beyond, on straight pieces, the path leans to the
side on which e^f falls sooner, but never by more than the 45° that e^(½ s² b²) allows. In one dimension or two e^f
would otherwise fall as slowly as a power of s.

P. B. Imhof (1961), "Computing the distribution of quadratic forms in normal variables", Biometrika 48, 419-426;
S. O. Rice (1980), "Distribution of quadratic forms in normal random variables: evaluation by numerical integration",
SIAM Journal on Scientific and Statistical Computing 1, 438-448.
"""

from __future__ import annotations

from functools import cache
from math import pi
from typing import NamedTuple

import torch
from torch import Tensor

N_NODES = 16
"""Of Gauss and Legendre's rule on each piece of the path: enough for the last bit, given the lengths of the pieces."""

NEAR, STEEP, CURVED = 0.5, 4.0, 3.0
"""The longest piece, beside the distance to the next singularity, 1/|f'| and 1/√|f''|."""

LEAN = 0.5
"""The most that the path may go aside for each step up: 27°."""

NEGLIGIBLE = 1e-18
"""What is left of the integral, as a part of what there is, where a path ends."""

N_BISECTIONS = 32
LOG_LARGEST = 300.0
"""Of |s|, up and down, wherever it is not bounded otherwise: its square has room in a float64."""

LOG_ZERO = -740.0
"""Of a probability that is zero in a float64."""

CHUNK_ELEMENTS = 2**20


class Quadratic(NamedTuple):
    """Σ_d a_d y_d² + b_d y_d - c for each of M functions: a and b² are (M, D), c is (M,)."""

    squares: Tensor
    linear_squared: Tensor
    threshold: Tensor

    def take(self, rows: Tensor) -> Quadratic:
        """The functions at the given rows."""
        return Quadratic(*(tensor[rows] for tensor in self))

    def exponent(self, points: Tensor) -> Tensor:
        """f(s), complex, at points (M, J) above the real axis or left of zero and right of the singularities there."""
        a, b_squared = self.squares[:, None], self.linear_squared[:, None]
        factor = 1 - 2 * points[..., None] * a
        cumulants = 0.5 * points.square() * (b_squared / factor).sum(-1) - 0.5 * _log(factor).sum(-1)
        return cumulants - points * self.threshold[:, None] - _log(-points)

    def slopes(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """f'(s) and f''(s) at one point (M,) for each function, real or complex as the points are."""
        s, a = points[:, None], self.squares
        factor = 1 - 2 * s * a
        first = a / factor + self.linear_squared * s * (1 - s * a) / factor.square()
        second = 2 * (a / factor).square() + self.linear_squared / factor.square() / factor
        return first.sum(1) - self.threshold - 1 / points, second.sum(1) + 1 / points.square()

    def nearest(self, points: Tensor) -> Tensor:
        """How far each point (M,) is from the next singularity: zero, or 1/2a for one of the a."""
        distances = (0.5 / self.squares - points[:, None]).abs()
        return torch.minimum(distances.amin(1), points.abs())


def probability_below(squares: Tensor, linear: Tensor, threshold: Tensor) -> Tensor:
    """P(Σ_d a_d y_d² + b_d y_d < c) for M functions of independent standard normal y, (M,), in float64.

    The smaller of the probability and one minus it has a relative error of about 1e-14, and in a far tail of as much as
    its logarithm is rounded by. Of a function that is constant, zero that is, half lies below a threshold of zero.

    Args:
        squares: a, (M, D), finite, of any sign, zeros allowed.
        linear: b, (M, D), finite.
        threshold: c, (M,); may be infinite.
    """
    functions = Quadratic(squares, linear.square(), threshold)
    rows = torch.arange(len(threshold)).split(max(1, CHUNK_ELEMENTS // (N_NODES * squares.shape[1])))
    return torch.cat([_below(functions.take(some)) for some in rows]) if len(threshold) else threshold.clone()


def _below(functions: Quadratic) -> Tensor:
    """The lower tail, through the upper one where the threshold is above the mean Σ a."""
    a, b_squared, c = functions
    is_constant = ((a == 0) & (b_squared == 0)).all(1)
    found = torch.where(c > 0, 1.0, torch.where(c < 0, 0.0, 0.5)).to(c.dtype)
    varies = c.isfinite() & ~is_constant
    is_high = (c > a.sum(1))[varies]
    sign = torch.where(is_high, -1.0, 1.0).to(c.dtype)
    tail = _lower_tail(Quadratic(sign[:, None] * a[varies], b_squared[varies], sign * c[varies]))
    found[varies] = torch.where(is_high, 1 - tail, tail)
    return found


def _lower_tail(functions: Quadratic) -> Tensor:
    """P(Q < c) for thresholds below the mean, (M,)."""
    tail, crossing = torch.zeros_like(functions.threshold), _crossing(functions)
    height = functions.exponent(crossing[:, None].to(torch.complex128)).real.squeeze(1)
    above = (_least(functions) < functions.threshold) & (height + (-crossing).log() > LOG_ZERO)
    height = height[above]
    tail[above] = height.exp() / pi * _integral(functions.take(above), crossing[above], height).imag
    return tail


def _least(functions: Quadratic) -> Tensor:
    """The least that Q can be, (M,): -Σ b²/4a if no a is negative, else -∞."""
    a, b_squared, _ = functions
    is_unbounded = (a < 0) | ((a == 0) & (b_squared > 0))
    lowest = torch.where(a > 0, -b_squared / (4 * a), torch.where(is_unbounded, -torch.inf, 0.0))
    return lowest.sum(1)


def _crossing(functions: Quadratic) -> Tensor:
    """Where f is lowest between zero and the next singularity to the left, (M,), by halving log(-s)."""
    leftmost = 0.5 / functions.squares.amin(1).clamp(max=0)  # -∞ if no a is negative
    high = torch.where(leftmost.isfinite(), (-leftmost).log(), LOG_LARGEST).clamp(max=LOG_LARGEST)
    low = torch.full_like(high, -LOG_LARGEST)
    for _ in range(N_BISECTIONS):
        middle = 0.5 * (low + high)
        is_left = functions.slopes(-middle.exp())[0] < 0
        low, high = torch.where(is_left, low, middle), torch.where(is_left, middle, high)
    return -low.exp()


def _integral(functions: Quadratic, start: Tensor, height: Tensor) -> Tensor:
    """∫ e^(f(s) - height) ds from the real axis upward, (M,), complex."""
    nodes, weights = _gauss_legendre()
    places = start.to(torch.complex128)
    totals = torch.zeros_like(places)
    going = torch.arange(len(totals))
    while len(going):
        here = functions.take(going)
        first, second = here.slopes(places)
        length = torch.stack([NEAR * here.nearest(places), STEEP / first.abs(), CURVED / second.abs().sqrt()]).amin(0)
        step = length * _direction(first)
        values = (here.exponent(places[:, None] + step[:, None] * nodes) - height[going, None]).exp()
        totals[going] += step * (values * weights).sum(1)
        is_going = (values[:, -1] * step).abs() > NEGLIGIBLE * totals[going].abs()
        going, places = going[is_going], (places + step)[is_going]
    return totals


def _log(numbers: Tensor) -> Tensor:
    """The logarithm of complex numbers: several times as fast as torch's own."""
    return torch.complex(numbers.abs().log(), numbers.angle())


def _direction(slope: Tensor) -> Tensor:
    """Up, and to the side on which e^f falls, as complex numbers of length one, (M,)."""
    aside = -LEAN * slope.real / slope.abs().clamp(min=torch.finfo(torch.float64).tiny)
    direction = torch.complex(aside, torch.ones_like(aside))
    return direction / direction.abs()


@cache
def _gauss_legendre() -> tuple[Tensor, Tensor]:
    """Nodes in [0, 1], ascending, and weights, each (N_NODES,): eigenvalues of a matrix (Golub & Welsch 1969)."""
    k = torch.arange(1, N_NODES, dtype=torch.float64)
    nodes, vectors = torch.linalg.eigh(torch.diag(k / (4 * k.square() - 1).sqrt(), -1))
    return 0.5 * (nodes + 1), vectors[0].square()
