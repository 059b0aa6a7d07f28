"""Does every way to fit end at the same density, whatever its batches, precision and repetition?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.running import choices, drawn_starts, families, run_experiment, train

Metrics = dict[str, Any]

TRAIN_VAL_TEST = ["nll/train", "nll/val", "nll/test"]
GRADIENTS = [name for name in choices("optimizer") if name not in ("em", "kmeans")]
SEPARATED = ["data=gaussians", "data.n_samples=2000", "model.n_components=3"]
OF_GAUSSIANS = ["full", "diag", "tied", "spherical"]
"""What `data.family` offers."""

OVERLAPPING = [
    *("data=gaussians", "data.n_samples=1000", "data.n_val=1000", "data.n_test=1000", "data.separation=1"),
    "model.n_components=3",
]


@pytest.fixture(scope="module")
def overlapping(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Metrics]:
    """Metrics of runs on overlapping components; each run is made once."""

    @cache
    def fitted(*overrides: str) -> Metrics:
        return run_experiment(tmp_path_factory.mktemp("overlapping") / "run", *OVERLAPPING, *overrides)

    return fitted


def likelihoods(metrics: Metrics) -> list[float]:
    return [metrics[name] for name in TRAIN_VAL_TEST]


def without_clock(metrics: Metrics) -> Metrics:
    return {name: value for name, value in metrics.items() if not name.startswith("seconds/")}


def as_close_as_parameters_allow(metrics: Metrics) -> bool:
    """Whether the excess is at most four times the p/(2N) that a maximum of the likelihood is expected to have."""
    return bool(abs(metrics["nll/excess"]) <= 2 * metrics["n_parameters"] / metrics["n_points"])


@pytest.mark.parametrize("optimizer", [*GRADIENTS, "em"])
def test_every_optimizer_lands_on_the_truth_of_the_bimodal_demo(tmp_path: Path, optimizer: str) -> None:
    metrics = run_experiment(tmp_path / "run", f"optimizer={optimizer}")
    assert metrics["nll/excess"] <= 0.01
    assert metrics["converged"] is True


@pytest.mark.parametrize("optimizer", GRADIENTS)
def test_every_gradient_reaches_the_optimum_of_em(overlapping: Callable[..., Metrics], optimizer: str) -> None:
    em, metrics = overlapping("optimizer=em"), overlapping(f"optimizer={optimizer}")
    assert metrics["nll/train"] == pytest.approx(em["nll/train"], abs=1e-4)
    assert metrics["nll/test"] == pytest.approx(em["nll/test"], abs=2e-3)
    assert metrics["converged"] is True


def test_kmeans_finds_the_two_humps_and_has_a_sum_of_squares(tmp_path: Path) -> None:
    metrics = run_experiment(tmp_path / "run", "optimizer=kmeans")
    assert metrics["within_ss"] == pytest.approx(1000 * 0.5**2, rel=0.05)
    assert metrics["converged"] is True


def test_kmeans_ignores_the_covariance_and_says_so_once(tmp_path: Path, overlapping: Callable[..., Metrics]) -> None:
    full = overlapping("optimizer=kmeans")
    diag = train(tmp_path / "diag", *OVERLAPPING, "optimizer=kmeans", "covariance=diag")
    assert without_clock(diag.metrics) == without_clock(full)
    assert (diag.stdout + diag.stderr).count("covariance=") == 1
    assert full["n_parameters"] == 2 + 3 * 2 + 1


@pytest.mark.parametrize("covariance", families())
def test_every_family_finds_a_truth_of_its_own_kind(tmp_path: Path, covariance: str) -> None:
    unit_spheres = "data.eccentricity=1"  # belong to every family
    truth = f"data.family={covariance}" if covariance in OF_GAUSSIANS else unit_spheres
    metrics = run_experiment(tmp_path / "run", *SEPARATED, "data.dim=3", truth, f"covariance={covariance}")
    assert as_close_as_parameters_allow(metrics)
    assert metrics["converged"] is True


@pytest.mark.parametrize("init", drawn_starts())
def test_every_start_finds_three_separated_components(tmp_path: Path, init: str) -> None:
    metrics = run_experiment(tmp_path / "run", *SEPARATED, f"init={init}", "optimizer=em")
    assert as_close_as_parameters_allow(metrics)


def test_the_same_seed_gives_the_same_bits(tmp_path: Path, overlapping: Callable[..., Metrics]) -> None:
    again = run_experiment(tmp_path / "again", *OVERLAPPING, "optimizer=adam")
    assert without_clock(again) == without_clock(overlapping("optimizer=adam"))


def test_the_same_seed_gives_the_same_batches(tmp_path: Path) -> None:
    overrides = [*OVERLAPPING, "data.batch_size=300", "optimizer=adam", "trainer.max_epochs=4"]
    first, second = (run_experiment(tmp_path / name, *overrides) for name in ("first", "second"))
    assert without_clock(first) == without_clock(second)


def test_another_seed_gives_other_points(overlapping: Callable[..., Metrics]) -> None:
    first, second = overlapping("optimizer=em"), overlapping("optimizer=em", "seed=1")
    assert abs(first["nll/true"] - second["nll/true"]) > 1e-6
    assert abs(first["nll/train"] - second["nll/train"]) > 1e-6


def test_the_points_depend_on_neither_the_model_nor_the_way_to_fit_it(overlapping: Callable[..., Metrics]) -> None:
    changed = ["model.n_components=5", "model.floor=1e-3", "covariance=diag", "init=points", "data.batch_size=300"]
    other = overlapping(*changed, "optimizer=lbfgs", "trainer.max_epochs=5", "trainer=cpu")
    assert other["nll/true"] == overlapping("optimizer=em")["nll/true"]


def test_em_over_mini_batches_equals_em_over_all_points(tmp_path: Path) -> None:
    fractions = ["data.val_fraction=0", "data.test_fraction=0"]
    far = ["moves=none", "init.n_passes=0", "trainer.max_epochs=15"]
    overrides = ["data=old_faithful", *fractions, "model.n_components=3", "optimizer=em", *far]
    full = run_experiment(tmp_path / "full", *overrides)
    batches = run_experiment(tmp_path / "batches", *overrides, "data.batch_size=64")
    assert full["passes"] == batches["passes"] == 15
    assert batches["nll/train"] == pytest.approx(full["nll/train"], abs=1e-9)
    assert batches["icl"] == pytest.approx(full["icl"], abs=1e-6)


def test_a_batch_larger_than_the_data_is_the_full_batch(overlapping: Callable[..., Metrics]) -> None:
    full, batch = overlapping("optimizer=adam"), overlapping("optimizer=adam", "data.batch_size=100000")
    assert without_clock(batch) == without_clock(full)


def test_adam_over_mini_batches_ends_near_em(tmp_path: Path) -> None:
    em = run_experiment(tmp_path / "em", "data.n_samples=500", "optimizer=em")
    adam = run_experiment(tmp_path / "adam", "data.n_samples=500", "data.batch_size=100")
    assert likelihoods(adam) == pytest.approx(likelihoods(em), abs=0.01)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs", "em", "kmeans"])
def test_single_precision_agrees_with_double(overlapping: Callable[..., Metrics], optimizer: str) -> None:
    double = overlapping(f"optimizer={optimizer}")
    single = overlapping(f"optimizer={optimizer}", "trainer.precision=32-true")
    assert likelihoods(single) == pytest.approx(likelihoods(double), abs=1e-3)
