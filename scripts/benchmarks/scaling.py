"""What do two processes gain on one, and what would a pass over 1e9 rows cost?

The same rows are looked at by one process on one thread, by one on two threads, and by two processes on one thread
each, which look at half of the rows and add up their statistics with gloo. What they add up does not grow with the
rows, so that passes cost what rows cost; how nearly so, the passes over fewer rows show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mixfit.tracking.pictures.style import DASHES, TRUE, colour
from scripts.benchmarks.fits import own_threads
from scripts.benchmarks.overlapping import overlapping
from scripts.benchmarks.passes.one_pass import OnePass, Start, distance
from scripts.benchmarks.passes.ours import Ours
from scripts.benchmarks.processes import Team, team
from scripts.benchmarks.race import Contestant, median_of, race, ratio_of, seconds_of
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met
from scripts.questions.drawing import name, sheet, ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TARGET = 1.6  # times the rows per second of one process on one thread
AGREE = 1e-9  # relative
N_POINTS, DIM, N_COMPONENTS = 1_000_000, 16, 32
FEWER = (10_000, 100_000)
MANY = 1_000_000_000
SEED, ROUNDS = 0, 5
ONE, TWO_THREADS, TWO = "1 process, 1 thread", "1 process, 2 threads", "2 processes, 1 thread each"


def measure() -> Repetitions:
    """Five rounds of the three, and five of one process on two threads for each smaller number of rows."""
    points, _, truth = overlapping(SEED, N_POINTS, 1, DIM, N_COMPONENTS)
    start = Start(truth.weights, truth.means, truth.covariances)
    rows: Repetitions = []
    with own_threads():
        for n_points in FEWER:
            rows += _of(n_points, race({TWO_THREADS: _timed(Ours(points[:n_points], start, "full"), 2)}, ROUNDS))
        with team(points, start, 2) as two:
            rows += _of(N_POINTS, _raced(Ours(points, start, "full"), two))
    return rows


def _raced(one: Ours, two: Team) -> Repetitions:
    _check(one, two)
    contestants = {ONE: _timed(one, 1), TWO_THREADS: _timed(one, 2), TWO: _timed(two, 1)}
    return race(contestants, ROUNDS)


def _of(n_points: int, rows: Repetitions) -> Repetitions:
    return [{**row, "n_points": n_points, "seed": SEED} for row in rows]


def _check(one: OnePass, two: OnePass) -> None:
    """Raises `RuntimeError` where two processes find something else than one."""
    for contestant in (one, two):
        contestant.reset()
        contestant.run()
    apart = distance(two.outcome(), one.outcome())
    if not apart <= AGREE:
        raise RuntimeError(f"one process and two differ by {apart:.2g} after a pass; at most {AGREE:g} can be rounding")


def _timed(one: OnePass, threads: int) -> Contestant:
    def run(_: int) -> Repetition:
        torch.set_num_threads(threads)
        one.reset()
        return {"seconds": seconds_of(one.run), "threads": threads}

    return run


def communicated(n_components: int, dim: int) -> int:
    """Numbers that a process tells the others in a pass: count, first and second moments, N and the log-likelihood."""
    return n_components * (1 + dim + dim * (dim + 1) // 2) + 2


def table(repetitions: Repetitions) -> Table:
    """Rows per second, beside one thread, and what 1e9 rows would take at that rate."""
    whole = [row for row in repetitions if row["n_points"] == max(row["n_points"] for row in repetitions)]
    ratio = ratio_of(whole, ONE, TWO)
    rows = [
        _row(whole, ONE, "1", "-", "-"),
        _row(whole, TWO_THREADS, f"{ratio_of(whole, ONE, TWO_THREADS):.2f}", "-", "-"),
        _row(whole, TWO, f"{ratio:.2f}", f"≥ {TARGET:g}", met(ratio >= TARGET)),
        *(_row(fewer, TWO_THREADS, "", "-", "-") for fewer in _fewer(repetitions)),
    ]
    notes = [
        f"A pass is an E-step and an M-step, D={DIM}, K={N_COMPONENTS}, covariance=full, float64; medians of {ROUNDS} "
        f"rounds. One process and two agree to {AGREE:g} before they are timed.",
        f"Two processes tell each other K + K·D + K·D(D+1)/2 + 2 = {communicated(N_COMPONENTS, DIM):,} numbers a pass, "
        f"{communicated(N_COMPONENTS, DIM) * 8 / 1e3:.0f} kB in float64, however many rows there are. (As square "
        f"matrices second moments are {N_COMPONENTS * DIM * DIM:,} numbers instead of "
        f"{N_COMPONENTS * DIM * (DIM + 1) // 2:,}.)",
        f"The last column is not measured: it is {MANY:,} rows at the row's own rate, from memory.",
    ]
    headings = (
        "who",
        "N",
        "seconds",
        "rows per second",
        "times one thread",
        "target",
        "met",
        "1e9 rows, minutes a pass",
    )
    return Table(headings, rows, notes)


def figure(repetitions: Repetitions) -> Figure:
    """Throughput of the three, and rows per second against the number of rows."""
    whole = [row for row in repetitions if row["n_points"] == max(row["n_points"] for row in repetitions)]
    paper, (bars, curve) = sheet(
        "Throughput of a pass", f"D={DIM}, K={N_COMPONENTS}, full covariances, float64", heading=0.75
    )
    who = (ONE, TWO_THREADS, TWO)
    rates = [_rate(whole, one) / 1e6 for one in who]
    bars.bar(range(3), rates, width=0.55, color=[colour(5), colour(5), colour(0)])
    bars.axhline(TARGET * rates[0], color=TRUE, linewidth=1.1, linestyle=DASHES)
    bars.set_xticks(range(3), [one.replace(", ", "\n") for one in who])
    name(bars, f"{whole[0]['n_points']:,} rows; dashed: the target for two processes", "", "million rows per second")
    races = [*_fewer(repetitions), whole]
    curve.plot(
        [race[0]["n_points"] for race in races],
        [_rate(race, TWO_THREADS) / 1e6 for race in races],
        "o-",
        color=colour(0),
    )
    curve.set_xscale("log")
    ticks(curve, [race[0]["n_points"] for race in races])
    curve.set_ylim(bottom=0)
    name(curve, "one process on two threads", "rows", "million rows per second")
    return paper


def _fewer(repetitions: Repetitions) -> list[Repetitions]:
    sizes = sorted({row["n_points"] for row in repetitions})[:-1]
    return [[row for row in repetitions if row["n_points"] == size] for size in sizes]


def _rate(rows: Repetitions, who: str) -> float:
    """Rows per second."""
    return float(rows[0]["n_points"] / median_of(rows, who))


def _row(rows: Repetitions, who: str, *judged: str) -> tuple[str, ...]:
    rate = _rate(rows, who)
    return (
        who,
        f"{rows[0]['n_points']:,}",
        f"{median_of(rows, who):.4f}",
        f"{rate:,.0f}",
        *judged,
        f"{MANY / rate / 60:.1f}",
    )
