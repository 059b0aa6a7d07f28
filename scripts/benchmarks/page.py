"""`docs/benchmarks.md`, from the answers that are there and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks.circumstances import in_words
from scripts.benchmarks.result import Result

if TYPE_CHECKING:
    from scripts.benchmarks.question import Question

HEAD = """# Benchmarks

Written by `python scripts/benchmark.py`, which measures all of this again; do not edit. Contestants of a race run in
turn, round after round, after one round that does not count. Seconds are medians over the rounds, and a ratio is the
median of the rounds' ratios. Every single repetition is in the JSON file named under its table. A plus behind a
commit means that the sources differed from it.
"""


def page(folder: Path, asked: Mapping[str, str], questions: Mapping[str, Question]) -> str:
    """The page in Markdown: a section for each question whose answer lies in `folder`."""
    answered = [name for name in asked if (folder / f"{name}.json").is_file()]
    sections = (
        _section(folder, Result.read(folder / f"{name}.json"), asked[name], questions[name]) for name in answered
    )
    return "\n".join([HEAD, *sections])


def _section(folder: Path, result: Result, asked: str, question: Question) -> str:
    name = result.question
    picture = [f"![{name}](benchmarks/{name}.png)"] if (folder / f"{name}.png").is_file() else []
    title = [f"## {name}", f"{asked[0].upper()}{asked[1:]}."]
    parts = [*title, *picture, question.table(result.repetitions).markdown, _small_print(result)]
    return "\n\n".join(parts) + "\n"


def _small_print(result: Result) -> str:
    seeds = f"seeds {', '.join(str(seed) for seed in result.seeds)}"
    link = f"[every repetition](benchmarks/{result.question}.json)"
    return f"<sub>{in_words(result.circumstances)}; {seeds}; {link}</sub>"
