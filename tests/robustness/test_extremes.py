"""Settings at the ends of what can be set: every optimizer ends finite, and right or with a word that it is not.

What is right is EM's likelihood from the same start. A fit that says it has converged has to be near it, or at another
maximum that one step of EM does not leave.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mixfit import GaussianMixture
from mixfit.errors import InputError
from tests.running import choices, families, run_experiment, train

Array = NDArray[np.float64]

CLOSED_FORMS = ["em", "kmeans"]
GRADIENTS = [name for name in choices("optimizer") if name not in CLOSED_FORMS]
every_optimizer = pytest.mark.parametrize("optimizer", choices("optimizer"))
every_family = pytest.mark.parametrize("family", families())

SHORT = 0.02
"""Nats per point that a fit may be short of EM's maximum where it says that it has converged."""


@dataclass(frozen=True)
class Ended:
    """A fit, and what was said of it."""

    mixture: GaussianMixture
    said: list[str]


def ended(points: Array, n_components: int, **arguments: Any) -> Ended:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mixture = GaussianMixture(n_components, random_state=0, **arguments).fit(points)
    return Ended(mixture, [str(each.message) for each in caught])


def groups(n_points: int = 151, dim: int = 2) -> Array:
    """Two that overlap a little, (2 n, D)."""
    random = np.random.default_rng(0)
    return np.concatenate([random.normal(size=(n_points, dim)), 4 + random.normal(size=(n_points, dim)) * 0.5])


@every_family
@pytest.mark.parametrize("rate", [10.0, 1e6, 1e-10])
@pytest.mark.parametrize("optimizer", GRADIENTS)
def test_any_learning_rate_ends_finite_and_right_or_says_that_it_is_not(
    optimizer: str, rate: float, family: str
) -> None:
    points = groups()
    best = GaussianMixture(2, covariance_type=family, random_state=0).fit(points).score(points)
    fit = ended(points, 2, covariance_type=family, optimizer=optimizer, optimizer_options={"lr": rate})
    assert np.isfinite(fit.mixture.score_samples(points)).all()
    assert fit.mixture.score(points) >= best - SHORT or fit.said
    assert fit.mixture.converged_ == (not fit.said)


@every_family
@pytest.mark.parametrize(("batch_size", "n_rows"), [(1, 60), (100, 301), (301, 302)])
@every_optimizer
def test_batches_of_one_row_and_a_last_batch_of_one_row_end_finite(
    optimizer: str, batch_size: int, n_rows: int, family: str
) -> None:
    points = groups(n_rows // 2 + 1)[:n_rows]
    options = {"max_iter": 2} if batch_size == 1 else {}
    fit = ended(points, 2, covariance_type=family, optimizer=optimizer, batch_size=batch_size, **options)
    assert np.isfinite(fit.mixture.score_samples(points)).all()
    if optimizer in CLOSED_FORMS:
        whole = ended(points, 2, covariance_type=family, optimizer=optimizer, **options)
        assert fit.mixture.score(points) == pytest.approx(whole.mixture.score(points), abs=1e-9)


@every_family
@pytest.mark.parametrize("dim", [1, 3])
@every_optimizer
def test_one_component_is_the_normal_distribution_of_the_points(optimizer: str, family: str, dim: int) -> None:
    points = groups(dim=dim)
    mixture = ended(points, 1, covariance_type=family, optimizer=optimizer).mixture
    if family in ("full", "tied") and optimizer != "kmeans":
        covariance = np.cov(points.T, bias=True).reshape(dim, dim)
    elif family == "diag" and optimizer != "kmeans":
        covariance = np.diag(points.var(0))
    else:
        covariance = points.var(0).mean() * np.eye(dim)
    expected = stats.multivariate_normal(points.mean(0), covariance).logpdf(points).mean()
    assert mixture.score(points) == pytest.approx(expected, abs=1e-6)


@every_family
@every_optimizer
def test_on_a_line_every_family_fits_two_groups(optimizer: str, family: str) -> None:
    points = groups(dim=1)
    fit = ended(points, 2, covariance_type=family, optimizer=optimizer)
    truth = np.repeat([0, 1], 151)
    assert max(np.mean(fit.mixture.predict(points) == labels) for labels in (truth, 1 - truth)) > 0.97
    assert fit.mixture.converged_


@pytest.mark.parametrize("dtype", ["float16", "float32", "uint8", "int16", "bool"])
@pytest.mark.parametrize("optimizer", ["em", "adam"])  # what comes out of a file is float64 for all of them
def test_a_file_of_narrow_numbers_is_fitted_as_their_values(optimizer: str, dtype: str, tmp_path: Path) -> None:
    narrow = (groups() > 2 if dtype == "bool" else np.round(10 * (groups() + 5)) / 8).astype(dtype)
    np.save(tmp_path / "narrow.npy", narrow)
    np.save(tmp_path / "wide.npy", narrow.astype(np.float64))
    same = ["data=file", f"optimizer={optimizer}", "trainer=cpu", "model.n_components=2"]
    narrow_run, wide_run = (
        run_experiment(tmp_path / kind, *same, f"data.path={tmp_path / f'{kind}.npy'}") for kind in ("narrow", "wide")
    )
    for name in ("nll/train", "nll/val", "nll/test", "passes", "converged", "warning"):
        assert narrow_run[name] == wide_run[name]
    assert np.isfinite(narrow_run["nll/test"])


@pytest.mark.parametrize(
    "given",
    [
        ["optimizer=adam", "optimizer.lr=10"],
        ["optimizer=sgd", "optimizer.lr=1e-10"],
        ["optimizer=rmsprop", "data.batch_size=1", "trainer.max_epochs=3"],
        ["optimizer=adamw", "data.batch_size=64", "trainer.accumulate_grad_batches=3"],
        ["optimizer=lbfgs", "data.batch_size=1", "trainer.max_epochs=3"],
    ],
    ids=" ".join,
)
def test_a_run_at_the_ends_of_its_settings_says_what_came_of_it(given: list[str], tmp_path: Path) -> None:
    run = train(tmp_path / "run", *given, "trainer=cpu", "data.n_samples=201")
    assert run.status == 0, run.stderr
    assert np.isfinite(run.metrics["nll/test"])
    assert ("warning: " in run.stderr) == (run.metrics["warning"] is not None)
    if run.metrics["converged"]:
        assert run.metrics["nll/test"] < 1.9  # whose truth has 1.4, and a single Gaussian 2.1


@every_optimizer
def test_more_components_than_points_are_refused_with_both_numbers(optimizer: str) -> None:
    with pytest.raises(InputError, match="3 training points cannot hold 4 components"):
        ended(groups()[:3], 4, optimizer=optimizer)


@every_optimizer
def test_as_many_components_as_points_say_that_the_floor_is_all_there_is(optimizer: str) -> None:
    points = groups()[:4]
    fit = ended(points, 4, optimizer=optimizer)
    assert np.isfinite(fit.mixture.score_samples(points)).all()
    assert any("on the floor" in each for each in fit.said)
