"""Measures what the project promises. `python scripts/benchmark.py --help` lists the questions and their targets.

Every question is one file in `scripts/benchmarks`. Its answer, down to the single repetition, goes to
`docs/benchmarks/<question>.json`, and `docs/benchmarks.md` is written anew from all answers that are there. So no
figure on that page was ever typed in.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, and the one above it is not

from scripts.benchmarks.circumstances import circumstances  # noqa: E402
from scripts.benchmarks.page import page  # noqa: E402
from scripts.benchmarks.result import Result  # noqa: E402
from scripts.benchmarks.table import print_table  # noqa: E402

if TYPE_CHECKING:
    from scripts.benchmarks.question import Question

DOCS = ROOT / "docs"

HELP = {
    "bimodal": "how far above the true density do optimizers end on ten seeds? Target: at most 0.01 nats per point",
    "demo": "how long does `python train.py` take beside the demo it grew from? Target: at most twice as long",
    "loop": "what does Lightning cost around 1000 small steps? Target: at most twice a plain loop of them",
    "gaussians": "do EM, L-BFGS and Adam agree in 8 dimensions, and with theory? Target: within 0.005 nats per point",
    "old_faithful": "do they reach the known optimum of Old Faithful? Target: total log-likelihood -1130.264",
    "sweep": "what does a job of a sweep cost, and does memory grow? Target: at most 0.5 s a job, and flat",
    "predict": "what do predictions for 10 million points cost? Target: 3 times reading and writing them, 1.5 GB",
    "step": "what does a gradient step cost beside an EM step on the same rows? Target: at most 1.3 times as much",
    "estimator": "what does the estimator add to a fit, and to an import? Target: at most 30 ms and 200 ms",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Answers the questions that were asked for, one after the other, and writes the page."""
    asked = parser().parse_args(arguments).question
    questions = all_questions()
    for name in HELP if asked == "all" else [asked]:
        print(f"\n{name}: {HELP[name]}", flush=True)
        facts = circumstances(ROOT)  # before the measurement, for the sources may change meanwhile
        result = Result.of(name, facts, questions[name].measure())
        result.write(DOCS / "benchmarks")
        print_table(questions[name].table(result.repetitions))
    (DOCS / "benchmarks.md").write_text(page(DOCS / "benchmarks", HELP, questions), encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Measure what mixfit promises. Contestants of a race run in turn, round after round, and a ratio\n"
        "is the median over the rounds. Prints a table per question with its target, writes every\n"
        "repetition to docs/benchmarks/*.json and the summary to docs/benchmarks.md. Needs the extra `dev`\n"
        "for scikit-learn; for timings worth keeping, leave the machine alone meanwhile.",
        epilog="questions:\n" + "\n".join(f"  {name:13} {text}" for name, text in HELP.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "question",
        nargs="?",
        default="all",
        choices=[*HELP, "all"],
        metavar="question",
        help="one of the questions below; all of them by default, which takes some minutes on a quiet machine",
    )
    return parser


def all_questions() -> Mapping[str, Question]:
    """Every question by its name."""
    from scripts.benchmarks import (  # --help needs no torch
        bimodal,
        demo,
        estimator,
        gaussians,
        loop,
        old_faithful,
        predict,
        step,
        sweep,
    )

    return {
        "bimodal": bimodal,
        "demo": demo,
        "loop": loop,
        "gaussians": gaussians,
        "old_faithful": old_faithful,
        "sweep": sweep,
        "predict": predict,
        "step": step,
        "estimator": estimator,
    }


if __name__ == "__main__":
    main()
