"""What estimating a mixture costs in D dimensions, where the truth has three well separated components.

For many points the maximum-likelihood fit of p parameters lies p/2N nats per point above the truth on average. For
fewer the exact expectation is known if the components do not overlap: each is then a normal distribution fitted to
its own points, whose estimated covariance has Wishart's distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt
from typing import TYPE_CHECKING

from scipy.special import digamma

from mixfit.runs import Run
from mixfit.spelling import listed
from mixfit.tracking.pictures.style import DASHES, MUTED, TRUE, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.questions.drawing import DOTS, explain, line, name, sheet, ticks
from scripts.questions.rows import distinct, error_of, estimate, numbers_of, where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = "What does estimating cost as dimensions are added?"
BESIDE: Sequence[str] = ()


def price(n_parameters: int, n_points: int) -> float:
    """p/2N, the excess that p free parameters estimated from N points cost, for large N (Wilks 1938)."""
    return n_parameters / (2 * n_points)


def normal_price(n_points: float, dim: int) -> float:
    """The expected excess of one normal distribution with free mean and covariance, fitted to n points, n > D + 2.

    E KL(N(μ, Σ) ‖ N(m, S)) = ½ [D (n + 1)/(n - D - 2) - D + D log(2/n) + Σ_i ψ((n - i)/2)], i = 1 ... D, for n S of
    Wishart's distribution with n - 1 degrees of freedom. A fraction of a point is allowed, for means over components.
    """
    logs = dim * log(2 / n_points) + sum(float(digamma((n_points - i) / 2)) for i in range(1, dim + 1))
    return 0.5 * (dim * (n_points + 1) / (n_points - dim - 2) - dim + logs)


def separated_price(n_points: int, dim: int, n_components: int) -> float:
    """The expected excess of K equally likely components that do not overlap: of their weights and of each of them."""
    return (n_components - 1) / (2 * n_points) + normal_price(n_points / n_components, dim)


def spread(n_parameters: int, n_points: int, n_test: int) -> float:
    """The standard deviation of the excess, for large N: it is χ²_p/2N, and is measured on so many test points.

    Where a fit is close to the truth, the variance of the log of their ratio is twice its mean.
    """
    return sqrt(n_parameters / (2 * n_points**2) + 2 * price(n_parameters, n_points) / n_test)


def measure(runs: Sequence[Run]) -> Repetitions:
    """A row for each run: its size, its excess, and both expectations."""
    return [_row(run) for run in runs]


def answer(rows: Repetitions) -> list[str]:
    """Whether the excess is p/2N, where it is not, and whether the exact expectation tells why."""
    return [_told(where(rows, n_points=n_points)) for n_points in reversed(distinct(rows, "n_points"))]


def table(rows: Repetitions) -> Table:
    """The excess beside both expectations."""
    sizes = distinct(rows, "n_points")
    heads = [head for size in sizes for head in (f"N = {size:,}", "p/2N", "exact")]
    body = []
    for dim in distinct(rows, "dim"):
        own = [where(rows, dim=dim, n_points=size) for size in sizes]
        cells = [(str(estimate(part, "excess")), f"{part[0]['p/2N']:.5f}", f"{part[0]['exact']:.5f}") for part in own]
        body.append((str(dim), str(own[0][0]["n_parameters"]), *(cell for part in cells for cell in part)))
    notes = [
        "Excess NLL in nats per point, a mean over the seeds, each with a truth of its own. Exact: the expectation for "
        "components that do not overlap. The truth's means are at least 2√D standard deviations apart, so they overlap "
        "the less the more dimensions there are."
    ]
    return Table(("D", "p", *heads), body, notes)


def figure(rows: Repetitions) -> Figure:
    """The excess against D, and how many times p/2N it is."""
    paper, (excess, ratio) = sheet(
        "The price of estimating",
        f"K = {rows[0]['K']} full covariances, fitted by EM  ·  bars are ± one standard error over seeds",
    )
    dims = distinct(rows, "dim")
    for place, size in enumerate(distinct(rows, "n_points")):
        own = [where(rows, n_points=size, dim=dim) for dim in dims]
        found, prices = [estimate(part, "excess") for part in own], [part[0]["p/2N"] for part in own]
        exact, tone = [part[0]["exact"] for part in own], colour(place)
        errors = [error_of(one) for one in found]
        excess.plot(dims, prices, color=TRUE, linewidth=1.1, linestyle=DASHES)
        excess.plot(dims, exact, color=tone, linewidth=1.3)
        excess.errorbar(dims, [one.mean for one in found], yerr=errors, color=tone, **DOTS)
        ratio.plot(dims, [one / by for one, by in zip(exact, prices, strict=True)], color=tone, linewidth=1.3)
        times = [one.mean / by for one, by in zip(found, prices, strict=True)]
        bars = [error / by for error, by in zip(errors, prices, strict=True)]
        ratio.errorbar(dims, times, yerr=bars, color=tone, **DOTS)
    ratio.axhline(1, color=TRUE, linewidth=1.1, linestyle=DASHES)
    excess.set_yscale("log")
    for axes in (excess, ratio):
        axes.set_xscale("log")
        ticks(axes, dims)
    name(excess, "excess NLL, nats per point", "D", "")
    name(ratio, "the same in units of p/2N", "D", "")
    sizes = [
        line(colour(place), f"N = {size:,}", marker="o", linestyle="none")
        for place, size in enumerate(distinct(rows, "n_points"))
    ]
    lines = [
        line(MUTED, "exact, without overlap", linewidth=1.3),
        line(TRUE, "p / 2N", linewidth=1.1, linestyle=DASHES),
    ]
    explain(paper, [*sizes, *lines])
    return paper


def _told(rows: Repetitions) -> str:
    """What is measured for one number of points: where it is p/2N, and what it is in the most dimensions."""
    dims = distinct(rows, "dim")
    off = {dim: _mean(rows, dim, "excess") - _mean(rows, dim, "p/2N") for dim in dims}
    level = [str(dim) for dim in dims if abs(off[dim]) <= 2 * _standard_error(where(rows, dim=dim))]
    others = (
        f", and not in {listed([str(dim) for dim in dims if str(dim) not in level])}" if len(level) < len(dims) else ""
    )
    last, n_points = dims[-1], rows[0]["n_points"]
    found, asymptotic, exact = (_mean(rows, last, of) for of in ("excess", "p/2N", "exact"))
    nearer = abs(exact - found) < abs(asymptotic - found)
    everywhere = "in all dimensions" if not others else f"in {listed(level) or 'no'} dimensions{others}"
    return (
        f"With {n_points:,} points the excess is p/2N within two standard errors {everywhere}; in {last}, where each "
        f"component has about {n_points / rows[0]['K']:.0f} points, it is {found:.4f} nats per point, p/2N is "
        f"{asymptotic:.4f} and the exact expectation {exact:.4f}, which is {'nearer' if nearer else 'no nearer'}."
    )


def _standard_error(rows: Repetitions) -> float:
    """Of a mean over these seeds, by theory: so few seeds cannot tell it themselves."""
    return spread(rows[0]["n_parameters"], rows[0]["n_points"], rows[0]["n_test"]) / sqrt(len(rows))


def _mean(rows: Repetitions, dim: int, of: str) -> float:
    return estimate(where(rows, dim=dim), of).mean


def _row(run: Run) -> Repetition:
    numbers = numbers_of(run, "nll/excess", "n_parameters", "n_points", "passes", "converged")
    dim, n_components, n_points = run.config["data.dim"], run.config["model.n_components"], numbers["n_points"]
    return {
        "dim": dim,
        "K": n_components,
        "n_test": run.config["data.n_test"],
        "seed": run.config["seed"],
        "excess": numbers.pop("nll/excess"),
        **numbers,
        "p/2N": price(numbers["n_parameters"], n_points),
        "exact": separated_price(n_points, dim, n_components),
    }
