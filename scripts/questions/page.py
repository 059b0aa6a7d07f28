"""`docs/experiments.md`, from the answers that are there and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from scripts.benchmarks.result import Result
from scripts.questions.asking import command_of

if TYPE_CHECKING:
    from scripts.questions.question import Question

HEAD = """# Questions, answered

Each question is an experiment in `configs/experiment`. Its command runs a sweep, prints the table of all runs and
leaves them in a folder; typed again it runs only what is not done yet. The sentences, tables and pictures here are made
from those runs by `python scripts/experiments.py`; do not edit them. NLL is the negative log-likelihood in nats per
point; its excess is how far it lies above the true density's on the same test points. A mean has ± one standard error
over seeds. Every row behind an answer is in the JSON file named below it. A plus behind a commit means that the sources
differed from it.
"""


def page(folder: Path, questions: Mapping[str, Question]) -> str:
    """The page in Markdown: a section for each question whose answer lies in `folder`."""
    answered = [name for name in questions if (folder / f"{name}.json").is_file()]
    contents = "\n".join(f"- [{questions[name].QUESTION}](#{name})" for name in answered)
    sections = (_section(Result.read(folder / f"{name}.json"), questions[name]) for name in answered)
    return "\n".join([HEAD, f"{contents}\n", *sections])


def _section(result: Result, question: Question) -> str:
    name, rows = result.question, result.repetitions
    commands = "\n".join([command_of(name), *question.BESIDE])
    parts = [
        f"## {name}",
        f"**{question.QUESTION}**",
        f"```\n{commands}\n```",
        fill(" ".join(question.answer(rows)), 120, break_long_words=False, break_on_hyphens=False),
        f"![{question.QUESTION}](experiments/{name}.png)",
        question.table(rows).markdown.rstrip(),
        _small_print(result),
    ]
    return "\n\n".join(parts) + "\n"


def _small_print(result: Result) -> str:
    facts = result.circumstances
    machine = "{cpu}, {cores} cores, {system}".format(**facts["machine"])
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    link = f"[every row](experiments/{result.question}.json)"
    seeds = _seeds(result.seeds)
    return f"<sub>{machine}; {versions}; commit {facts['commit']}; {facts['date'][:10]}; {seeds}; {link}</sub>"


def _seeds(seeds: Sequence[int]) -> str:
    """Seeds in words; a range as its ends."""
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    gapless = list(seeds) == list(range(seeds[0], seeds[-1] + 1))
    return f"seeds {seeds[0]} to {seeds[-1]}" if gapless else f"seeds {', '.join(map(str, seeds))}"
