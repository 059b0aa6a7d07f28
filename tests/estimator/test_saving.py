"""Does a fit come back from its folder as it was, and is nothing written that could not be read?"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

from mixfit import GaussianMixture, load
from mixfit.errors import InputError
from mixfit.tracking import metrics_file
from tests.estimator.conftest import FAMILIES, OPTIMIZERS, may_touch_the_floor

Array = NDArray[np.float64]
CLOSED_FORMS = ("em", "kmeans")
PAIRS = [*zip(OPTIMIZERS, cycle(FAMILIES), strict=False)]  # every optimizer, and every family at least once

SAVE = """
import sys, numpy as np
from mixfit import GaussianMixture
folder, points = sys.argv[1], np.load(sys.argv[1] + "/points.npy")
for optimizer, family in {pairs}:
    mixture = GaussianMixture(2, covariance_type=family, optimizer=optimizer, random_state=0, max_iter=15)
    mixture.fit(points).save(f"{{folder}}/{{optimizer}}")
    scores, bounds = mixture.score_samples(points), np.array(mixture.lower_bounds_)
    np.savez(f"{{folder}}/{{optimizer}}/expected.npz", scores=scores, bounds=bounds, n_iter=mixture.n_iter_)
"""
"""In a process of its own, whose default type is torch's, as everybody's is."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the fit of every optimizer, which another process has made."""
    folder = tmp_path_factory.mktemp("saved")
    random = np.random.default_rng(0)
    np.save(folder / "points.npy", np.concatenate([random.normal(size=(60, 2)), 4 + random.normal(size=(40, 2))]))
    script = SAVE.format(pairs=PAIRS)
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "fit"


def there_and_back(mixture: GaussianMixture, folder: Path) -> GaussianMixture:
    mixture.save(folder)
    return load(folder)


# What comes back


@pytest.mark.parametrize(("optimizer", "covariance_type"), PAIRS)
def test_a_fit_scores_to_the_last_bit_in_another_process(optimizer: str, covariance_type: str, saved: Path) -> None:
    mixture, expected = load(saved / optimizer), np.load(saved / optimizer / "expected.npz")
    assert_array_equal(mixture.score_samples(np.load(saved / "points.npy")), expected["scores"])
    assert_array_equal(mixture.lower_bounds_, expected["bounds"])
    assert (mixture.covariance_type, mixture.optimizer) == (covariance_type, optimizer)
    assert mixture.n_iter_ == expected["n_iter"]


def test_every_family_scores_to_the_last_bit(covariance_type: str, points: Array, folder: Path) -> None:
    mixture = GaussianMixture(3, covariance_type=covariance_type, random_state=0, max_iter=5).fit(points)
    assert_array_equal(there_and_back(mixture, folder).score_samples(points), mixture.score_samples(points))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_whatever_a_fit_leaves_comes_back(dtype: str, points: Array, folder: Path) -> None:
    mixture = GaussianMixture(3, random_state=0, dtype=dtype).fit(points, sample_weight=np.arange(130) % 3)
    again = there_and_back(mixture, folder)
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        assert_array_equal(getattr(again, name), getattr(mixture, name))
    for name in ("n_iter_", "converged_", "lower_bounds_", "lower_bound_", "n_features_in_", "n_parameters_"):
        assert getattr(again, name) == getattr(mixture, name), name
    assert_array_equal(again.outliers(points, 0.1), mixture.outliers(points, 0.1))
    assert again.bic(points) == mixture.bic(points)
    assert_array_equal(again.sample(10)[0], mixture.sample(10)[0])
    assert again.get_params() == mixture.get_params()
    assert not hasattr(again, "feature_names_in_")


def test_names_of_columns_come_back(points: Array, folder: Path) -> None:
    table = pd.DataFrame(points, columns=["länge", "breite in mm"])
    again = there_and_back(GaussianMixture(2, random_state=0).fit(table), folder)
    assert again.feature_names_in_.tolist() == ["länge", "breite in mm"]
    assert again.marginal("breite in mm").n_features_in_ == 1
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        again.predict(points)
    with pytest.raises(ValueError, match="feature names should match"):
        again.predict(table.rename(columns={"länge": "höhe"}))


def test_a_fit_that_was_saved_twice_is_the_last(points: Array, folder: Path) -> None:
    GaussianMixture(2, random_state=0).fit(points).save(folder)
    assert there_and_back(GaussianMixture(3, random_state=0).fit(points), folder).n_components == 3


ARGUMENTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"means_init": np.array([[0.0, 0.0], [4.0, 1.0]])}, {"means_init": [[0.0, 0.0], [4.0, 1.0]]}),
    ({"means_init": pd.DataFrame([[0, 0], [4, 1]])}, {"means_init": [[0, 0], [4, 1]]}),
    ({"weights_init": torch.tensor([0.25, 0.75])}, {"weights_init": [0.25, 0.75]}),
    ({"weights_init": (0.25, 0.75)}, {"weights_init": [0.25, 0.75]}),
    ({"precisions_init": np.stack([np.eye(2)] * 2)}, {"precisions_init": [[[1.0, 0.0], [0.0, 1.0]]] * 2}),
    (
        {"n_components": np.int64(2), "reg_covar": np.float32(0.5), "warm_start": np.bool_(True)},
        {"n_components": 2, "reg_covar": 0.5, "warm_start": True},
    ),
    ({"max_iter": np.int16(5), "tol": np.float64(0.125), "batch_size": np.uint8(50)}, {"max_iter": 5, "tol": 0.125}),
    ({"random_state": np.int64(7)}, {"random_state": 7}),
    ({"random_state": np.random.RandomState(0)}, {"random_state": None}),
    ({"dtype": torch.float32}, {"dtype": "float32"}),
    ({"dtype": np.float32}, {"dtype": "float32"}),
    ({"dtype": np.dtype("float64")}, {"dtype": "float64"}),
    ({"dtype": float}, {"dtype": "float64"}),
    ({"device": "cpu"}, {"device": None}),
    ({"device": torch.device("cpu")}, {"device": None}),
    (
        {"optimizer": "adam", "optimizer_options": {"betas": (0.5, np.float64(0.75)), "lr": np.float32(0.125)}},
        {"optimizer": "adam", "optimizer_options": {"betas": [0.5, 0.75], "lr": 0.125}},
    ),
    (
        {"optimizer": "sgd", "optimizer_options": MappingProxyType({"lr": 0.5})},
        {"optimizer": "sgd", "optimizer_options": {"lr": 0.5}},
    ),
    ({"init_params": "k-means++"}, {"init_params": "k-means++"}),
    ({"optimizer": "kmeans", "covariance_type": "diag"}, {"optimizer": "kmeans", "covariance_type": "diag"}),
]


@may_touch_the_floor
@pytest.mark.parametrize(
    ("given", "expected"), ARGUMENTS, ids=[f"{'+'.join(given)} {n}" for n, (given, _) in enumerate(ARGUMENTS)]
)
def test_arguments_of_any_type_come_back_as_what_they_mean(
    given: dict[str, Any], expected: dict[str, Any], points: Array, folder: Path
) -> None:
    mixture = GaussianMixture(**{"n_components": 2, "random_state": 0, "max_iter": 3, **given}).fit(points)
    again = there_and_back(mixture, folder)
    assert_array_equal(again.score_samples(points), mixture.score_samples(points))
    found = again.get_params()
    assert {name: found[name] for name in expected} == expected
    assert json.loads(json.dumps(found)) == found
    if "random_state" not in given:
        assert_array_equal(again.fit(points).score_samples(points), mixture.fit(points).score_samples(points))


# Parts and streams


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_parts_of_a_mixture_can_be_kept(dtype: str, points: Array, folder: Path) -> None:
    mixture = GaussianMixture(2, random_state=0, dtype=dtype, means_init=[[0, 0], [4, 1]])
    for part in (mixture.fit(points).marginal([1]), mixture.condition({0: 1.0})):
        again = there_and_back(part, folder)
        assert_array_equal(again.score_samples(points[:, 1:]), part.score_samples(points[:, 1:]))
        assert_array_equal(again.outliers(points[:, 1:]), part.outliers(points[:, 1:]))
        assert (again.n_iter_, again.lower_bounds_, again.converged_) == (0, [], True)
        assert np.isnan(again.lower_bound_)


@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "lbfgs"])
def test_a_stream_can_be_kept_and_gone_on_with(optimizer: str, points: Array, folder: Path) -> None:
    """The parameters and the number of points are all that EM and k-means need; gradients lose their momentum."""
    stream = GaussianMixture(2, optimizer=optimizer, random_state=0).partial_fit(points[::2])
    again = there_and_back(stream, folder)
    if optimizer not in CLOSED_FORMS:
        stream._memory = {}
    stream.partial_fit(points[1::2])
    again.partial_fit(points[1::2])
    assert_array_equal(again.score_samples(points), stream.score_samples(points))
    assert (again.n_iter_, again.lower_bounds_) == (stream.n_iter_, stream.lower_bounds_)


def test_a_warm_start_goes_on_from_what_was_kept(optimizer: str, points: Array, folder: Path) -> None:
    mixture = GaussianMixture(2, optimizer=optimizer, random_state=0, max_iter=4, warm_start=True).fit(points)
    again = there_and_back(mixture, folder)
    assert_array_equal(again.fit(points).score_samples(points), mixture.fit(points).score_samples(points))


def test_a_pickle_is_the_estimator_itself(optimizer: str, points: Array) -> None:
    mixture = GaussianMixture(2, optimizer=optimizer, random_state=np.random.RandomState(0), max_iter=5).fit(points)
    again = pickle.loads(pickle.dumps(mixture))
    assert_array_equal(again.score_samples(points), mixture.score_samples(points))
    assert_array_equal(again.sample(5)[0], mixture.sample(5)[0])
    assert again.lower_bounds_ == mixture.lower_bounds_


# Where nothing can be kept


def test_there_is_nothing_to_keep_before_a_fit(folder: Path) -> None:
    with pytest.raises(NotFittedError):
        GaussianMixture().save(folder)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_components": 5}, "the mixture that is there has 2 components"),
        ({"covariance_type": "diag"}, "of the family Full"),
        ({"optimizer": "kmeans"}, "of the family Full"),
        ({"max_iter": "many"}, "max_iter='many'"),
        ({"means_init": [[0.0, 0.0]]}, "means_init has the shape"),
    ],
)
def test_arguments_that_were_changed_after_the_fit_and_could_not_be_read_are_not_written(
    changed: dict[str, Any], message: str, points: Array, folder: Path
) -> None:
    mixture = GaussianMixture(2, random_state=0).fit(points)
    with pytest.raises(InputError, match=message):
        mixture.set_params(**changed).save(folder)
    assert not folder.exists()


@pytest.mark.parametrize("status", ["done", "failed", "interrupted", "running"])
def test_a_fit_is_not_kept_in_the_folder_of_a_run(status: str, points: Array, folder: Path) -> None:
    folder.mkdir()
    metrics_file.write(folder, {"status": status})
    with pytest.raises(InputError, match="holds a run, and this model would pass for its own"):
        GaussianMixture().fit(points).save(folder)
    assert [path.name for path in folder.iterdir()] == ["metrics.json"]


def test_a_file_is_no_folder_to_keep_a_fit_in(points: Array, folder: Path) -> None:
    folder.touch()
    with pytest.raises(InputError, match="cannot be made a folder"):
        GaussianMixture().fit(points).save(folder)
