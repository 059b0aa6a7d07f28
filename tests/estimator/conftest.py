"""What tests of the estimator share: small points in three groups, and every choice by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.running import choices, families

SHORT = pytest.mark.filterwarnings("ignore:the fit has not converged in max_iter:sklearn.exceptions.ConvergenceWarning")

may_touch_the_floor = pytest.mark.filterwarnings("ignore:.* the floor, the smallest variance:mixfit.errors.FitWarning")
"""For points that are few or flat because the test is about something else."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Most fits here are cut short on purpose; what a user is told then has a test of its own."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(SHORT)


OPTIMIZERS, FAMILIES = choices("optimizer"), families()


@pytest.fixture
def points() -> NDArray[np.float64]:
    """(130, 2): three groups of different sizes and shapes that overlap a little."""
    random = np.random.default_rng(0)
    groups = [random.normal(size=(60, 2)), [3, 3] + 0.5 * random.normal(size=(40, 2))]
    return np.concatenate([*groups, [6, -3] + random.normal(size=(30, 2)) * [1.5, 0.5]])


@pytest.fixture(params=OPTIMIZERS)
def optimizer(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=FAMILIES)
def covariance_type(request: pytest.FixtureRequest) -> str:
    return str(request.param)
