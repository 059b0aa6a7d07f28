"""The picture of the passes: seconds of everybody, shape by shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixfit.tracking.pictures.style import FITTED, colour
from scripts.benchmarks.em_pass_table import races_of, shape_in_words
from scripts.benchmarks.passes.names import FLOAT32, FLOAT64, SKLEARN
from scripts.benchmarks.race import median_of
from scripts.benchmarks.result import Repetitions
from scripts.questions.drawing import explain, line, name, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIRST = {SKLEARN: FITTED, FLOAT64: colour(0), FLOAT32: colour(5)}
NAMES = {FLOAT64: "mixfit, float64", FLOAT32: "mixfit, float32"}


def figure(repetitions: Repetitions) -> Figure:
    """A panel for each family; a group of marks for each shape."""
    raced = [row for row in repetitions if "seconds" in row and "product" not in row["contestant"]]
    tones = _tones(raced)
    paper, panels = sheet("One pass of EM", "milliseconds, medians of the rounds  ·  two threads  ·  lower is faster")
    for axes, family in zip(panels, ("full", "diag"), strict=True):
        _draw(axes, races_of([row for row in raced if row["family"] == family]), tones)
        name(axes, f"{family} covariances", "N, D, K", "milliseconds")
    marks = {"marker": "o", "linestyle": "none"}
    explain(paper, [line(tone, NAMES.get(who, who), **marks) for who, tone in tones.items()])
    return paper


def _tones(raced: Repetitions) -> dict[str, str]:
    others = [who for who in dict.fromkeys(row["contestant"] for row in raced) if who not in FIRST]
    return FIRST | {who: colour(place) for who, place in zip(others, (1, 2, 3, 4), strict=False)}


def _draw(axes: Axes, races: list[Repetitions], tones: dict[str, str]) -> None:
    for place, race in enumerate(races):
        here = {row["contestant"] for row in race}
        for step, (who, tone) in enumerate(tones.items()):
            if who in here:
                x = place + 0.1 * (step - (len(tones) - 1) / 2)
                axes.plot([x], [1000 * median_of(race, who)], color=tone, marker="o", markersize=6)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks(range(len(races)), [shape_in_words(race[0]) for race in races])
