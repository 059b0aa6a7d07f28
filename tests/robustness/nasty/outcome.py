"""What a program made of a data set: a fit with all that can be asked of it, or words."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from mixfit.errors import FitWarning
from tests.robustness.nasty.answers import Answers, answers_of
from tests.robustness.nasty.case import Case, Labels
from tests.robustness.nasty.programs import Program

MEANT = (FitWarning, ConvergenceWarning)


@dataclass(frozen=True)
class Fitted:
    """A fit.

    Attributes:
        nll: of the fitted points, in nats per point and the data's units.
        bic: as the program says.
        problems: what is not finite or does not add up.
        on_floor: whether some variance is the smallest that is allowed; None if nobody can tell.
        warned: the warnings that were given.
        labels: (N,), the component of each point; None if nobody looked.
    """

    nll: float
    bic: float
    problems: tuple[str, ...]
    on_floor: bool | None
    warned: tuple[Warning, ...]
    labels: Labels | None = None

    @property
    def floor_is_said(self) -> bool:
        """Whether a warning says that the data forced the floor."""
        return any(isinstance(given, FitWarning) and "on the floor" in str(given) for given in self.warned)

    @property
    def strays(self) -> list[str]:
        """Warnings that were not meant for the user."""
        return [repr(given) for given in self.warned if not isinstance(given, MEANT)]


@dataclass(frozen=True)
class Failed:
    """No fit.

    Attributes:
        message: why not.
        is_for_the_user: whether it speaks to the person who gave the data.
    """

    message: str
    is_for_the_user: bool


Outcome = Fitted | Failed


def outcome(program: Program, case: Case, family: str) -> Outcome:
    """What the program makes of the data with this family of covariances."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answers = answers_of(program, case, family)
        except np.linalg.LinAlgError as error:  # which is a ValueError, and nothing that its reader could act on
            return Failed(f"LinAlgError: {error}", is_for_the_user=False)
        except (ValueError, TypeError) as error:
            return Failed(str(error), is_for_the_user=True)
        except Exception as error:
            return Failed(f"{type(error).__name__}: {error}", is_for_the_user=False)
    return _fitted(answers, program, case, family, _instances(caught))


def _fitted(answers: Answers, program: Program, case: Case, family: str, warned: tuple[Warning, ...]) -> Fitted:
    unit = program.unit(case.points, case.counts, family)
    return Fitted(
        nll=answers.nll,
        bic=answers.bic,
        problems=tuple(answers.problems()),
        on_floor=answers.on_floor(unit) if program.warns else None,
        warned=warned,
        labels=answers.labels,
    )


def _instances(caught: list[warnings.WarningMessage]) -> tuple[Warning, ...]:
    return tuple(each.message if isinstance(each.message, Warning) else each.category(each.message) for each in caught)
