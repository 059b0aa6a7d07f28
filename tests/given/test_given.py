"""Does a fit begin where it is told to, in the data's units, and does it say what does not fit?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit import load
from mixfit.data.dataset import Part
from mixfit.errors import InputError
from mixfit.given.parameters import Parameters
from mixfit.given.run import Run
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.standardization import Standardization
from mixfit.module import MixtureModule
from mixfit.portable import read
from tests.running import families, refusal, run_experiment, train

POINTS = ["data=gaussians", "data.n_samples=200", "data.n_components=3", "model.n_components=3", "optimizer=em"]
MEANS = [[100.0, -3.0], [160.0, -2.0], [130.0, 4.0]]
WEIGHTS = [1.0, 2.0, 5.0]


@pytest.fixture
def points() -> Tensor:
    """Three groups about `MEANS`, on axes of unlike size."""
    spread = torch.tensor([8.0, 0.5])
    noise = torch.randn(3, 40, 2, generator=torch.Generator().manual_seed(0)) * spread
    return (torch.tensor(MEANS)[:, None] + noise).flatten(0, 1)


def begun(start: Parameters | Run, family: type[Covariance], points: Tensor) -> Density:
    """The density where a fit begins."""
    mixture = Mixture(family(3, points.shape[1]), floor=1e-6)
    density = Density(mixture, Standardization.of(points, family.per_axis))
    start.initial(mixture.covariance).put_(density, Part(points))
    return density


@pytest.mark.parametrize(
    ("family", "variances"),
    [
        (Full, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        (Diag, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        (Tied, [7.0, 0.25]),
        (Diag, [7.0, 0.25]),
        (Spherical, [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]),
        (TiedSpherical, 2.5),
        (Full, 2.5),
    ],
)
def test_parameters_are_where_a_fit_begins(
    family: type[Covariance], variances: float | list[float] | list[list[float]], points: Tensor
) -> None:
    density = begun(Parameters(MEANS, WEIGHTS, variances), family, points)
    assert_close(density.means, torch.tensor(MEANS), rtol=1e-13, atol=0)
    assert_close(density.weights, torch.tensor(WEIGHTS) / 8, rtol=1e-13, atol=0)
    expected = torch.from_numpy(np.broadcast_to(np.asarray(variances), (3, 2)).copy())
    assert_close(density.covariances, torch.diag_embed(expected), rtol=1e-12, atol=1e-12)


def test_what_is_not_given_is_that_of_the_points_nearest_to_each_mean(points: Tensor) -> None:
    density = begun(Parameters(MEANS), Diag, points)
    scale = points.std(0, correction=0)
    nearest = torch.cdist(points / scale, torch.tensor(MEANS) / scale).argmin(1)
    groups = [points[nearest == k] for k in range(3)]
    pooled = sum(((group - group.mean(0)).square().sum(0) for group in groups), torch.zeros(2)) / len(points)
    assert_close(density.means, torch.tensor(MEANS), rtol=1e-13, atol=0)
    assert_close(density.weights, torch.tensor([len(group) / 120 for group in groups]), rtol=1e-12, atol=0)
    assert_close(density.covariances, torch.diag_embed(pooled).expand(3, 2, 2), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("start", "family", "message"),
    [
        (Parameters(MEANS[:2]), Full, r"init.means has the shape \(2, 2\)"),
        (Parameters([[1.0], [2.0], [3.0]]), Full, r"init.means has the shape \(3, 1\)"),
        (Parameters([[1.0], [2.0, 3.0], [4.0]]), Full, "not of one length"),
        (Parameters(MEANS, [1.0, 2.0]), Full, r"init.weights has the shape \(2,\)"),
        (Parameters(MEANS, None, [1.0, 2.0, 3.0]), Full, r"init.variances has the shape \(3,\)"),
        (Parameters(MEANS, None, [1.0, 2.0]), Spherical, "init.variances=.* Spherical has no such covariances"),
        (Parameters(MEANS, None, [[1.0, 1.0], [1.0, 1.0], [2.0, 2.0]]), Tied, "set covariance=diag"),
    ],
)
def test_what_does_not_fit_is_named_with_its_key(start: Parameters, family: type[Covariance], message: str) -> None:
    with pytest.raises(InputError, match=message):
        start.initial(family(3, 2))


@pytest.mark.parametrize("covariance", families())
def test_a_fit_begins_where_a_run_has_ended(covariance: str, tmp_path: Path) -> None:
    fit = [*POINTS, "data.separation=1", "data.n_val=0", f"covariance={covariance}"]
    drawn = ["init=points", "moves=none", "init.n_passes=0"]
    run_experiment(tmp_path / "first", *fit, *drawn, "trainer.max_epochs=3")
    before = load(tmp_path / "first").density_
    run_experiment(tmp_path / "next", *fit, "init=run", f"init.folder={tmp_path / 'first'}", "trainer.max_epochs=1")
    began = read(tmp_path / "next").history[0]
    run_experiment(tmp_path / "longer", *fit, *drawn, "trainer.max_epochs=4")
    assert float(began[1]) == pytest.approx(float(read(tmp_path / "longer").history[3, 1]), rel=1e-12)
    family = type(before.mixture.covariance)
    there = begun(Run(str(tmp_path / "first")), family, 100 * torch.randn(50, before.means.shape[1]))
    assert_close(there.means, before.means, rtol=0, atol=1e-12)
    assert_close(there.covariances, before.covariances, rtol=1e-11, atol=1e-12)


def test_a_run_of_another_kind_is_refused_with_the_key_to_change(tmp_path: Path) -> None:
    run_experiment(tmp_path / "first", *POINTS, "trainer.max_epochs=1")
    start = ["init=run", f"init.folder={tmp_path / 'first'}"]
    for other, remedy in (
        ("model.n_components=4", "set model.n_components=3"),
        ("data.dim=5", "data.columns"),
        ("covariance=diag", "is one of covariance=diag"),
        (f"init.folder={tmp_path / 'firs'}", "did you mean"),
    ):
        kept = [word for word in start if not other.startswith("init.folder") or not word.startswith("init.folder")]
        message = refusal(tmp_path / "next", *POINTS, *kept, other)
        assert "init.folder" in message or str(tmp_path / "firs") in message
        assert remedy in message
    assert "init.folder is missing" in refusal(tmp_path / "next", *POINTS, "init=run")


def test_a_command_may_give_means_alone(tmp_path: Path) -> None:
    typed = ["data=old_faithful", "data.val_fraction=0", "data.test_fraction=0", "model.n_components=2", "optimizer=em"]
    given = ["init=parameters", "init.means=[[2,55],[4.3,80]]", "init.variances=[0.2,40]"]
    metrics = run_experiment(tmp_path / "run", *typed, *given)
    assert metrics["nll/train"] * 272 == pytest.approx(1130.264, abs=1e-3)  # mclust's maximum


def test_a_model_that_began_at_a_given_start_is_loaded_and_says_how_to_be_fitted_again(tmp_path: Path) -> None:
    given = ["init=parameters", "init.means=[[0,0],[1,1],[2,2]]"]
    ended = train(tmp_path / "run", *POINTS, *given, "trainer.max_epochs=2")
    assert ended.status == 0, ended.stderr
    estimator = load(tmp_path / "run")
    assert estimator.init_params == "parameters"
    with pytest.raises(InputError, match="weights_init, means_init and precisions_init"):
        estimator.fit(torch.randn(30, 2))
    estimator.set_params(init_params="points", warm_start=True, max_iter=1000).fit(torch.randn(30, 2))


def test_a_module_says_whether_its_start_is_given() -> None:
    assert MixtureModule(start_is_given=True).start_is_given
    assert not MixtureModule().start_is_given


def test_a_run_from_a_given_start_goes_on_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = [*POINTS, "data.separation=1", "optimizer.tolerance=0"]
    run_experiment(tmp_path / "first", *fit, "trainer.max_epochs=1")
    monkeypatch.chdir(tmp_path)
    start = ["init=run", "init.folder=first"]
    run_experiment(tmp_path / "whole", *fit, *start, "trainer.max_epochs=4")
    run_experiment(tmp_path / "next", *fit, *start, "trainer.max_epochs=2")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ended = train(tmp_path / "unused", f"resume={tmp_path / 'next'}", "trainer.max_epochs=4")
    assert ended.status == 0, ended.stderr
    assert torch.equal(read(tmp_path / "next").history, read(tmp_path / "whole").history)


def test_a_mean_whose_distance_has_no_square_is_a_start_like_any_other(tmp_path: Path) -> None:
    """A picture of the start puts fitted and true components together by their distances."""
    metrics = run_experiment(tmp_path / "run", "init=parameters", "init.means=[[0],[1e200]]", "trainer.max_epochs=3")
    assert metrics["status"] == "done"
    assert np.isfinite(metrics["nll/test"])
