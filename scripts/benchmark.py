"""Measures what the project promises. `python scripts/benchmark.py --help` lists the questions and their targets.

Every question is one file in `scripts/benchmarks`. Its answer, down to the single repetition, goes to
`docs/benchmarks/<question>.json`, and `docs/benchmarks.md` is written anew from all answers that are there. So no
number on that page was ever typed in. A question that draws a picture leaves it in `docs/benchmarks/<question>.png`.
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Answers the questions that were asked for, one after the other, and writes the page."""
    typed = parser().parse_args(arguments)
    questions, folder = all_questions(), typed.docs / "benchmarks"
    for name in HELP if typed.question == "all" else [typed.question]:
        print(f"\n{name}: {HELP[name]}", flush=True)
        facts = circumstances(ROOT)  # before the measurement, for the sources may change meanwhile
        result = Result.of(name, facts, questions[name].measure())
        result.write(folder)
        print_table(questions[name].table(result.repetitions))
        _draw(questions[name], result, folder)
    (typed.docs / "benchmarks.md").write_text(page(folder, HELP, questions), encoding="utf-8")


def _draw(question: Question, result: Result, folder: Path) -> None:
    """The picture of a question that has one."""
    from mixfit.tracking.pictures.png import save_png
    from scripts.benchmarks.question import Pictured

    if isinstance(question, Pictured):
        save_png(question.figure(result.repetitions), folder / f"{result.question}.png")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Measure what mixfit promises. Contestants of a race run in turn, round after round, and a ratio\n"
        "is the median over the rounds. Prints a table per question with its target, writes every\n"
        "repetition and the pictures to docs/benchmarks and the summary to docs/benchmarks.md. Peers besides\n"
        "scikit-learn take part where the extra `bench` is installed. For timings worth keeping, leave the\n"
        "machine alone meanwhile.",
        epilog="questions:\n" + "\n".join(f"  {name:16} {text}" for name, text in HELP.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "question",
        nargs="?",
        default="all",
        choices=[*HELP, "all"],
        metavar="question",
        help="one of the questions below; all of them by default, which takes half an hour on two quiet cores",
    )
    parser.add_argument("--docs", type=Path, default=DOCS, help="where page and answers go (default: docs)")
    return parser


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


if __name__ == "__main__":
    main()
