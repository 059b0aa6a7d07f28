"""A stream: one step with each part, in coordinates that the first part fixed, and a memory that survives anything."""

from __future__ import annotations

import pickle
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from mixfit import GaussianMixture
from mixfit.data.gaussians import Gaussians
from mixfit.errors import FitWarning
from mixfit.mixtures.density import Density
from tests.running import choices

Array = NDArray[np.float64]
CLOSED = ("em", "kmeans")
GRADIENTS = [name for name in choices("optimizer") if name not in (*CLOSED, "lbfgs")]
STREAMED = [*CLOSED, *GRADIENTS]

MOST_EXCESS = {"em": 0.002, "kmeans": 0.001, "adam": 0.0005, "adamw": 0.0005, "rmsprop": 0.001, "sgd": 0.03}
"""Nats above the batch fit after two passes of 30 parts; the largest of four seeds was about half of each."""


def start(points: Array) -> dict[str, Any]:
    means = points[[0, 70, 110]]
    return {"weights_init": [0.5, 0.3, 0.2], "means_init": means, "precisions_init": np.stack([np.eye(2)] * 3)}


def stream(optimizer: str = "em", **arguments: Any) -> GaussianMixture:
    return GaussianMixture(3, optimizer=optimizer, random_state=0, **arguments)


def parameters(mixture: GaussianMixture) -> list[Array]:
    return [mixture.weights_, mixture.means_, mixture.covariances_]


def assert_same_bits(one: GaussianMixture, other: GaussianMixture) -> None:
    assert all(np.array_equal(mine, yours) for mine, yours in zip(parameters(one), parameters(other), strict=True))
    assert (one.n_iter_, one.lower_bounds_) == (other.n_iter_, other.lower_bounds_)


def test_one_part_of_all_points_is_one_step_of_em(covariance_type: str, points: Array) -> None:
    same: dict[str, Any] = {"covariance_type": covariance_type, "weights_init": [0.5, 0.3, 0.2]}
    same["means_init"] = points[[0, 70, 110]]
    step = stream(**same).partial_fit(points)
    fit = stream(**same, tol=0, max_iter=1).fit(points)
    for mine, its in zip(parameters(step), parameters(fit), strict=True):
        assert_allclose(mine, its, rtol=1e-12, atol=1e-12)
    assert (step.n_iter_, step.converged_) == (1, False)
    assert_allclose(step.lower_bound_, fit.lower_bound_, rtol=1e-13)


def test_one_part_of_all_points_from_explicit_parameters_is_one_step_of_em(points: Array) -> None:
    step = stream(**start(points)).partial_fit(points)
    fit = stream(**start(points), tol=0, max_iter=1).fit(points)
    for mine, its in zip(parameters(step), parameters(fit), strict=True):
        assert_allclose(mine, its, rtol=1e-12, atol=1e-12)


def test_one_part_is_one_step_of_a_gradient_optimizer(points: Array) -> None:
    """Of gradient descent without momentum: the mixture's units make one of rate 0.1 a tenth of a step of EM."""
    options = {"lr": 0.1, "momentum": 0.0}
    step = stream("sgd", optimizer_options=options, **start(points)).partial_fit(points)
    fit = stream("sgd", optimizer_options=options, **start(points), max_iter=1).fit(points)
    assert_allclose(step.means_, fit.means_, rtol=1e-10)
    em = stream(**start(points)).partial_fit(points)
    began = stream(**start(points))
    assert_allclose(10 * (step.means_ - began.means_init), em.means_ - began.means_init, rtol=0.75)


@pytest.mark.parametrize("optimizer", STREAMED)
def test_a_stream_comes_near_to_the_fit_of_all_its_points(optimizer: str) -> None:
    points = Gaussians(2, 3, 6000, n_val=1, n_test=1, separation=2).load(0).train.points.numpy()
    best = GaussianMixture(3, optimizer=optimizer, random_state=0).fit(points).score(points)
    streamed, order = stream(optimizer), np.random.default_rng(0)
    for rows in np.array_split(np.tile(order.permutation(len(points)), 2), 60):
        streamed.partial_fit(points[rows])
    assert -0.001 < best - streamed.score(points) < MOST_EXCESS[optimizer]
    assert streamed.n_iter_ == len(streamed.lower_bounds_) == 60


@pytest.mark.parametrize("optimizer", STREAMED)
def test_coordinates_and_floor_stay_those_of_the_first_part(optimizer: str, points: Array) -> None:
    mixture = stream(optimizer, reg_covar=1e-3).partial_fit(points)
    before = mixture.density_.standardization
    for shift in (3.0, -5.0):
        mixture.partial_fit(2 * points + shift)
    after = mixture.density_.standardization
    assert torch.equal(before.shift, after.shift)
    assert torch.equal(before.scale, after.scale)
    assert mixture.density_.mixture.floor == 1e-3
    assert_allclose(after.shift.numpy(), points.mean(0))
    if optimizer != "kmeans":  # which has one scale for all axes
        assert_allclose(after.scale.numpy(), points.std(0))


def test_no_variance_sinks_below_the_floor_of_the_first_part(points: Array) -> None:
    mixture = stream(reg_covar=0.01).partial_fit(points)
    for _ in range(60):
        mixture.partial_fit(np.repeat(points[:3], 5, 0))
    smallest = np.linalg.eigvalsh(mixture.covariances_ / np.outer(points.std(0), points.std(0))).min()
    assert_allclose(smallest, 0.01, rtol=1e-6)


@pytest.mark.parametrize("optimizer", STREAMED)
def test_a_fit_can_be_gone_on_with(optimizer: str, points: Array) -> None:
    """All the same points once more change next to nothing, for they say what is known already."""
    mixture = stream(optimizer).fit(points)
    score, standardization = mixture.score(points), mixture.density_.standardization
    mixture.partial_fit(points)
    assert abs(mixture.score(points) - score) < 1e-6
    assert torch.equal(mixture.density_.standardization.shift, standardization.shift)
    assert mixture._n_seen == 2 * len(points)


def test_a_later_part_counts_less_the_more_points_were_seen(points: Array) -> None:
    """A mean moves towards a part by its share of all points so far, to the power of 0.6 (Cappé & Moulines 2009)."""
    mixture, mean = GaussianMixture(1).fit(points), points.mean(0)
    mixture.partial_fit(points[:10] + 1)
    share = (10 / 140) ** 0.6
    assert_allclose(mixture.means_[0], (1 - share) * mean + share * (points[:10] + 1).mean(0), rtol=1e-12)


def test_the_first_parts_are_forgotten_as_more_come(points: Array) -> None:
    mixture = GaussianMixture(1).partial_fit(points + 1000)
    for _ in range(100):
        mixture.partial_fit(points)
    assert_allclose(mixture.means_[0], points.mean(0), atol=0.05)


def test_a_part_may_be_a_single_point(points: Array) -> None:
    mixture = stream().partial_fit(points)
    for row in range(20):
        mixture.partial_fit(points[row : row + 1])
    assert mixture.n_iter_ == 21
    assert np.isfinite(mixture.score_samples(points)).all()


@pytest.mark.parametrize("optimizer", STREAMED)
def test_a_pickle_between_two_parts_goes_on_to_the_same_bits(optimizer: str, points: Array) -> None:
    parts = np.array_split(np.random.default_rng(0).permutation(points), 5)
    kept, through = stream(optimizer), stream(optimizer)
    for part in parts:
        kept.partial_fit(part)
        through = pickle.loads(pickle.dumps(through.partial_fit(part)))
    assert_same_bits(kept, through)


def nonsense(*_: object) -> torch.Tensor:
    return torch.tensor([torch.nan])


FAILING: dict[str, Any] = {
    "NaN": lambda mixture, points: mixture.partial_fit(np.full_like(points, np.nan)),
    "weights": lambda mixture, points: mixture.partial_fit(points, sample_weight=np.zeros(len(points))),
    "other columns": lambda mixture, points: mixture.partial_fit(points[:, :1]),
    "far away": lambda mixture, points: mixture.partial_fit(points + 1e200),
}


@pytest.mark.parametrize("case", FAILING)
@pytest.mark.parametrize("optimizer", STREAMED)
def test_a_part_that_fails_changes_nothing(case: str, optimizer: str, points: Array) -> None:
    undisturbed, mixture = stream(optimizer).partial_fit(points), stream(optimizer).partial_fit(points)
    for part in (points[:50], points[50:]):
        with pytest.raises(ValueError, match=r".+"):
            FAILING[case](mixture, points)
        undisturbed.partial_fit(part)
        mixture.partial_fit(part)
    assert_same_bits(mixture, undisturbed)


@pytest.mark.parametrize("optimizer", STREAMED)
def test_a_part_that_breaks_off_after_its_step_changes_nothing(optimizer: str, points: Array) -> None:
    undisturbed, mixture = stream(optimizer).partial_fit(points), stream(optimizer).partial_fit(points)
    undisturbed.partial_fit(points[:50])
    mixture.partial_fit(points[:50])
    with patch.object(Density, "log_density", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        mixture.partial_fit(points[50:])
    assert_same_bits(mixture.partial_fit(points[50:]), undisturbed.partial_fit(points[50:]))


def test_what_cannot_be_fitted_speaks_of_arguments(points: Array) -> None:
    for optimizer, remedy in {"em": "or raise reg_covar", "sgd": "raise reg_covar, lower lr in optimizer_opt"}.items():
        with pytest.raises(ValueError, match=f"this part of the stream .* likelihood .*{remedy}"):
            stream(optimizer).partial_fit(points).partial_fit(points + 1e200)


@pytest.mark.parametrize("optimizer", GRADIENTS)
def test_the_memory_of_an_optimizer_is_kept(optimizer: str, points: Array) -> None:
    mixture, forgetful = stream(optimizer), stream(optimizer)
    for part in np.array_split(np.random.default_rng(0).permutation(points), 4):
        mixture.partial_fit(part)
        forgetful.partial_fit(part)._memory.clear()
    assert np.abs(mixture.means_ - forgetful.means_).max() > 1e-3
    memory = mixture._memory[optimizer]["state"]
    assert len(memory) == 3
    if optimizer != "sgd":  # which does not count
        assert {float(of_one["step"]) for of_one in memory.values()} == {4.0}


def test_an_option_that_is_changed_between_parts_is_heeded(points: Array) -> None:
    """The memory is kept, the rate is what is asked for."""
    mixture = stream("sgd", optimizer_options={"lr": 0.5, "momentum": 0.0}).partial_fit(points)
    before = mixture.means_
    mixture.set_params(optimizer_options={"lr": 1e-12, "momentum": 0.0}).partial_fit(points)
    assert_allclose(mixture.means_, before, atol=1e-9)


def test_another_optimizer_takes_over_where_the_last_one_was(points: Array) -> None:
    mixture = stream("adam").set_params(moves="none", init_params="random").partial_fit(points)
    score = mixture.score(points)
    for optimizer in ("sgd", "em", "rmsprop"):
        mixture.set_params(optimizer=optimizer).partial_fit(points)
    assert mixture.n_iter_ == 4
    assert mixture.score(points) > score


def test_points_may_come_as_tensors_and_names_stay(points: Array) -> None:
    expected = stream().partial_fit(points[:65]).partial_fit(points[65:])
    both = torch.from_numpy(points)
    assert_same_bits(stream().partial_fit(both[:65]).partial_fit(both[65:]), expected)


def test_a_fit_begins_anew_after_a_stream(points: Array) -> None:
    streamed = stream().partial_fit(points + 5).partial_fit(points)
    assert_same_bits(streamed.fit(points), stream().fit(points))


def test_a_row_far_from_all_that_was_seen_is_followed_with_a_warning(points: Array) -> None:
    mixture = GaussianMixture(2, random_state=0).partial_fit(points)
    with pytest.warns(FitWarning, match=r"row 1 .* of this part lies 4.*e\+19 standard deviations .* leave it out"):
        mixture.partial_fit([points[0], [1e20, 0.0]])
