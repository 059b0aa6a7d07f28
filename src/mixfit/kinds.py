"""What a key of the configuration may hold, in a form that both checks a value and describes itself.

A refusal and a line of `--help` say the same because both read it here. A kind knows nothing of keys; what null means
belongs to the key and not to the kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from math import inf, isfinite
from sys import float_info
from typing import Protocol

from mixfit.spelling import listed


class Kind(Protocol):
    """A set of values; `str(kind)` describes it so that it can follow "expected"."""

    def holds(self, value: object) -> bool:
        """Whether the value is one of them."""
        ...

    def hint(self, value: object) -> str | None:
        """What the person who gave this wrong value most likely wants to write."""
        ...


@dataclass(frozen=True)
class Number:
    """A finite number that torch can count with; the bounds belong to the range except `above` and `below`."""

    least: float = -inf
    above: float = -inf
    most: float = inf
    below: float = inf
    whole: bool = False

    def __str__(self) -> str:
        bounds = {"of at least": self.least, "above": self.above, "at most": self.most, "below": self.below}
        finite = [f"{word} {bound}" for word, bound in bounds.items() if isfinite(bound)]
        return " ".join(["a whole number" if self.whole else "a number", listed(finite)]).strip()

    def holds(self, value: object) -> bool:  # noqa: D102
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        fits = self.least <= value <= self.most and self.above < value < self.below
        return fits and abs(value) <= self._largest

    def hint(self, value: object) -> str | None:  # noqa: D102
        number = _number(value)
        if number is None or isinstance(value, bool):
            return None
        if abs(number) > self._largest:
            return "torch counts in 64 bits"
        meant = int(number) if self.whole and number == int(number) else number
        return f"write {meant}{' without quotes' if str(meant) == value else ''}" if self.holds(meant) else None

    @property
    def _largest(self) -> float:
        return 2**63 - 1 if self.whole else float_info.max


@dataclass(frozen=True)
class Words:
    """One of a closed list of words."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return listed(self.words, "or")

    def holds(self, value: object) -> bool:  # noqa: D102
        return value in self.words

    def hint(self, value: object) -> str | None:  # noqa: D102
        said = str(value).lower()
        begun = [word for word in self.words if word.startswith(said)]
        close = begun or get_close_matches(said, self.words, n=1, cutoff=0.7)
        return f"did you mean {close[0]}?" if close else None


@dataclass(frozen=True)
class Truth:
    """Yes or no."""

    def __str__(self) -> str:
        return "true or false"

    def holds(self, value: object) -> bool:  # noqa: D102
        return isinstance(value, bool)

    def hint(self, value: object) -> str | None:  # noqa: D102
        meant = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}
        return f"write {meant[str(value).lower()]}" if str(value).lower() in meant else None


@dataclass(frozen=True)
class Text:
    """Any text that is not empty."""

    what: str = "text"

    def __str__(self) -> str:
        return self.what

    def holds(self, value: object) -> bool:  # noqa: D102
        return isinstance(value, str) and value != ""

    def hint(self, value: object) -> str | None:  # noqa: D102
        return f"""write "'{value}'" """.strip() if isinstance(value, (int, float)) else None


@dataclass(frozen=True)
class Several:
    """A list of one kind of thing, of any length but zero unless a length is given."""

    each: Kind
    length: int | None = None

    def __str__(self) -> str:
        return f"a list{'' if self.length is None else f' of {self.length}'}, each {self.each}"

    def holds(self, value: object) -> bool:  # noqa: D102
        if not isinstance(value, list) or not value or (self.length or len(value)) != len(value):
            return False
        return all(self.each.holds(item) for item in value)

    def hint(self, value: object) -> str | None:  # noqa: D102
        if isinstance(value, list):
            return next(filter(None, map(self._hint_of_item, value)), None)
        return f"write [{value}]" if self.holds([value]) else None

    def _hint_of_item(self, item: object) -> str | None:
        hint = None if self.each.holds(item) else self.each.hint(item)
        return hint and f"for {item} {hint}"


@dataclass(frozen=True)
class Either:
    """One of several kinds."""

    kinds: tuple[Kind, ...]

    def __str__(self) -> str:
        return ", or ".join(map(str, self.kinds))

    def holds(self, value: object) -> bool:  # noqa: D102
        return any(kind.holds(value) for kind in self.kinds)

    def hint(self, value: object) -> str | None:  # noqa: D102
        single = (kind for kind in self.kinds if not isinstance(kind, Several))
        return next(filter(None, (kind.hint(value) for kind in single)), None)


def written(value: object) -> str:
    """A value as the command line takes it: `null`, `true`, `[1,2]`."""
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: object) -> float | None:
    """The number that a value is, or would be if it had not been written as text; None where there is none."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) else None
    except ValueError:
        return None
    except OverflowError:
        return float_info.max
    return number if number is None or isfinite(number) else None
