"""The same nasty data given to several programs, in several processes: what each makes of every set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import torch

from tests.robustness.nasty.case import Case
from tests.robustness.nasty.judging import Judgement, Verdict, judged
from tests.robustness.nasty.outcome import outcome
from tests.robustness.nasty.programs import Program, ours, scikit_learn, scikit_learn_behind_z_scores
from tests.robustness.nasty.table import CASES

PROGRAMS = (ours(), scikit_learn(), scikit_learn_behind_z_scores())

Judgements = dict[str, Judgement]
"""By family."""


@dataclass(frozen=True)
class Compared:
    """One nasty data set.

    Attributes:
        case: the set.
        judgements: by program and family; none for a program that does not know weights, where there are weights.
    """

    case: Case
    judgements: Sequence[Judgements]

    def cell(self, program: int) -> str:
        """What became of it: one word, or one for each kind of verdict with its families."""
        found = self.judgements[program]
        kinds = {judgement.verdict: None for judgement in found.values()}
        if len(kinds) == 1:
            return next(iter(kinds)).value
        return ", ".join(f"{kind.value} ({' '.join(_families(found, kind))})" for kind in kinds)

    def reasons(self) -> Iterator[str]:
        """Why not, for whatever has not passed."""
        for program, found in zip(PROGRAMS, self.judgements, strict=True):
            for family, judgement in found.items():
                if judgement.verdict is not Verdict.PASSED:
                    yield f"{self.case.name}, {program.name}, {family}: {judgement.verdict.value}: {judgement.reason}"


def compared(numbers: Sequence[int], n_processes: int) -> Iterator[Compared]:
    """The sets of these places in the table, each with what all programs make of it, in order."""
    if n_processes == 1:
        yield from (Compared(CASES[number], _judgements(number)) for number in numbers)
        return
    with ProcessPoolExecutor(n_processes, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        for number, judgements in zip(numbers, pool.map(_judgements, numbers), strict=True):
            yield Compared(CASES[number], judgements)


def totals(all_compared: Sequence[Compared], program: int) -> Counter[Verdict]:
    """How often each verdict was passed on a program."""
    return Counter(found.verdict for each in all_compared for found in each.judgements[program].values())


def _judgements(number: int) -> list[Judgements]:
    return [_of(program, CASES[number]) for program in PROGRAMS]


def _of(program: Program, case: Case) -> Judgements:
    if case.weights is not None and not program.takes_weights:
        return {}
    return {family: judged(program, case, family, outcome(program, case, family)) for family in case.families}


def _families(found: Judgements, kind: Verdict) -> list[str]:
    return [family for family, judgement in found.items() if judgement.verdict is kind]
