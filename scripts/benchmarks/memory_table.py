"""The table and the picture of what fits hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixfit.tracking.pictures.style import DASHES, FITTED, TRUE, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met
from scripts.questions.drawing import name, sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BEYOND = 100.0  # MB beyond the data
MOST_STREAMED = 600.0  # MB in all
LEAST_RATE = 0.5  # of the rows per second in memory
BEYOND = ("mixfit", "train.py", "scikit-learn")
WORDS = {"mixfit": "`GaussianMixture.fit`", "train.py": "`train.py`", "scikit-learn": "scikit-learn's `fit`"}


def table(repetitions: Repetitions) -> Table:
    """Megabytes of each fit, and rows per second of the streamed one."""
    by_name = {row["contestant"]: row for row in repetitions}
    rows = [_beyond(who, by_name[who]) for who in BEYOND]
    few = by_name["few"]
    base = ("`train.py`, few points", f"{few['n_points']:,}", "-", f"{few['peak_bytes'] / 1e6:.0f}", "-", "-", "-", "-")
    headings = ("fit", "N", "MB beyond the data", "MB in all", "rows per second", "of in memory", "target", "met")
    return Table(headings, [*rows, base, *_streamed(by_name["streamed"], by_name["held"])], _notes(by_name))


def rate(row: Repetition) -> float:
    """Rows per second of a fit, with its start and all."""
    return float(row["n_points"] * row["passes"] / row["seconds_of_fit"])


def _beyond(who: str, row: Repetition) -> tuple[str, ...]:
    megabytes = row["peak_bytes"] / 1e6
    judged = ("-", "-") if who == "scikit-learn" else (f"≤ {MOST_BEYOND:g} MB", met(megabytes <= MOST_BEYOND))
    return (WORDS[who], f"{row['n_points']:,}", f"{megabytes:.0f}", "-", "-", "-", *judged)


def _streamed(streamed: Repetition, held: Repetition) -> list[tuple[str, ...]]:
    share = rate(streamed) / rate(held)
    kept = streamed["peak_bytes"] / 1e6 <= MOST_STREAMED and share >= LEAST_RATE
    return [
        (
            "`train.py`, streamed",
            *_in_all(streamed),
            f"{share:.0%}",
            f"≤ {MOST_STREAMED:g} MB, ≥ {LEAST_RATE:.0%}",
            met(kept),
        ),
        ("`train.py`, in memory", *_in_all(held), "100%", "-", "-"),
    ]


def _in_all(row: Repetition) -> tuple[str, ...]:
    return f"{row['n_points']:,}", "-", f"{row['peak_bytes'] / 1e6:.0f}", f"{rate(row):,.0f}"


def _notes(by_name: dict[str, Repetition]) -> list[str]:
    streamed, held = by_name["streamed"], by_name["held"]
    return [
        "Beyond the data: peak resident memory of a process above what it had when the points were there and all was "
        "imported; D=16, K=32, 5 passes. For `train.py` it is the peak above that of the same command on few points, "
        "which is imports for the most part, less the points of the file.",
        f"Streamed: {streamed['file_bytes'] / 1e9:.1f} GB of Parquet, float32, row groups of a million rows, "
        f"{streamed['passes']:g} passes with D=8, K=8, covariance=full; in memory: {held['passes']:g} passes over an "
        "NPY file's rows. N is what was fitted: the rest is held out by default. Rows per second are N times passes in "
        "the seconds of the fit, with its start and its looks at the held-out rows.",
        "One fit each; the file is so long that its rate is an average. What a stream keeps hangs on its two threads' "
        "timing.",
    ]


def figure(repetitions: Repetitions) -> Figure:
    """Megabytes beyond the data, and rows per second."""
    by_name = {row["contestant"]: row for row in repetitions}
    paper, (beyond, rates) = sheet("What a fit holds", "peak memory of a process of its own", heading=0.75)
    tones = [colour(0), colour(0), FITTED]
    beyond.bar(range(3), [by_name[who]["peak_bytes"] / 1e6 for who in BEYOND], width=0.55, color=tones)
    beyond.axhline(MOST_BEYOND, color=TRUE, linewidth=1.1, linestyle=DASHES)
    beyond.set_xticks(range(3), [WORDS[who].replace("`", "") for who in BEYOND])
    name(
        beyond, f"{by_name['mixfit']['n_points']:,} points of 16 numbers; dashed: the target", "", "MB beyond the data"
    )
    streamed, held = by_name["streamed"], by_name["held"]
    rates.bar(range(2), [rate(held) / 1e6, rate(streamed) / 1e6], width=0.45, color=[FITTED, colour(0)])
    rates.axhline(LEAST_RATE * rate(held) / 1e6, color=TRUE, linewidth=1.1, linestyle=DASHES)
    words = [f"in memory\n{held['peak_bytes'] / 1e6:.0f} MB", f"streamed\n{streamed['peak_bytes'] / 1e6:.0f} MB"]
    rates.set_xticks(range(2), words)
    name(rates, f"{streamed['n_points']:,} rows streamed; dashed: the target", "", "million rows per second")
    return paper
