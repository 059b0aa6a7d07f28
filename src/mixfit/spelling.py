"""The nearest right word for a mistyped one. A message that names it saves a look into the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from mixfit.program import program


def nearest(name: str, known: Sequence[str]) -> str:
    """A clause that names the closest of the known words, or all of them if none is close and they are few."""
    words = sorted(word for word in known if not word.endswith("_target_"))
    inside = sorted(
        (word for word in words if word.endswith(f".{name}")), key=lambda word: not word.startswith("model.")
    )
    close = inside or get_close_matches(name, words, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are: {', '.join(words)}" if 0 < len(words) <= 12 else f"{program()} --help shows what there is"


def listed(words: Sequence[str], last: str = "and") -> str:
    """The words as a sentence lists them: `adam, em and kmeans`."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)
