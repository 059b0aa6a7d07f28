"""Every nasty data set, through the estimator and through `train.py`: a fit that is right, or a refusal that says why.

What is right stands beside each set in `nasty/topics`, and does not come from here. `python scripts/nasty.py` prints
the same table beside scikit-learn's.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.robustness.nasty.case import Case, Fits, FitsOrRefused
from tests.robustness.nasty.judging import Judgement, Verdict, judged
from tests.robustness.nasty.outcome import Fitted, outcome
from tests.robustness.nasty.programs import ours
from tests.robustness.nasty.references import hard_mixture
from tests.robustness.nasty.runs import run_outcome
from tests.robustness.nasty.table import CASES, ROWS

PASSED = Judgement(Verdict.PASSED)
SAME = 1e-6
"""Nats per point, relative to a value above one: a file and an array may differ in the last digit of a sum."""

AS_A_FILE = [case for case in CASES if case.weights is None]
"""A file has no weights."""


def name(value: Case | str) -> str:
    return value.name if isinstance(value, Case) else value


def with_hard_assignments(case: Case) -> Case:
    """The same points under k-means, which has one shared ball as its covariance, whatever the reference has."""
    if isinstance(case.expected, Fits):
        return replace(case, expected=Fits(hard_mixture))
    if isinstance(case.expected, FitsOrRefused):
        return replace(case, expected=replace(case.expected, fits=Fits(hard_mixture)))
    return case


def test_there_are_as_many_nasty_sets_as_promised() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 92
    assert len(ROWS) >= 274
    assert all(case.why for case in CASES)


@pytest.mark.parametrize(("case", "family"), ROWS, ids=name)
def test_the_estimator_fits_it_or_says_why_not(case: Case, family: str) -> None:
    assert judged(ours(), case, family, outcome(ours(), case, family)) == PASSED


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("case", CASES, ids=name)
def test_gradients_fit_it_or_say_why_not(case: Case, optimizer: str) -> None:
    program = ours(optimizer)
    assert judged(program, case, case.hardest, outcome(program, case, case.hardest)) == PASSED


@pytest.mark.parametrize("case", CASES, ids=name)
def test_kmeans_fits_it_or_says_why_not(case: Case) -> None:
    program, hard = ours("kmeans"), with_hard_assignments(case)
    assert judged(program, hard, "tied_spherical", outcome(program, hard, "tied_spherical")) == PASSED


@pytest.mark.parametrize("case", AS_A_FILE, ids=name)
def test_a_run_fits_it_or_says_why_not_and_agrees_with_the_estimator(case: Case, tmp_path: Path) -> None:
    family = case.hardest
    run, estimator = run_outcome(case, family, tmp_path), outcome(ours(), case, family)
    assert judged(ours(), case, family, run) == PASSED
    assert type(run) is type(estimator)
    if isinstance(run, Fitted) and isinstance(estimator, Fitted):
        assert run.nll == pytest.approx(estimator.nll, rel=SAME, abs=SAME)
        assert run.bic == pytest.approx(estimator.bic, rel=SAME, abs=SAME)
        assert run.floor_is_said == estimator.floor_is_said
