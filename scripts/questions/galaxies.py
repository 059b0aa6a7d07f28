"""Roeder's 82 galaxies, on which every method of counting components has been tried (Aitkin 2001 collects many).

All groups share one variance: then the likelihood is bounded, its maximum is known from other programs, and BIC and
ICL mean what they say. Two sweeps in one: all galaxies fitted, for the criteria, and a fifth of them held out again
and again, for the NLL of points that the fit has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mixfit.data.galaxies import Galaxies
from mixfit.leaderboard.estimate import Estimate
from mixfit.runs import Run
from mixfit.spelling import listed
from mixfit.tracking.pictures.style import BARS, MUTED, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.questions.drawing import DOTS, explain, line, name, sheet, ticks
from scripts.questions.fitted import mixture_of
from scripts.questions.rows import distinct, error_of, estimate, numbers_of, short, where

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUESTION = "How many groups of galaxies are there?"
BESIDE: Sequence[str] = ()

BEST_KNOWN = {
    **{1: -240.3378912, 2: -230.3523874, 3: -212.3518552, 4: -207.72233},
    **{5: -204.6054097, 6: -197.0108219, 7: -197.0108215},
}
"""Total log-likelihood by K of all 82 with one variance: the best of mclust 6.0.0 (model E, R 4.2.2, EM continued to
1e-13) and of scikit-learn with 30 to 150 starts."""

SAME = 0.01
"""Nats in total by which two maxima may differ and be one."""
BIC, ICL, HELD_OUT = colour(0), colour(1), colour(2)


def measure(runs: Sequence[Run]) -> Repetitions:
    """A row for each run; the mixture where all galaxies are fitted."""
    return [_row(run) for run in runs]


def answer(rows: Repetitions) -> list[str]:
    """What BIC, ICL and held-out galaxies say, and whether the maxima are those that others found."""
    best = maxima(rows)
    bic, icl = (min(best, key=lambda k: best[k][criterion]) for criterion in ("bic", "icl"))
    close = [k for k in best if k != bic and best[k]["bic"] - best[bic]["bic"] < 2]
    rises = held_out(rows)
    lowest = min(rises, key=lambda k: rises[k].mean)
    level = [str(k) for k in rises if k != lowest and rises[k].mean <= 2 * error_of(rises[k])]
    return [
        f"That depends on who is asked: BIC names {bic}"
        + (f" ({listed([str(k) for k in close])} less than 2 above it)" if close else "")
        + f" and ICL, which also charges for doubt about who belongs where, {icl}.",
        f"The NLL of galaxies held out is lowest for {lowest}, "
        + (
            f"but over {_n_splits(rows)} splits {listed(level)} are level with it within two standard errors."
            if level
            else f"over {_n_splits(rows)} splits and by more than two standard errors."
        ),
        _compared(best, len(distinct(where(rows, test_fraction=0), "seed"))),
    ]


def maxima(rows: Repetitions) -> dict[int, Repetition]:
    """For each K the row with the highest likelihood of all galaxies."""
    everything = where(rows, test_fraction=0)
    return {
        k: min(where(everything, K=k), key=lambda row: (-row["log-likelihood"], row["seed"]))
        for k in distinct(everything, "K")
    }


def held_out(rows: Repetitions) -> dict[int, Estimate]:
    """For each K how far its held-out NLL lies above that of the best K, split by split."""
    split = [row for row in rows if row["test_fraction"]]
    candidates = distinct(split, "K")
    best = min(candidates, key=lambda k: estimate(where(split, K=k), "nll/test").mean)
    found = {}
    for k in candidates:
        pairs = zip(where(split, K=k), where(split, K=best), strict=True)
        found[k] = estimate([{"rise": mine["nll/test"] - theirs["nll/test"]} for mine, theirs in pairs], "rise")
    return found


def table(rows: Repetitions) -> Table:
    """Log-likelihood, criteria and held-out NLL for each K."""
    headings = ("K", "log L of all 82", "best known", "BIC", "ICL", "held-out NLL above the best")
    rises = held_out(rows)
    body = [
        (
            str(k),
            f"{row['log-likelihood']:.4f}",
            f"{BEST_KNOWN[k]:.4f}" if k in BEST_KNOWN else "",
            f"{row['bic']:.2f}",
            f"{row['icl']:.2f}",
            str(rises[k]) if error_of(rises[k]) else "0",
        )
        for k, row in maxima(rows).items()
    ]
    notes = [
        "log L is the best over the seeds. Best known: mclust 6.0.0 (model E) or scikit-learn with 30 to 150 starts. "
        "Held-out NLL: nats per galaxy, ± one standard error of the "
        f"difference over {_n_splits(rows)} splits. The 78th velocity is 26.690, as in R's `MASS`."
    ]
    return Table(headings, body, notes)


def figure(rows: Repetitions) -> Figure:
    """The galaxies with the fits that BIC and ICL choose, and what decides."""
    best, rises = maxima(rows), held_out(rows)
    bic, icl = (min(best, key=lambda k: best[k][criterion]) for criterion in ("bic", "icl"))
    paper, (galaxies, criteria, test) = sheet(
        "How many groups of galaxies?", "82 velocities in 1000 km/s, one variance for all groups", widths=(1.35, 1, 1)
    )
    _draw_galaxies(galaxies, [(best[icl], ICL), (best[bic], BIC)])
    for criterion, tone in (("bic", BIC), ("icl", ICL)):
        criteria.plot(list(best), [row[criterion] for row in best.values()], color=tone, marker="o", markersize=5)
        k = min(best, key=lambda k: best[k][criterion])
        criteria.scatter([k], [best[k][criterion]], s=110, facecolors="none", edgecolors=tone, linewidths=1.4)
    test.axhline(0, color=MUTED, linewidth=0.9)
    errors = [error_of(rise) for rise in rises.values()]
    test.errorbar(list(rises), [rise.mean for rise in rises.values()], yerr=errors, color=HELD_OUT, **DOTS)
    for axes in (criteria, test):
        ticks(axes, list(best))
    name(criteria, "BIC and ICL of all 82", "K", "")
    name(test, "held-out NLL above the best K's", "K", "")
    explain(
        paper,
        [
            line(BIC, f"BIC, which chooses {bic}", marker="o", linewidth=2),
            line(ICL, f"ICL, which chooses {icl}", marker="o", linewidth=2),
            line(HELD_OUT, "held out", marker="o", linestyle="none"),
        ],
    )
    return paper


def _draw_galaxies(axes: Axes, fits: Sequence[tuple[Repetition, str]]) -> None:
    velocities = Galaxies(val_fraction=0, test_fraction=0).load(0).train.points[:, 0].numpy()
    axes.hist(velocities, bins=np.arange(8.0, 36.0, 1.0).tolist(), density=True, color=BARS)
    axes.plot(velocities, np.full(len(velocities), -0.006), "|", color=MUTED, markersize=5)
    x = np.linspace(7, 37, 800)
    for row, tone in fits:
        weights, means, variances = (np.array(row[key]).ravel() for key in ("weights", "means", "covariances"))
        parts = np.exp(-((x[:, None] - means) ** 2) / (2 * variances)) / np.sqrt(2 * np.pi * variances)
        axes.plot(x, parts @ weights, color=tone, linewidth=1.6)
    name(axes, "the fits they choose", "velocity, 1000 km/s", "density")


def _compared(best: dict[int, Repetition], n_seeds: int) -> str:
    gaps = {k: best[k]["log-likelihood"] - known for k, known in BEST_KNOWN.items() if k in best}
    same, lower = [k for k in gaps if abs(gaps[k]) <= SAME], [k for k in gaps if gaps[k] < -SAME]
    higher = [k for k in gaps if gaps[k] > SAME]
    parts = [f"for K = {listed([str(k) for k in same])} what mclust or scikit-learn have"] * bool(same)
    parts += [f"for K = {k} {short(gaps[k])} nats higher" for k in higher]
    parts += [f"for K = {k} {short(-gaps[k])} nats lower" for k in lower]
    return f"The maxima are the best of {n_seeds} seeds: {listed(parts)}."


def _n_splits(rows: Repetitions) -> int:
    return len({row["seed"] for row in rows if row["test_fraction"]})


def _row(run: Run) -> Repetition:
    numbers = numbers_of(run, "nll/train", "nll/test", "bic", "icl", "n_points", "components_on_floor")
    if numbers.pop("components_on_floor"):
        raise ValueError(f"{run.folder}: a component lies on the floor, so its likelihood measures the floor")
    everything = not run.config["data.test_fraction"]
    return {
        "test_fraction": run.config["data.test_fraction"],
        "K": run.config["model.n_components"],
        "seed": run.config["seed"],
        "log-likelihood": -numbers["nll/train"] * numbers["n_points"],
        **numbers,
        **(mixture_of(run) if everything else {}),
    }
