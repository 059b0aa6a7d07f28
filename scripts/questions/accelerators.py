"""The same EM fit on every accelerator that Lightning knows and this machine has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixfit.runs import Run
from mixfit.spelling import listed
from mixfit.tracking.pictures.style import INK, MUTED, colour
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table
from scripts.questions.drawing import name, sheet
from scripts.questions.rows import numbers_of, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = "How long does a pass take on each accelerator?"
BESIDE: Sequence[str] = ()


def measure(runs: Sequence[Run]) -> Repetitions:
    """A row for each accelerator; of one that is not there its reason alone."""
    return [_row(run) for run in runs]


def answer(rows: Repetitions) -> list[str]:
    """What a pass takes where it ran, whether all found the same, and what is not there."""
    there, absent = _there(rows), [row for row in rows if row["status"] == "skipped"]
    if not there:
        raise ValueError("no accelerator ran, not even the CPU")
    size = f"{there[0]['n_points']:,} points in {there[0]['dim']} dimensions with {there[0]['K']} components"
    times = [f"{short(1000 * seconds_per_pass(row))} ms on {row['trainer']}" for row in there]
    sentences = [f"A pass over {size} takes {listed(times)}."]
    if len(there) > 1:
        lowest, highest = (choose(row["nll/train"] for row in there) for choose in (min, max))
        sentences.append(f"Their training NLLs agree within {highest - lowest:.1e} nats per point.")
    if absent:
        names = listed([str(row["trainer"]) for row in absent])
        sentences.append(f"This machine has no {names.replace(' and ', ' and no ')}: those jobs are skipped.")
    return sentences


def seconds_per_pass(row: Repetition) -> float:
    """The fit's seconds over its passes."""
    return float(row["seconds/fit"] / row["passes"])


def table(rows: Repetitions) -> Table:
    """Status, passes and time."""
    headings = ("trainer", "status", "passes", "training NLL", "seconds of the fit", "ms per pass")
    body = [
        (
            str(row["trainer"]),
            row["status"],
            f"{row['passes']:g}",
            f"{row['nll/train']:.6f}",
            f"{row['seconds/fit']:.2f}",
            f"{1000 * seconds_per_pass(row):.1f}",
        )
        if row["status"] == "done"
        else (str(row["trainer"]), row["status"], "", "", "", "")
        for row in rows
    ]
    notes = [f"{row['trainer']}: {row['error']}." for row in rows if row["error"]]
    return Table(headings, body, [*notes, "Seconds of the fit hold Lightning's share and validation."])


def figure(rows: Repetitions) -> Figure:
    """A bar for each accelerator that ran; of the others, that they are not there."""
    there = _there(rows)
    paper, (axes,) = sheet(
        "A pass of EM on each accelerator",
        f"{there[0]['n_points']:,} points, D = {there[0]['dim']}, K = {there[0]['K']}, full covariances",
        widths=(1,),
        height=0.75 + 0.45 * len(rows),
        heading=0.7,
    )
    longest = max(1000 * seconds_per_pass(row) for row in there)
    for place, row in enumerate(rows):
        if row["status"] == "done":
            milliseconds = 1000 * seconds_per_pass(row)
            axes.barh(place, milliseconds, height=0.55, color=colour(0))
            axes.text(milliseconds + 0.01 * longest, place, f"{milliseconds:.1f} ms", va="center", size=9, color=INK)
        else:
            axes.text(0.01 * longest, place, f"{row['status']}: {row['error']}", va="center", size=9, color=MUTED)
    axes.set_yticks(range(len(rows)), [str(row["trainer"]) for row in rows])
    axes.tick_params(axis="y", labelsize=10, labelcolor=INK)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.12 * longest)
    axes.grid(visible=False, axis="y")
    name(axes, "", "milliseconds per pass", "")
    return paper


def _there(rows: Repetitions) -> Repetitions:
    return [row for row in rows if row["status"] == "done"]


def _row(run: Run) -> Repetition:
    asked = {
        "trainer": run.choices["trainer"],
        "status": run.metrics["status"],
        "error": run.metrics["error"],
        "seed": run.config["seed"],
        "dim": run.config["data.dim"],
        "K": run.config["model.n_components"],
    }
    if run.metrics["status"] == "skipped":
        return asked
    return asked | numbers_of(run, "passes", "converged", "nll/train", "n_points", "seconds/fit")
