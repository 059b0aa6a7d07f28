"""Measures what the project promises. `python scripts/benchmark.py --help` lists the questions and their targets.

Every question is one file in `scripts/benchmarks`; `report.py` there says what becomes of its answer.
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

HELP = {
    "bimodal": "how far above the true density do optimizers end on ten seeds? Target: at most 0.01 nats per point",
    "demo": "how long does `python train.py` take beside the demo it grew from? Target: at most 1.5 times as long",
    "pass": "how fast is a pass of EM beside scikit-learn's? Target: 8 times (float32 16 times) full, 6 times diag",
    "time-to-quality": "how soon is a fit as good as scikit-learn's of a million points? Target: in a 20th of its time",
    "memory": "what do fits hold beyond the data, in memory and streamed? Target: 100 MB; 600 MB in all for 1e8 rows",
    "scaling": "what do two processes gain on one, and what would 1e9 rows cost? Target: 1.6 times the throughput",
    "loop": "what does Lightning cost around steps? Target: 1.5 times 1000 small steps, 1.05 times large ones",
    "gaussians": "do EM, L-BFGS and Adam agree in 8 dimensions, and with theory? Target: within 0.005 nats per point",
    "old_faithful": "do they reach the known optimum of Old Faithful? Target: total log-likelihood -1130.264",
    "sweep": "what does a job of a sweep cost, and does memory grow? Target: at most 0.5 s a job, and flat",
    "predict": "what do predictions for 10 million points cost? Target: 3 times reading and writing them, 1.5 GB",
    "step": "what does a gradient step cost? Target: at most 1.3 EM steps, and a 10th of plain autograd's step",
    "estimator": "what does the estimator add to a fit, and to an import? Target: at most 30 ms and 200 ms",
}

HEAD = """# Benchmarks

Written by `python scripts/benchmark.py`, which measures all of this again; do not edit. Contestants of a race run in
turn, round after round, after one round that does not count. Seconds are medians over the rounds, and a ratio is the
median of the rounds' ratios. Every single repetition is in the JSON file named under its table. A plus behind a
commit means that the sources differed from it.
"""

DESCRIPTION = """Measure what mixfit promises. Contestants of a race run in turn, round after round, and a ratio
is the median over the rounds. Prints a table per question with its target, writes every
repetition and the pictures to docs/benchmarks and the summary to docs/benchmarks.md. Peers besides
scikit-learn take part where the extra `bench` is installed. For timings worth keeping, leave the
machine alone meanwhile."""


def all_questions() -> Mapping[str, Question]:
    """Every question by its name."""
    from scripts.benchmarks import (  # --help needs no torch
        bimodal,
        demo,
        em_pass,
        estimator,
        gaussians,
        loop,
        memory,
        old_faithful,
        predict,
        scaling,
        step,
        sweep,
        time_to_quality,
    )

    return {
        "bimodal": bimodal,
        "demo": demo,
        "pass": em_pass,
        "time-to-quality": time_to_quality,
        "memory": memory,
        "scaling": scaling,
        "loop": loop,
        "gaussians": gaussians,
        "old_faithful": old_faithful,
        "sweep": sweep,
        "predict": predict,
        "step": step,
        "estimator": estimator,
    }


REPORT = Report("benchmarks", HEAD, DESCRIPTION, HELP, "half an hour", all_questions)

if __name__ == "__main__":
    REPORT.run()
