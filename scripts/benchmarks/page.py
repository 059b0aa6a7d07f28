"""A page of measurements, from the answers that are there and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks.circumstances import in_words
from scripts.benchmarks.result import Result

if TYPE_CHECKING:
    from scripts.benchmarks.question import Question


def page(head: str, folder: Path, asked: Mapping[str, str], questions: Mapping[str, Question]) -> str:
    """The page in Markdown: below its head a section for each question whose answer lies in `folder`, beside it."""
    answered = [name for name in asked if (folder / f"{name}.json").is_file()]
    sections = (
        _section(folder, Result.read(folder / f"{name}.json"), asked[name], questions[name]) for name in answered
    )
    return "\n".join([head, *sections])


def _section(folder: Path, result: Result, asked: str, question: Question) -> str:
    name = result.question
    picture = [f"![{name}]({folder.name}/{name}.png)"] if (folder / f"{name}.png").is_file() else []
    title = [f"## {name}", f"{asked[0].upper()}{asked[1:]}."]
    parts = [*title, *picture, question.table(result.repetitions).markdown, _small_print(result, folder.name)]
    return "\n\n".join(parts) + "\n"


def _small_print(result: Result, folder: str) -> str:
    seeds = f"seeds {', '.join(str(seed) for seed in result.seeds)}"
    link = f"[every repetition]({folder}/{result.question}.json)"
    return f"<sub>{in_words(result.circumstances)}; {seeds}; {link}</sub>"
