"""What is imported when? Lightning only when something is fitted, Hydra never, and `import mixfit` next to nothing.

Each question needs a process of its own. What scikit-learn and torch import by themselves is not asked about: some of
their versions load pandas.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mixfit
from mixfit import GaussianMixture

LIGHTNING = {"pytorch_lightning", "lightning", "lightning_fabric", "torchmetrics"}
COMMAND_LINE = {"hydra", "omegaconf", "mixfit.main", "mixfit.experiment", "mixfit.command_line"}
TABLES = {"pandas", "polars", "pyarrow"}
PICTURES = {"tensorboard", "matplotlib"}

FIRST = "import sys, torch, sklearn.base, sklearn.utils.validation; before = set(sys.modules)\n"
FIT = "GaussianMixture(2, random_state=0).fit([[0.0], [1.0], [5.0], [6.0]])"


def imported(program: str, first: str = FIRST) -> set[str]:
    """The names of all modules that a new process has imported in the end, beside those of `first`."""
    end = "\nprint(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", first + program + end], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a saved estimator."""
    GaussianMixture(2, random_state=0).fit(np.random.default_rng(0).normal(size=(20, 2))).save(tmp_path / "fit")
    return tmp_path / "fit"


def test_the_package_alone_imports_nothing_that_takes_time() -> None:
    found = imported("import mixfit; dir(mixfit)", "import sys; before = set()\n")
    heavy = {"torch", "sklearn", "numpy", "scipy", "narwhals", "safetensors"}
    assert not (heavy | LIGHTNING | COMMAND_LINE | TABLES | PICTURES) & found
    assert {name for name in found if name.startswith("mixfit")} == {"mixfit"}


def test_to_load_and_to_ask_needs_neither_lightning_nor_hydra(folder: Path) -> None:
    found = imported(
        f"from mixfit import GaussianMixture, load; fitted = load({str(folder)!r}); repr(fitted)\n"
        "fitted.score_samples([[1.0, 2.0]]), fitted.predict([[1.0, 2.0]]), fitted.sample(3)\n"
        "fitted.condition({0: 1.0}).quantile(0.5), fitted.modes(), fitted.entropy()"
    )
    assert "mixfit.estimator.loading" in found
    assert not (LIGHTNING | COMMAND_LINE | TABLES | PICTURES) & found


def test_a_fit_needs_lightning_and_no_hydra() -> None:
    found = imported(f"from mixfit import GaussianMixture; {FIT}", FIRST.replace("sklearn.base", "torchmetrics"))
    assert "pytorch_lightning" in found
    assert not (COMMAND_LINE | TABLES | PICTURES) & found


def test_the_names_of_the_package_are_those_that_it_lists() -> None:
    assert set(mixfit.__all__) <= set(dir(mixfit))
    assert all(callable(getattr(mixfit, name)) for name in mixfit.__all__)
    with pytest.raises(AttributeError, match="no attribute 'GausianMixture'"):
        mixfit.GausianMixture  # noqa: B018
