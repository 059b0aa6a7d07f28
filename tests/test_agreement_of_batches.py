"""How far a fit in batches agrees with one in a full batch: as far as the mathematics says, and that per optimizer.

Statistics add up. So EM, k-means and L-BFGS, which act on all points at once, end alike whatever the batches; a
gradient step on several accumulated batches is the step on their points; and single batches of a gradient optimizer
only end near the same maximum.
"""

from __future__ import annotations

from functools import partial
from math import isfinite
from typing import Any

import numpy as np
import pytest
import torch

from mixfit import MixtureModule
from mixfit.chosen import optimizer
from mixfit.data.dataset import Part
from mixfit.estimator.training import Ended, fitted
from tests.running import choices

ALL_AT_ONCE = ["em", "kmeans", "lbfgs"]
STEP_BY_STEP = sorted(set(choices("optimizer")) - set(ALL_AT_ONCE))
NEAR = {"adam": 0.01, "adamw": 0.01, "rmsprop": 0.01, "sgd": 0.03}
"""Nats per point above the full batch's maximum where batches of 64 of 301 rows end."""


@pytest.fixture(scope="module")
def train() -> Part:
    """301 points, so that the last batch of 20 or of 100 is a single row."""
    random = np.random.default_rng(0)
    groups = [random.normal(size=(151, 2)), [4, 1] + random.normal(size=(150, 2)) * [0.5, 1.0]]
    return Part(torch.from_numpy(np.concatenate(groups)))


def fit(train: Part, name: str, batch_size: int | None, max_passes: int = 30, batches_per_step: int = 1) -> Ended:
    make_optimizer, stopping, family = optimizer(name, {})
    options: dict[str, Any] = {} if family is None else {"covariance": family}
    make = partial(MixtureModule, 2, optimizer=make_optimizer, stopping=stopping, batches_per_step=batches_per_step)
    return fitted(
        partial(make, **options),
        train,
        start=None,
        n_components=2,
        batch_size=batch_size,
        max_passes=max_passes,
        seed=0,
        dtype=torch.float64,
        device=torch.device("cpu"),
    )


def nll(ended: Ended, train: Part) -> float:
    return ended.density.nll(train.points)


def test_every_optimizer_has_its_place_here() -> None:
    assert sorted(NEAR) == STEP_BY_STEP


@pytest.mark.parametrize("batch_size", [1, 20, 300])
@pytest.mark.parametrize("name", ALL_AT_ONCE)
def test_batches_of_any_size_add_up_to_the_full_batch(train: Part, name: str, batch_size: int) -> None:
    full, batches = (fit(train, name, size, max_passes=12) for size in (None, batch_size))
    assert nll(batches, train) == pytest.approx(nll(full, train), abs=1e-11)
    torch.testing.assert_close(batches.density.means, full.density.means, rtol=0, atol=1e-9)
    torch.testing.assert_close(batches.density.covariances, full.density.covariances, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", STEP_BY_STEP)
def test_accumulated_batches_are_the_step_of_all_their_points(train: Part, name: str) -> None:
    whole, halves = fit(train, name, 40, max_passes=5), fit(train, name, 20, max_passes=5, batches_per_step=2)
    assert nll(halves, train) == pytest.approx(nll(whole, train), abs=1e-12)
    torch.testing.assert_close(halves.density.means, whole.density.means, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", STEP_BY_STEP)
def test_accumulating_everything_is_the_full_batch(train: Part, name: str) -> None:
    full, accumulated = fit(train, name, None), fit(train, name, 20, batches_per_step=16)
    assert nll(accumulated, train) == pytest.approx(nll(full, train), abs=1e-10)
    assert accumulated.passes == full.passes


@pytest.mark.parametrize("name", STEP_BY_STEP)
def test_single_batches_end_near_the_maximum_of_the_full_batch(train: Part, name: str) -> None:
    full, batches = fit(train, name, None, max_passes=300), fit(train, name, 64, max_passes=300)
    assert 0 <= nll(batches, train) - nll(full, train) + 1e-7 < NEAR[name]


@pytest.mark.parametrize("name", STEP_BY_STEP)
def test_batches_of_a_single_row_leave_a_finite_density(train: Part, name: str) -> None:
    """Near the maximum in any order of the rows; SGD, which ends 0.9 to 7.3 nats above by chance, in the middle one."""
    random = torch.Generator().manual_seed(1)
    orders = [torch.arange(len(train)), *(torch.randperm(len(train), generator=random) for _ in range(2))]
    highest = nll(fit(train, name, None, max_passes=300), train)
    excesses = sorted(nll(fit(train.take(order), name, 1, max_passes=3), train) - highest for order in orders)
    assert all(map(isfinite, excesses))
    assert excesses[1] < 3.0 if name == "sgd" else excesses[-1] < 2.0
