"""Answers the questions that `configs/experiment` asks. `python scripts/experiments.py --help` lists them.

Every question is one file in `scripts/questions`. Its rows go to `docs/experiments/<question>.json`, its picture beside
them, and `docs/experiments.md` is written anew from all answers that are there. So no figure on that page was ever
typed in, and the sentences around them follow from the figures.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, and the one above it is not

if TYPE_CHECKING:
    from scripts.questions.question import Question

NAMES = (
    *("demo", "hard_vs_soft", "how_many_components", "galaxies", "dimensions", "optimizers"),
    *("initialisers", "old_faithful", "accelerators"),
)
"""The questions, in the order in which they are told."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Answers what was asked for, one question after the other, and writes the page."""
    typed = parser().parse_args(arguments)
    names = [word for word in typed.words if "=" not in word]
    more = [word for word in typed.words if "=" in word]
    if unknown := set(names) - set(NAMES):
        parser().error(f"there is no question {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    from scripts.questions.page import page

    questions = all_questions()
    for name in names or NAMES:
        answer(name, questions[name], typed.logs.absolute() / name, typed.docs / "experiments", more, typed.fresh)
    (typed.docs / "experiments.md").write_text(page(typed.docs / "experiments", questions), encoding="utf-8")


def answer(name: str, question: Question, runs: Path, docs: Path, more: Sequence[str], fresh: bool) -> None:
    """Runs what is not done yet of a question, and writes its rows and its picture.

    Where nothing had to run, machine and date stay those of the answer that is there.
    """
    from mixfit.tracking.pictures.png import save_png
    from scripts.benchmarks.circumstances import circumstances
    from scripts.benchmarks.result import Result
    from scripts.questions.asking import ask, command_of

    began = time.perf_counter()
    if fresh and runs.exists():
        rmtree(runs)
    before, facts = _recorded(runs), circumstances(ROOT)
    found = [run for command in (command_of(name), *question.BESIDE) for run in ask(command, runs, more)]
    n_new = len(_recorded(runs) - before)
    kept = docs / f"{name}.json"
    if not n_new and kept.exists():
        facts = dict(Result.read(kept).circumstances)
    result = Result.of(name, facts, question.measure(found))
    result.write(docs)
    save_png(question.figure(result.repetitions), docs / f"{name}.png")
    seconds = time.perf_counter() - began
    print(f"\n{name}: {question.QUESTION} ({len(found)} runs, {n_new} of them new, {seconds:.0f} s)", flush=True)
    print(" ".join(question.answer(result.repetitions)), flush=True)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Answer the questions of configs/experiment: type each experiment's command, which runs what\n"
        "is not done yet, and write docs/experiments.md with the answers that follow.",
        epilog="questions:\n" + "\n".join(f"  {name}" for name in NAMES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="question",
        help="one or more of the questions below, all of them by default; overrides such as seed=0 go to every "
        "command, to try a smaller sweep with other --docs and --logs",
    )
    parser.add_argument("--fresh", action="store_true", help="run everything again, although it is done")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page goes (default: docs)")
    parser.add_argument(
        "--logs",
        type=Path,
        default=ROOT / "logs" / "experiments",
        help="where the runs are (default: logs/experiments)",
    )
    return parser


def all_questions() -> Mapping[str, Question]:
    """Every question by its name."""
    from scripts.questions import (  # --help needs no torch
        accelerators,
        demo,
        dimensions,
        galaxies,
        hard_vs_soft,
        how_many_components,
        initialisers,
        old_faithful,
        optimizers,
    )

    return {
        "demo": demo,
        "hard_vs_soft": hard_vs_soft,
        "how_many_components": how_many_components,
        "galaxies": galaxies,
        "dimensions": dimensions,
        "optimizers": optimizers,
        "initialisers": initialisers,
        "old_faithful": old_faithful,
        "accelerators": accelerators,
    }


def _recorded(folder: Path) -> set[tuple[str, bytes]]:
    """What the runs below a folder say of themselves; a run that is skipped once more says the same."""
    return {(str(path), path.read_bytes()) for path in folder.glob("*/metrics.json")}


if __name__ == "__main__":
    main()
