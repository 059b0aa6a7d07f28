"""Measures how near to the best maximum fits end. `python scripts/optimum.py --help` lists questions and targets.

Every question is one file in `scripts/optima`; `scripts/benchmarks/report.py` says what becomes of its answer.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script's own folder is there, the one above it is not

from scripts.benchmarks.report import Report

if TYPE_CHECKING:
    from scripts.benchmarks.question import Question

ASKED = {
    "reference": "do default fits of classic data reach the best maxima known? Target: 90 %, none degenerate, 2 s",
    "million": "how near to the truth is a million points' fit? Target: 0.01 nats, in a quarter of scikit-learn's time",
    "marron-wand": "are all components of fifteen densities on the line found? Target: of 13, to within 2 p/(2N)",
    "plane": "how well do 64 components follow curves and edges? Target: 0.01 nats, rings 0.015, checkerboard 0.10",
    "square": "how near can a few components come to a square? Target: none; it shows what a checkerboard leaves",
    "trap": "does a fit leave a maximum that EM cannot leave? Target: on 20 of 20 seeds, EM on none",
    "auto": "is the true number of components found? Target: of 18 in 20 mixtures, and mclust's choice for the geyser",
    "moves": "what does each move reach, and in what time? Target: none; it shows why the default is what it is",
    "restarts": "what do 16 starts cost beside one? Target: at most 3 times as long",
}

HEAD = """# How near to the optimum?

Written by `python scripts/optimum.py`, which measures all of this again; do not edit. The likelihood of a mixture has
many maxima, and EM ends at the one it started near. A default fit therefore begins with a search: many starts side by
side, the best few settled, and moves out of bad places. Here is what that reaches and costs. Every single repetition is
in the JSON file named under its table. A plus behind a commit means that the sources differed from it.
"""

DESCRIPTION = """Measure how near to the best maximum of the likelihood fits end, beside scikit-learn. Prints a
table per question with its target, writes every repetition and the pictures to docs/optimum
and the summary to docs/optimum.md. For timings worth keeping, leave the machine alone meanwhile."""


def all_questions() -> Mapping[str, Question]:
    """Every question by its name."""
    from scripts.optima import (  # --help needs no torch
        auto,
        marron_wand,
        million,
        moves,
        plane,
        reference,
        restarts,
        square,
        trap,
    )

    return {
        "reference": reference,
        "million": million,
        "marron-wand": marron_wand,
        "plane": plane,
        "square": square,
        "trap": trap,
        "auto": auto,
        "moves": moves,
        "restarts": restarts,
    }


REPORT = Report("optimum", HEAD, DESCRIPTION, ASKED, "an hour and a half", all_questions)

if __name__ == "__main__":
    REPORT.run()
