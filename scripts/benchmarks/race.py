"""Fair timing: contestants take turns, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

from scripts.benchmarks.result import Repetition, Repetitions

Contestant = Callable[[int], Repetition]
"""Runs once, as the given round, and returns its own `seconds`."""

REST = 0.1
"""Seconds before each turn: the threads of whoever was before may go on spinning for some tens of milliseconds."""


def race(contestants: Mapping[str, Contestant], rounds: int, are_warm: bool = False) -> Repetitions:
    """What each contestant returned in each round; the order turns round every time.

    A first round is dropped, unless they are warm because all of them have run already.
    """
    for contestant in () if are_warm else contestants.values():
        contestant(0)
    found: Repetitions = []
    for number in range(rounds):
        names = list(contestants)[:: -1 if number % 2 else 1]
        found += [{"contestant": name, "round": number, **_turn(contestants[name], number)} for name in names]
    return found


def _turn(contestant: Contestant, number: int) -> Repetition:
    time.sleep(REST)
    return contestant(number)


def seconds_of(function: Callable[[], object]) -> float:
    """Wall time of one call, s."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def median_of(repetitions: Repetitions, contestant: str, name: str = "seconds") -> float:
    """The median of what one contestant returned under a name."""
    return median(_by_round(repetitions, contestant, name).values())


def ratio_of(repetitions: Repetitions, contestant: str, other: str) -> float:
    """The median over the rounds of one contestant's seconds in another's."""
    mine, others = (_by_round(repetitions, name, "seconds") for name in (contestant, other))
    return median(seconds / others[number] for number, seconds in mine.items())


def _by_round(repetitions: Repetitions, contestant: str, name: str) -> dict[int, float]:
    return {row["round"]: row[name] for row in repetitions if row["contestant"] == contestant}
