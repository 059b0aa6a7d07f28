"""What estimating a mixture costs in D dimensions, where the truth has three well separated components.

For many points the maximum-likelihood fit of p parameters lies p/2N nats per point above the truth on average. For
fewer the exact expectation is known if the components do not overlap: each is then a normal distribution fitted to
its own points, whose estimated covariance has Wishart's distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import TYPE_CHECKING

from scipy.special import digamma

from mixfit.runs import Run
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
        "components that do not overlap; in one and two dimensions these do a little."
    ]
    return Table(("D", "p", *heads), body, notes)


def figure(rows: Repetitions) -> Figure:
    """The excess against D, and how many times p/2N it is."""
    paper, (excess, ratio) = sheet(
        "The price of estimating",
        f"K = {rows[0]['K']} full covariances, fitted by EM  ·  bars are ± one standard error over seeds",
        n_columns=2,
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
    lines = [line(MUTED, "exact, without overlap", linewidth=1.3), line(TRUE, "p / 2N", linewidth=1.1, linestyle=DASHES)]
    explain(paper, [*sizes, *lines])
    return paper


def _told(rows: Repetitions) -> str:
    """What is measured for one number of points, in the most dimensions and over all."""
    dims = distinct(rows, "dim")
    ratios = {dim: _mean(rows, dim, "excess") / _mean(rows, dim, "p/2N") for dim in dims}
    most, last = max(ratios, key=lambda dim: abs(ratios[dim] - 1)), dims[-1]
    n_components, n_points = rows[0]["K"], rows[0]["n_points"]
    each = n_points / n_components
    nearer = abs(_mean(rows, last, "exact") - _mean(rows, last, "excess")) < abs(
        _mean(rows, last, "p/2N") - _mean(rows, last, "excess")
    )
    return (
        f"With {n_points:,} points the excess is {min(ratios.values()):.2f} to {max(ratios.values()):.2f} times p/2N, "
        f"the farthest from it in {most} dimension{'s' * (most != 1)}; in {last} dimensions, where each component has "
        f"about {each:.0f} points, it is {_mean(rows, last, 'excess'):.4f} nats per point, p/2N says "
        f"{_mean(rows, last, 'p/2N'):.4f} and the exact expectation {_mean(rows, last, 'exact'):.4f}, which is "
        f"{'nearer' if nearer else 'no nearer'}."
    )


def _mean(rows: Repetitions, dim: int, of: str) -> float:
    return estimate(where(rows, dim=dim), of).mean


def _row(run: Run) -> Repetition:
    numbers = numbers_of(run, "nll/excess", "n_parameters", "n_points", "passes", "converged")
    dim, n_components, n_points = run.config["data.dim"], run.config["model.n_components"], numbers["n_points"]
    return {
        "dim": dim,
        "K": n_components,
        "seed": run.config["seed"],
        "excess": numbers.pop("nll/excess"),
        **numbers,
        "p/2N": price(numbers["n_parameters"], n_points),
        "exact": separated_price(n_points, dim, n_components),
    }
