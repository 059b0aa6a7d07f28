"""Which panels a sweep needs, which fits each of them shows, and which key has the colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mixfit.tracking.pictures.style import INK, PALETTE, colour

Setting = int | float | str | None
Swept = Mapping[str, Sequence[Setting]]

NLLS, CRITERIA = ("nll/val", "nll/test", "nll/train"), ("bic", "icl")
COLOURED_FIRST = ("optimizer", "covariance", "init", "trainer", "experiment")
"""Whoever sweeps one of these wants to compare its choices, in this order of importance."""
FEW_LINES = 3
"""Of up to so many colours all NLLs are drawn, of more the held-out one alone."""
MOST_IN_A_ROW, MOST_DATA = 4, 8
"""Panels side by side, and data sets that a question is asked of."""


@dataclass(frozen=True)
class Fit:
    """One combination of the swept keys.

    Attributes:
        settings: the value of each swept key; None where the fit has no such key.
        numbers: mean and standard error of each measure that exists, named as in `metrics.json`.
        data: what sets its data apart from others of the sweep, key by key; empty if all have the same.
    """

    settings: Mapping[str, Setting]
    numbers: Mapping[str, tuple[float, float | None]]
    data: Mapping[str, Setting]


Group = tuple[str, list[tuple[Setting, Fit]]]
"""A colour, and what is drawn in it: the values of a key, each with its best fit."""


@dataclass(frozen=True)
class Panel:
    """Some measures of some fits against one key.

    Attributes:
        key: the swept key; empty if each fit stands for itself.
        values: those values of the key that some fit has, in their order.
        measures: the most important first.
        fits: best first, all of the same data, but for the key's own part in that.
        data: which data, in words; empty if all are the same.
        is_cost: whether the horizontal axis has seconds, with a dot for each value of the key.
    """

    key: str
    values: Sequence[Setting]
    measures: Sequence[str]
    fits: Sequence[Fit]
    data: str = ""
    is_cost: bool = False

    @property
    def places(self) -> list[int | float]:
        """The key's values where all of them are numbers, but for fits that have no such key; else nothing."""
        numbers = [value for value in self.values if isinstance(value, int | float)]
        words = [value for value in self.values if isinstance(value, str)]
        return numbers if len(numbers) > 1 and not words else []

    @property
    def is_priced(self) -> bool:
        """Whether theory has a word on it: the excess over the truth grows with the number of parameters."""
        return self.key == "data.dim" and self.measures[0] == "nll/excess"

    @property
    def has_optimum(self) -> bool:
        """Whether the lowest point of a line is an answer: a setting to choose, not a property of the data."""
        return len(self.places) > 2 and self.key.partition(".")[0] != "data"

    def best(self, fits: Sequence[Fit]) -> list[tuple[Setting, Fit]]:
        """The best fit of each of the key's values, in the order of the values."""
        first = {fit.settings[self.key]: fit for fit in reversed(fits)}
        return [(value, first[value]) for value in self.values if value in first]


@dataclass(frozen=True)
class Colours:
    """The key whose values have colours, the same in every panel; empty if no key has."""

    key: str
    values: Sequence[Setting]

    @classmethod
    def of(cls, swept: Swept) -> "Colours":
        """The most important key that has no more values than there are colours; none if one alone was swept."""
        able = [key for key, values in swept.items() if 1 < len(values) <= len(PALETTE)]
        if not able or (len(swept) == 1 and able != ["optimizer"]):
            return cls("", [None])
        key = min(able, key=lambda key: _importance(key, swept[key]))
        return cls(key, swept[key])

    def tone(self, value: Setting) -> str:
        """The colour of one of the values."""
        return colour(list(self.values).index(value)) if self.key else INK

    def split(self, panel: Panel) -> list[tuple[str, list[Fit]]]:
        """A panel's fits by their colours; all in one along a line, which passes through every value of its key."""
        if not self.key or (panel.key == self.key and panel.places):
            return [(INK, list(panel.fits))]
        own = [(value, [fit for fit in panel.fits if fit.settings[self.key] == value]) for value in self.values]
        return [(self.tone(value), fits) for value, fits in own if fits]

    def groups(self, panel: Panel) -> list[Group]:
        """The colours of a panel, each with the best fit of each of the key's values."""
        return [(tone, panel.best(own)) for tone, own in self.split(panel)]


def rows_of(swept: Swept, fits: Sequence[Fit]) -> list[list[Panel]]:
    """The panels in rows: where the data differ a row is one question asked of each data set, else they just flow."""
    keys = sorted(swept, key=lambda key: _urgency(key, swept[key]))
    questions = [_panels(key, swept[key], measures, fits) for key in keys for measures in _measures(key, swept, fits)]
    if not any(questions):
        questions = [_one_by_one(fits)]
    apart = [row for panels in questions if len(panels) > 1 for row in _chunks(panels[:MOST_DATA], MOST_IN_A_ROW)]
    alone = [panels[0] for panels in questions if len(panels) == 1]
    return [*_chunks(alone, 3 if len(alone) in (3, 5, 6) else 2), *apart]


def data_in_words(fit: Fit, without: str = "") -> str:
    """What sets the fit's data apart, such as `dim 2`."""
    told = [(key, value) for key, value in fit.data.items() if key != without and value is not None]
    return ", ".join(str(value) if key == "data" else f"{key.rpartition('.')[2]} {value}" for key, value in told)


def hides(rows: Sequence[Sequence[Panel]], colours: Colours) -> bool:
    """Whether several fits fall on one place of a panel, so that the best stands for all."""
    panels = [panel for row in rows for panel in row]
    shared = [own for panel in panels for own in _sharing(panel, colours) if len(panel.best(own)) < len(own)]
    return bool(shared)


def _sharing(panel: Panel, colours: Colours) -> list[Sequence[Fit]]:
    """Fits of which one can stand for another: those of one colour, or all where seconds are shown."""
    return [panel.fits] if panel.is_cost else [own for _, own in colours.split(panel)]


def _measures(key: str, swept: Swept, fits: Sequence[Fit]) -> list[tuple[str, ...]]:
    """What to draw against the key: one tuple for each panel."""
    has = {name for fit in fits for name in fit.numbers}
    nlls = [name for name in NLLS if name in has]
    if key == "model.n_components":
        colours = Colours.of(swept)
        few = colours.key == key or len(colours.values) <= FEW_LINES
        return [tuple(nlls if few else nlls[:1]), tuple(name for name in CRITERIA[: 2 if few else 1] if name in has)]
    if "nll/excess" in has and (key == "optimizer" or key.partition(".")[0] == "data"):
        return [("nll/excess",)]
    if any(key in fit.data for fit in fits):
        return []  # NLLs of different data on one axis would be compared
    return [tuple(nlls[:1])]


def _panels(key: str, values: Sequence[Setting], measures: Sequence[str], fits: Sequence[Fit]) -> list[Panel]:
    """A panel for each data set in which the key has several values."""
    data: dict[str, list[Fit]] = {}
    for fit in fits:
        if measures and measures[0] in fit.numbers:
            data.setdefault(data_in_words(fit, without=key), []).append(fit)
    panels = []
    for words, own in data.items():
        there = [value for value in values if any(fit.settings[key] == value for fit in own)]
        if len(there) > 1:
            is_timed = all(fit.numbers.get("seconds/fit", (0.0, None))[0] > 0 for fit in own)
            panels.append(Panel(key, there, measures, own, words, is_cost=key == "optimizer" and is_timed))
    return panels


def _one_by_one(fits: Sequence[Fit]) -> list[Panel]:
    """Where no key has several values in the same data: a panel for each data set, with every NLL of its best fit."""
    panels = []
    for words, fit in {data_in_words(fit): fit for fit in reversed(fits)}.items():
        names = [name for name in NLLS if name in fit.numbers]
        alone = [Fit({"": name}, {"nll": fit.numbers[name]}, {}) for name in names]
        panels += [Panel("", names, ["nll"], alone, words)] if names else []
    return panels[::-1]


def _chunks(panels: list[Panel], size: int) -> list[list[Panel]]:
    return [panels[first : first + size] for first in range(0, len(panels), size)]


def _urgency(key: str, values: Sequence[Setting]) -> tuple[bool, bool, bool, bool, str]:
    """What to sort questions by: components, data, optimizers, then what has a scale, then what has names."""
    is_data, has_words = key.partition(".")[0] == "data", any(isinstance(value, str) for value in values)
    return key != "model.n_components", not is_data, key != "optimizer", has_words, key


def _importance(key: str, values: Sequence[Setting]) -> tuple[bool, int, bool, int]:
    """What to sort keys by that could have the colours: data have panels of their own."""
    place = COLOURED_FIRST.index(key) if key in COLOURED_FIRST else len(COLOURED_FIRST)
    is_data, has_words = key.partition(".")[0] == "data", any(isinstance(value, str) for value in values)
    return is_data, place, not has_words, len(values)
