"""The answer to a question as it is kept: every repetition, and the circumstances."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Repetition = dict[str, Any]
"""Plain numbers and words by name; a `seed` always, `threads` where they are known."""

Repetitions = list[Repetition]


@dataclass(frozen=True)
class Result:
    """One question's file.

    Attributes:
        question: its name.
        circumstances: machine, versions, commit and date, as the first repetition began.
        seeds: that the repetitions used.
        repetitions: one by one, in the order they ran.
    """

    question: str
    circumstances: Mapping[str, Any]
    seeds: list[int]
    repetitions: Repetitions

    @classmethod
    def of(cls, question: str, circumstances: Mapping[str, Any], repetitions: Repetitions) -> Result:
        """The repetitions, the circumstances they began under, and their seeds."""
        seeds = sorted({repetition["seed"] for repetition in repetitions})
        return cls(question, circumstances, seeds, repetitions)

    @classmethod
    def read(cls, path: Path) -> Result:
        """What `write` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, folder: Path) -> None:
        """Writes `<question>.json`, one line for each repetition."""
        folder.mkdir(parents=True, exist_ok=True)
        fields = {name: json.dumps(value) for name, value in asdict(self).items()}
        lines = ",\n".join(f"    {json.dumps(repetition)}" for repetition in self.repetitions)
        fields["repetitions"] = f"[\n{lines}\n  ]"
        body = ",\n".join(f'  "{name}": {text}' for name, text in fields.items())
        (folder / f"{self.question}.json").write_text(f"{{\n{body}\n}}\n", encoding="utf-8")
