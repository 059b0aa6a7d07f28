"""Two components at ±m with standard deviation s move together; k-means and EM look for them.

k-means is EM with a hard assignment and the same family, one spherical covariance for both, so only the assignment
differs. What it converges to is known: for many points its means are those of the two halves of the density, and
cutting off the other component's tail moves them apart.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from math import erf, exp, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mixfit.runs import Run
from mixfit.tracking.pictures.style import DASHES, MUTED, TRUE, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.questions.drawing import DOTS, explain, line, name, sheet
from scripts.questions.fitted import density_of
from scripts.questions.rows import distinct, error_of, estimate, numbers_of, short, where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = "Where does hard assignment begin to mislead?"
BESIDE: Sequence[str] = ()

NOTICED = 0.01
"""A bias of so many standard deviations counts."""
COLOURS = {"kmeans": colour(1), "em": colour(0)}


def hard_mean(mean: float, deviation: float) -> float:
    """E|x| for x ~ N(m, s²): m (1 - 2Φ(-m/s)) + 2s φ(m/s), where k-means puts the component at m.

    Its two cells are the half-lines, by symmetry, and |x| is distributed alike under both components.
    """
    ratio = mean / deviation
    return mean * erf(ratio / sqrt(2)) + 2 * deviation * exp(-(ratio**2) / 2) / sqrt(2 * pi)


def hard_excess(mean: float, deviation: float) -> float:
    """Nats per point that k-means loses for ever: KL(truth ‖ ½N(-c, v) + ½N(c, v)) with c = E|x|, v = Var|x|.

    By the trapezoidal rule, which is exact to rounding for so smooth an integrand.
    """
    center = hard_mean(mean, deviation)
    variance = mean**2 + deviation**2 - center**2
    x = np.linspace(-mean - 10 * deviation, mean + 10 * deviation, 4001)
    truth, fit = _pair(x, mean, deviation**2), _pair(x, center, variance)
    return float(np.sum(np.exp(truth) * (truth - fit)) * (x[1] - x[0]))


def noticed_from() -> float:
    """The distance m/s below which the bias of k-means exceeds `NOTICED` standard deviations, by bisection."""
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if hard_mean(middle, 1.0) - middle > NOTICED else (low, middle)
    return low


def measure(runs: Sequence[Run]) -> Repetitions:
    """A row for each run: where its means are, and what its density lacks."""
    return [_row(run) for run in runs]


def answer(rows: Repetitions) -> list[str]:
    """Where the bias begins, how well theory tells it, and what it costs."""
    ratios = distinct(rows, "ratio")
    nearest, hard, soft = ratios[0], where(rows, optimizer="kmeans"), where(rows, optimizer="em")
    gaps = [_in_deviations(where(hard, ratio=ratio)) - _theory(ratio) for ratio in ratios]
    soft_gaps = {ratio: abs(_in_deviations(where(soft, ratio=ratio)) - ratio) for ratio in ratios}
    apart = [ratio for ratio in ratios if ratio >= noticed_from()]
    widest = max(soft_gaps, key=lambda ratio: soft_gaps[ratio])
    cost = {who: estimate(where(own, ratio=nearest), "excess") for who, own in (("k-means", hard), ("EM", soft))}
    return [
        f"In theory k-means puts the means more than {NOTICED:g} σ too far out as soon as the components are less than "
        f"{noticed_from():.2f} σ from the middle between them; where they become one, it still sees two, at "
        f"±{hard_mean(0, 1):.2f} σ.",
        f"The fits agree with that within {short(max(map(abs, gaps)))} σ at every distance; at {nearest:g} σ its means "
        f"are {_in_deviations(where(hard, ratio=nearest)) - nearest:+.3f} σ off, and theory says "
        f"{_theory(nearest) - nearest:+.3f}.",
        f"EM with the same family is {short(soft_gaps[widest])} σ off at the worst distance, {widest:g} σ, with a "
        f"standard error of {short(error_of(estimate(where(soft, ratio=widest), 'found/σ')))}.",
        f"At {nearest:g} σ hard assignment costs {cost['k-means']} nats per point above the truth and soft assignment "
        f"{cost['EM']}"
        + (f"; from {apart[0]:g} σ on they cost the same to within p/2N." if _alike(rows, apart) else "."),
    ]


def table(rows: Repetitions) -> Table:
    """Means and excess of both, beside theory."""
    headings = ("m/σ", "k-means' mean/σ", "theory", "EM's mean/σ", "k-means' excess", "theory", "EM's excess")
    body = []
    for ratio in reversed(distinct(rows, "ratio")):
        hard, soft = (where(rows, optimizer=who, ratio=ratio) for who in ("kmeans", "em"))
        mean, deviation = hard[0]["mean"], hard[0]["deviation"]
        body.append(
            (
                f"{ratio:g}",
                str(estimate(hard, "found/σ")),
                f"{_theory(ratio):.4f}",
                str(estimate(soft, "found/σ")),
                str(estimate(hard, "excess")),
                f"{hard_excess(mean, deviation):.5f}",
                str(estimate(soft, "excess")),
            )
        )
    note = (
        f"σ = {rows[0]['deviation']:g}, {rows[0]['n_points']:,} points. Excess in nats per point; that of a fit with "
        f"{rows[0]['n_parameters']} free parameters is expected at p/2N = {_price(rows):.5f} above the theory for many "
        "points, which is 0 for EM."
    )
    return Table(headings, body, [note])


def figure(rows: Repetitions) -> Figure:
    """The bias of the means, and the excess, both against the distance."""
    paper, (bias, excess) = sheet(
        "Hard and soft assignment",
        "k-means and EM, two components at ±m, both with one spherical covariance  ·  bars are ± one standard error",
    )
    ratios = distinct(rows, "ratio")
    fine = np.linspace(ratios[0], ratios[-1], 200)
    deviation = rows[0]["deviation"]
    bias.plot(fine, [hard_mean(x, 1.0) - x for x in fine], color=TRUE, linewidth=1.1, linestyle=DASHES)
    bias.axhline(0, color=MUTED, linewidth=0.9)
    excess.plot(
        fine, [hard_excess(x * deviation, deviation) for x in fine], color=TRUE, linewidth=1.1, linestyle=DASHES
    )
    excess.axhline(_price(rows), color=MUTED, linewidth=1.1, linestyle=":")
    for who, tone in COLOURS.items():
        own = [where(rows, optimizer=who, ratio=ratio) for ratio in ratios]
        found, cost = ([estimate(part, key) for part in own] for key in ("found/σ", "excess"))
        gaps = [one.mean - ratio for one, ratio in zip(found, ratios, strict=True)]
        bias.errorbar(ratios, gaps, yerr=[error_of(one) for one in found], color=tone, **DOTS)
        excess.errorbar(ratios, [c.mean for c in cost], yerr=[error_of(c) for c in cost], color=tone, **DOTS)
    excess.set_yscale("log")
    excess.set_ylim(bottom=_price(rows) / 4)
    name(bias, "how far out the means are put, in σ", "m / σ", "bias / σ")
    name(excess, "excess NLL, nats per point", "m / σ", "")
    key = [line(COLOURS[who], label, marker="o", linestyle="none") for who, label in _LABELS.items()]
    theory = line(TRUE, "theory of k-means", linewidth=1.1, linestyle=DASHES)
    explain(paper, [*key, theory, line(MUTED, "p / 2N", linewidth=1.1, linestyle=":")])
    return paper


_LABELS = {"kmeans": "k-means", "em": "EM"}


def _row(run: Run) -> Repetition:
    means = ast.literal_eval(str(run.config["data.means"]))
    deviation = run.config["data.standard_deviations"][0]
    if means != [-means[1], means[1]] or run.config["data.standard_deviations"] != [deviation] * 2:
        raise ValueError(f"{run.folder}: the theory is of two components at ±m with one standard deviation")
    low, high = sorted(density_of(run).means[:, 0].tolist())
    numbers = numbers_of(run, "nll/excess", "passes", "n_points", "n_parameters")
    return {
        "optimizer": run.choices["optimizer"],
        "mean": means[1],
        "deviation": deviation,
        "ratio": means[1] / deviation,
        "seed": run.config["seed"],
        "found/σ": (high - low) / (2 * deviation),
        "excess": numbers.pop("nll/excess"),
        **numbers,
    }


def _theory(ratio: float) -> float:
    return hard_mean(ratio, 1.0)


def _in_deviations(rows: Repetitions) -> float:
    return estimate(rows, "found/σ").mean


def _price(rows: Repetitions) -> float:
    return float(rows[0]["n_parameters"] / (2 * rows[0]["n_points"]))


def _alike(rows: Repetitions, ratios: Sequence[float]) -> bool:
    """Whether the mean excess of both differs by less than estimating costs, at each of these distances."""
    costs = [[estimate(where(rows, optimizer=who, ratio=ratio), "excess").mean for who in COLOURS] for ratio in ratios]
    return bool(costs) and all(abs(hard - soft) < _price(rows) for hard, soft in costs)


def _pair(x: NDArray[np.float64], mean: float, variance: float) -> NDArray[np.float64]:
    """log(½N(x; -m, v) + ½N(x; m, v))."""
    left, right = (-((x - center) ** 2) / (2 * variance) for center in (-mean, mean))
    density: NDArray[np.float64] = np.logaddexp(left, right) - np.log(2 * np.sqrt(2 * np.pi * variance))
    return density
