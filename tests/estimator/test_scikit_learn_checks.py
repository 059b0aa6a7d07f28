"""scikit-learn's own checks, with every optimizer and every family. None may fail, and none is expected to.

They are about the door and not about the fit, so that a few passes do for most, and optimizers are paired with
families. One check only runs where SciPy was imported with an environment variable set; it gets a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import cycle
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from mixfit import GaussianMixture
from tests.running import choices, families

HAS_ITS_OWN_FAMILY = "kmeans"
OPTIMIZERS = [name for name in choices("optimizer") if name != HAS_ITS_OWN_FAMILY]
FEW: dict[str, Any] = {"n_components": 2, "max_iter": 5, "tol": 0, "random_state": 0}

ESTIMATORS = [
    GaussianMixture(),
    GaussianMixture(optimizer=HAS_ITS_OWN_FAMILY, **FEW),
    *(
        GaussianMixture(optimizer=optimizer, covariance_type=family, **FEW)
        for optimizer, family in zip(OPTIMIZERS, cycle(families()), strict=False)
    ),
]

ARRAY_API = """
from sklearn.utils.estimator_checks import check_array_api_input
from mixfit import GaussianMixture
check_array_api_input("it", GaussianMixture(2, random_state=0), "numpy", expect_only_array_outputs=False)
print("checked")
"""


@pytest.mark.filterwarnings("ignore::mixfit.errors.FitWarning")  # for the points of some checks are few, or equal
@parametrize_with_checks(ESTIMATORS)  # type: ignore[untyped-decorator]
def test_scikit_learn_finds_nothing_wrong(estimator: Any, check: Any) -> None:
    check(estimator)


def test_every_family_is_among_those_that_are_checked() -> None:
    checked = {estimator.covariance_type for estimator in ESTIMATORS if estimator.optimizer != HAS_ITS_OWN_FAMILY}
    assert checked == set(families())


def test_arrays_mean_the_same_under_scikit_learns_array_api_dispatch() -> None:
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    done = subprocess.run(
        [sys.executable, "-c", ARRAY_API], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("checked\n", 0), done.stderr
