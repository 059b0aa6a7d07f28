"""A page of measurements, and the command that makes it: what scripts that measure have in common.

Every question is one file. Its answer, down to the single repetition, goes to `docs/<name>/<question>.json`, and
`docs/<name>.md` is written anew from all answers that are there. So no number on that page was ever typed in. A
question that draws a picture leaves it in `docs/<name>/<question>.png`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks.circumstances import circumstances
from scripts.benchmarks.page import page
from scripts.benchmarks.result import Result
from scripts.benchmarks.table import print_table

if TYPE_CHECKING:
    from scripts.benchmarks.question import Question

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Report:
    """What one script asks, and where it says what it found.

    Attributes:
        name: of the page, and of the folder beside it.
        head: the page's beginning.
        description: what the command says of itself.
        asked: each question in words, by its name.
        lasts: how long all of them take.
        questions: finds the files that answer them; it is called late, for `--help` needs no torch.
    """

    name: str
    head: str
    description: str
    asked: Mapping[str, str]
    lasts: str
    questions: Callable[[], Mapping[str, Question]]

    def run(self, arguments: Sequence[str] | None = None) -> None:
        """Answers the questions that were asked for, one after the other, and writes the page."""
        typed = self.parser().parse_args(arguments)
        questions, folder = self.questions(), typed.docs / self.name
        for name in self.asked if typed.question == "all" else [typed.question]:
            print(f"\n{name}: {self.asked[name]}", flush=True)
            facts = circumstances(ROOT)  # before the measurement, for the sources may change meanwhile
            result = Result.of(name, facts, questions[name].measure())
            result.write(folder)
            print_table(questions[name].table(result.repetitions))
            _draw(questions[name], result, folder)
        (typed.docs / f"{self.name}.md").write_text(self.page(typed.docs), encoding="utf-8")

    def page(self, docs: Path) -> str:
        """The page in Markdown, from the answers that are there."""
        return page(self.head, docs / self.name, self.asked, self.questions())

    def parser(self) -> argparse.ArgumentParser:
        """The command line."""
        parser = argparse.ArgumentParser(
            description=self.description,
            epilog="questions:\n" + "\n".join(f"  {name:16} {text}" for name, text in self.asked.items()),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument(
            "question",
            nargs="?",
            default="all",
            choices=[*self.asked, "all"],
            metavar="question",
            help=f"one of the questions below; all of them by default, which takes {self.lasts} on two quiet cores",
        )
        parser.add_argument(
            "--docs", type=Path, default=ROOT / "docs", help="where page and answers go (default: docs)"
        )
        return parser


def _draw(question: Question, result: Result, folder: Path) -> None:
    """The picture of a question that has one."""
    from mixfit.tracking.pictures.png import save_png
    from scripts.benchmarks.question import Pictured

    if isinstance(question, Pictured):
        save_png(question.figure(result.repetitions), folder / f"{result.question}.png")
