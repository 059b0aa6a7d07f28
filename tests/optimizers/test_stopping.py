"""Verdicts on sequences that are known in closed form or by hand."""

from collections.abc import Iterable
from math import inf, nan

import pytest

from mixfit.optimizers import Aitken, Plateau, Stopping, Verdict

BETTER, WAIT, CUT, CONVERGED = Verdict.BETTER, Verdict.WAIT, Verdict.CUT, Verdict.CONVERGED


def verdicts(stopping: Stopping, objectives: Iterable[float]) -> list[Verdict]:
    return [stopping.update(objective) for objective in objectives]


@pytest.mark.parametrize("tolerance", [1e-4, 1e-7])
@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9, 0.99, 0.999])
def test_aitken_stops_a_geometric_series_as_soon_as_gain_and_remainder_are_below_tolerance(
    ratio: float, tolerance: float
) -> None:
    """The series falls to zero, so its value is exactly what is still to be gained."""
    aitken, objective, n_passes = Aitken(tolerance), 1.0, 0
    while aitken.update(objective) is BETTER:
        objective *= ratio
        n_passes += 1
    gain = objective / ratio - objective
    assert max(gain, objective) < tolerance
    assert n_passes >= 2
    assert max(gain, objective) / ratio >= tolerance * (1 - 1e-9)


@pytest.mark.parametrize("first_gain", [1e-12, 1e-9, 1.0])
@pytest.mark.parametrize("growth", [1.0, 1.01, 1.5])
def test_aitken_never_stops_while_the_gains_grow(growth: float, first_gain: float) -> None:
    objective, gain, objectives = 0.0, first_gain, []
    for _ in range(60):
        objectives.append(objective)
        objective, gain = objective - gain, gain * growth
    assert set(verdicts(Aitken(1e-6), objectives)) == {BETTER}


def test_aitken_waits_for_two_gains_before_it_believes_in_a_ratio() -> None:
    assert verdicts(Aitken(1e-3), [1.0, 1.0 - 1e-9, 1.0 - 1.1e-9]) == [BETTER, BETTER, CONVERGED]


@pytest.mark.parametrize("last", [1.0, 1.0 + 1e-9])
def test_a_step_that_gains_nothing_ends_a_closed_form_fit(last: float) -> None:
    assert verdicts(Aitken(0.0), [2.0, 1.0, last]) == [BETTER, BETTER, CONVERGED]


def test_tolerance_zero_goes_on_while_anything_changes() -> None:
    assert set(verdicts(Aitken(0.0), [1.0 + 0.5**n for n in range(45)])) == {BETTER}


def test_a_gain_below_rounding_is_none() -> None:
    assert verdicts(Aitken(0.0), [1e6, 1e6 - 1.0, 1e6 - 1.0 - 2e-10])[-1] is CONVERGED


def test_after_forgetting_aitken_needs_two_gains_again() -> None:
    aitken = Aitken(1e-3)
    verdicts(aitken, [1.0, 0.5, 0.4])
    aitken.forget()
    assert verdicts(aitken, [7.0, 7.0 - 1e-9, 7.0 - 1.1e-9]) == [BETTER, BETTER, CONVERGED]


def test_plateau_counts_gains_of_a_tolerance_and_waits_with_patience_before_each_cut() -> None:
    plateau = Plateau(tolerance=0.1, patience=2, n_cuts=2)
    judged = {
        10.0: BETTER,
        9.0: BETTER,
        8.95: BETTER,  # the best so far, yet no gain that counts: the first pass of waiting
        8.96: WAIT,
        8.94: CUT,  # patience is at an end
        8.8: BETTER,
        8.9: WAIT,
        8.79: BETTER,
        8.85: CUT,
        8.91: WAIT,
        8.92: WAIT,
        8.93: CONVERGED,  # both cuts are used up
    }
    assert verdicts(plateau, judged) == list(judged.values())


def test_many_small_gains_count_as_one_large_one() -> None:
    plateau = Plateau(tolerance=0.1, patience=2, n_cuts=0)
    assert set(verdicts(plateau, [-0.04 * n for n in range(40)])) == {BETTER}


@pytest.mark.parametrize("nowhere", [nan, inf])
def test_a_likelihood_that_is_no_number_cuts_at_once(nowhere: float) -> None:
    assert verdicts(Plateau(n_cuts=2), [1.0, nowhere, nowhere, nowhere]) == [BETTER, CUT, CUT, CONVERGED]
    assert verdicts(Plateau(n_cuts=2), [nowhere, 1.0]) == [CUT, BETTER]


def test_after_forgetting_plateau_takes_any_number_as_the_best() -> None:
    plateau = Plateau()
    verdicts(plateau, [1.0, 2.0])
    plateau.forget()
    assert verdicts(plateau, [5.0, 6.0]) == [BETTER, WAIT]


@pytest.mark.parametrize("make", [Aitken, Plateau])
@pytest.mark.parametrize("n_before", [0, 1, 2, 5, 20])
def test_a_stopping_rule_taken_up_again_judges_as_if_it_had_never_stopped(make: type[Stopping], n_before: int) -> None:
    objectives = [0.5**n + 0.01 * (n % 3) for n in range(40)]
    whole, before, after = make(), make(), make()
    verdicts(before, objectives[:n_before])
    after.load_state_dict(before.state_dict())
    assert verdicts(after, objectives[n_before:]) == verdicts(whole, objectives)[n_before:]
    assert after.state_dict() == whole.state_dict()
