"""Is that an honest answer? One word for what a program made of a data set, and why."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

import numpy as np
from sklearn.metrics import adjusted_rand_score

from tests.robustness.nasty.case import Bounds, Case, Fits, Refused
from tests.robustness.nasty.outcome import Failed, Fitted, Outcome
from tests.robustness.nasty.programs import Program

AGREEMENT = 0.99
"""The least adjusted Rand index with groups that cannot be mistaken."""


class Verdict(Enum):
    """What an answer is worth."""

    PASSED = "passed"
    REFUSED = "refused"  # what could have been fitted
    DOUBTED = "wrong, with a warning"
    WRONG = "silently wrong"
    NAN = "NaN"
    CRASH = "crash"


class Judgement(NamedTuple):
    """A verdict and its reason; none for what has passed."""

    verdict: Verdict
    reason: str = ""


def judged(program: Program, case: Case, family: str, found: Outcome) -> Judgement:
    """The verdict on what the program found."""
    if isinstance(found, Failed):
        return _judged_failure(program, case, found)
    if not np.isfinite(found.nll) or any(problem.endswith("not finite") for problem in found.problems):
        return Judgement(Verdict.NAN, "; ".join([f"NLL {found.nll}", *found.problems]))
    expected = case.expected
    if isinstance(expected, Refused):
        return Judgement(_wrong(found), f"fitted with NLL {found.nll:.4f} what cannot be fitted")
    fits = expected if isinstance(expected, Fits) else expected.fits
    unit = program.unit(case.points, case.counts, family)
    bounds = fits.reference(case.asked(family, unit, program.adds_floor))
    complaints = [*found.problems, *_complaints(program, fits, bounds, found)]
    return Judgement(_wrong(found), "; ".join(complaints)) if complaints else Judgement(Verdict.PASSED)


def _judged_failure(program: Program, case: Case, found: Failed) -> Judgement:
    if not found.is_for_the_user:
        return Judgement(Verdict.CRASH, found.message)
    expected = case.expected
    if isinstance(expected, Fits):
        return Judgement(Verdict.REFUSED, found.message)
    words = expected if isinstance(expected, Refused) else expected.refused
    missing = [word for word in (words.problem, words.remedy) if not re.search(word, found.message)]
    if missing and program.warns:
        return Judgement(Verdict.CRASH, f"{found.message!r} does not say {' and '.join(missing)}")
    return Judgement(Verdict.PASSED)


def _complaints(program: Program, fits: Fits, bounds: Bounds, found: Fitted) -> list[str]:
    complaints = [f"a stray warning, {stray}" for stray in found.strays if program.warns]
    if not bounds.low <= found.nll <= bounds.high:
        complaints.append(f"NLL {found.nll:.4f} outside of {bounds.low:.4f} to {bounds.high:.4f}")
    if fits.groups is not None and found.labels is not None:
        agreement = adjusted_rand_score(fits.groups, found.labels)
        if agreement < AGREEMENT:
            complaints.append(f"adjusted Rand index {agreement:.3f} with the groups")
    at_floor = found.on_floor if bounds.at_floor is None else bounds.at_floor
    if program.warns and at_floor is not None and at_floor != found.floor_is_said:
        complaints.append("no warning of the floor" if at_floor else "a warning of a floor that nothing forced")
    return complaints


def _wrong(found: Fitted) -> Verdict:
    return Verdict.DOUBTED if found.warned else Verdict.WRONG
