"""Is a folder that makes no sense refused when it is read and not later, and does a run come back with its numbers?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from mixfit import GaussianMixture, load
from mixfit.data.old_faithful import OldFaithful
from mixfit.errors import InputError
from mixfit.portable.header import CHECKSUM, checksum_of
from tests.running import run_experiment, train

Array = NDArray[np.float64]


# Files that somebody has changed


@pytest.fixture
def kept(points: Array, tmp_path: Path) -> Path:
    """The folder of a fit."""
    GaussianMixture(2, random_state=0).fit(points).save(tmp_path / "fit")
    return tmp_path / "fit"


def change(folder: Path, key: str, **values: object) -> None:
    """Writes `model.json` with other entries under a key."""
    path = folder / "model.json"
    header = json.loads(path.read_text(encoding="utf-8"))
    header[key] |= values
    header[CHECKSUM] = checksum_of(header)
    path.write_text(json.dumps(header), encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as refused:
        load(folder)
    message = str(refused.value)
    assert message.startswith(str(folder))
    assert "model.json" in message
    return message


NONSENSE: list[Any] = ["x", -1, 1.5, [], {}, {"a": 1}, [1, [2, {"a": [None]}]], 10**30]
POSSIBLE: dict[str, list[Any]] = {
    "tol": [1.5, 10**30],
    **{"optimizer": ["x"], "init_params": ["x"]},  # somebody's own, whose file is elsewhere
    **{"optimizer_options": [{}]},
}
ALL_ARGUMENTS = [*GaussianMixture().get_params()]


@pytest.mark.parametrize("name", ALL_ARGUMENTS)
def test_settings_that_no_argument_can_have_are_refused_at_once(name: str, kept: Path) -> None:
    for value in NONSENSE:
        change(kept, "settings", **{name: value})
        if value in POSSIBLE.get(name, []):
            load(kept)
        else:
            assert "has settings that cannot be" in refusal(kept), value


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"self": 1}, "names self, which is no argument"),
        ({"verbose": 0, "alpha": 1}, "names alpha, verbose, which is no argument"),
        ({"n_components": 3}, "the mixture that is there has 2 components"),
        ({"covariance_type": "tied"}, "of the family Full"),
        ({"optimizer": "kmeans"}, "of the family Full"),
        ({"optimizer_options": {"_target_": "os.system"}}, "_target_ in optimizer_options"),
        ({"means_init": [[0.0, 0.0, 0.0]] * 2}, r"means_init has the shape \(2, 3\)"),
        ({"weights_init": [0.5, 0.6]}, "add up to one"),
        ({"precisions_init": [[[1.0, 2.0], [2.0, 1.0]]] * 2}, "not positive definite"),
        ({"device": "meta"}, "device='meta'"),
        ({"random_state": -1}, "random_state=-1"),
    ],
)
def test_settings_that_do_not_belong_to_the_mixture_are_refused_at_once(
    settings: dict[str, Any], message: str, kept: Path
) -> None:
    change(kept, "settings", **settings)
    with pytest.raises(InputError, match=message):
        load(kept)
    refusal(kept)


@pytest.mark.parametrize("name", ["passes", "n_points"])
@pytest.mark.parametrize("value", ["x", -1, [], {}, True, 10**400, 1e308])
def test_what_was_counted_is_a_count(name: str, value: object, kept: Path) -> None:
    change(kept, "fitted", **{name: value})
    assert f"says that {name} is" in refusal(kept)


def test_what_nobody_counted_is_zero(kept: Path) -> None:
    change(kept, "fitted", passes=None, n_points=None, converged="perhaps")
    found = load(kept)
    assert (found.n_iter_, found.converged_) == (0, False)


# Runs


def test_a_run_comes_back_with_its_numbers(optimizer: str, tmp_path: Path) -> None:
    typed = ["data=old_faithful", f"optimizer={optimizer}", "covariance=diag", "init=points", "seed=3"]
    metrics = run_experiment(tmp_path / "run", *typed, "trainer.max_epochs=20")
    found, dataset = load(tmp_path / "run"), OldFaithful().load(3)
    for name in ("train", "val", "test"):
        assert found.density_.nll(getattr(dataset, name).points) == metrics[f"nll/{name}"]
        assert -found.score(getattr(dataset, name).points.numpy()) == metrics[f"nll/{name}"]
    assert found.feature_names_in_.tolist() == ["eruptions", "waiting"]
    assert (found.n_iter_, found.converged_) == (round(metrics["passes"]), metrics["converged"])
    expected = {"covariance_type": "diag", "optimizer": optimizer, "init_params": "points", "random_state": 3}
    assert expected.items() <= found.get_params().items()


def test_a_run_can_be_fitted_again_and_kept_elsewhere(tmp_path: Path) -> None:
    run_experiment(tmp_path / "run", "data=old_faithful", "optimizer=em", "trainer=cpu")
    found, dataset = load(tmp_path / "run"), OldFaithful().load(0)
    x = dataset.test.points.numpy()  # whose columns have no names: a run saw a file and no data frame
    found.save(tmp_path / "elsewhere")
    again = load(tmp_path / "elsewhere")
    assert_array_equal(again.score_samples(x), found.score_samples(x))
    anew = load(tmp_path / "run").fit(dataset.train.points.numpy())
    assert_array_equal(anew.score_samples(x), found.score_samples(x))
    assert found.set_params(warm_start=True, max_iter=1).fit(x).n_iter_ == 1


def test_a_seed_may_be_as_large_as_a_runs(tmp_path: Path) -> None:
    """NumPy's seeds, which scikit-learn takes, have 32 bits."""
    run_experiment(tmp_path / "run", "data=old_faithful", "optimizer=em", f"seed={2**40}")
    found = load(tmp_path / "run")
    assert found.random_state == 2**40
    x = OldFaithful().load(2**40).train.points.numpy()
    assert_array_equal(found.set_params(n_init=2).fit(x).sample(3)[0], found.fit(x).sample(3)[0])


def test_a_run_with_an_optimizer_of_ones_own_can_be_asked_and_kept(tmp_path: Path) -> None:
    """Its file is not here, so that it cannot be fitted with; what it has fitted is as good as any."""
    run_experiment(tmp_path / "run", "data=old_faithful", "optimizer=sgd")
    change(tmp_path / "run", "settings", optimizer="mine", optimizer_options={"strength": 3})
    found, x = load(tmp_path / "run"), OldFaithful().load(0).test.points.numpy()
    found.save(tmp_path / "elsewhere")
    again = load(tmp_path / "elsewhere")
    assert_array_equal(again.predict_proba(x), found.predict_proba(x))
    with pytest.raises(InputError, match="optimizer='mine': there is no such choice"):
        again.fit(x)


def test_a_run_that_has_failed_is_not_loaded(tmp_path: Path) -> None:
    assert train(tmp_path / "run", "data=old_faithful", "model.n_components=1000").status == 1
    with pytest.raises(InputError, match="is a run that failed"):
        load(tmp_path / "run")
