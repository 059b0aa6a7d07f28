"""A point of weight w is w points. Whoever repeats a row, and whoever counts it, has to get the same answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from mixfit import GaussianMixture

Array = NDArray[np.float64]

SAME = 1e-6
"""Nats: a fit of the same points in another order of sums. Some optimizers stop a few steps earlier or later."""


@pytest.fixture
def counts(points: Array) -> NDArray[np.int64]:
    """How often each row is there: never, once, twice or three times."""
    return np.random.default_rng(1).integers(0, 4, len(points))


def repeated(points: Array, counts: NDArray[np.int64]) -> Array:
    return np.repeat(points, counts, axis=0)


def log_densities(points: Array, fitted: GaussianMixture) -> Array:
    found: Array = fitted.score_samples(points)
    return found


@pytest.mark.parametrize("n_components", [1, 3])
def test_weights_fit_as_repeated_rows_with_every_optimizer(
    optimizer: str, n_components: int, points: Array, counts: NDArray[np.int64]
) -> None:
    mixture = GaussianMixture(n_components, optimizer=optimizer, random_state=0)
    weighted = log_densities(points, mixture.fit(points, sample_weight=counts))
    assert_allclose(weighted, log_densities(points, mixture.fit(repeated(points, counts))), atol=SAME)


def test_weights_fit_as_repeated_rows_with_every_family(
    covariance_type: str, points: Array, counts: NDArray[np.int64]
) -> None:
    mixture = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
    weighted, n_passes = log_densities(points, mixture.fit(points, sample_weight=counts)), mixture.n_iter_
    assert_allclose(weighted, log_densities(points, mixture.fit(repeated(points, counts))), atol=1e-12)
    assert mixture.n_iter_ == n_passes


def test_weights_of_two_are_the_rows_written_twice(points: Array) -> None:
    mixture = GaussianMixture(3, random_state=0)
    weighted = log_densities(points, mixture.fit(points, sample_weight=np.full(len(points), 2)))
    assert_allclose(weighted, log_densities(points, mixture.fit(np.concatenate([points, points]))), atol=1e-12)


@pytest.mark.parametrize("optimizer", ["adam", "em", "kmeans", "sgd"])
def test_a_first_part_of_a_stream_may_be_weighted(optimizer: str, points: Array, counts: NDArray[np.int64]) -> None:
    mixture = GaussianMixture(3, optimizer=optimizer, random_state=0)
    weighted = log_densities(points, mixture.partial_fit(points, sample_weight=counts))
    other = GaussianMixture(3, optimizer=optimizer, random_state=0).partial_fit(repeated(points, counts))
    assert_allclose(weighted, log_densities(points, other), atol=1e-10)
    assert mixture.partial_fit(points, sample_weight=counts)._n_seen == 2 * counts.sum()


def test_what_is_said_of_points_counts_their_weights(points: Array, counts: NDArray[np.int64]) -> None:
    mixture, rows = GaussianMixture(3, random_state=0).fit(points), repeated(points, counts)
    for ask in (mixture.score, mixture.bic, mixture.aic, mixture.icl):
        assert_allclose(ask(points, sample_weight=counts), ask(rows), rtol=1e-13)


def test_what_is_rare_is_rare_among_the_weighted_points(points: Array, counts: NDArray[np.int64]) -> None:
    mixture, rows = GaussianMixture(3, random_state=0), repeated(points, counts)
    weighted = mixture.fit(points, sample_weight=counts).rarity_.threshold(0.1)
    assert_allclose(weighted, np.quantile(mixture.score_samples(rows), 0.1), rtol=1e-12)


@pytest.mark.parametrize("factor", [1e-300, 1e-9, 1 / 130, 1e300])
@pytest.mark.parametrize("optimizer", ["adam", "em", "kmeans", "lbfgs"])
def test_the_size_of_all_weights_together_means_nothing_to_a_fit(
    optimizer: str, factor: float, points: Array, counts: NDArray[np.int64]
) -> None:
    mixture = GaussianMixture(3, optimizer=optimizer, random_state=0)
    as_counts = mixture.fit(points, sample_weight=counts).score_samples(points)
    score = mixture.score(points, sample_weight=counts)
    assert_allclose(mixture.fit(points, sample_weight=factor * counts).score_samples(points), as_counts, atol=SAME)
    assert_allclose(mixture.score(points, sample_weight=factor * counts), score, atol=SAME)


def test_the_size_of_all_weights_together_is_the_number_of_points_of_a_criterion(points: Array) -> None:
    mixture = GaussianMixture(3, random_state=0).fit(points)
    once, n_points = np.ones(len(points)), len(points)
    more = mixture.bic(points, sample_weight=3 * once) - 3 * mixture.bic(points)
    assert_allclose(more, mixture.n_parameters_ * (np.log(3 * n_points) - 3 * np.log(n_points)), rtol=1e-10)
    more = mixture.aic(points, sample_weight=3 * once) - 3 * mixture.aic(points)
    assert_allclose(more, -4 * mixture.n_parameters_, rtol=1e-10)


def test_a_weight_of_zero_leaves_the_row_out_to_the_last_bit(points: Array, counts: NDArray[np.int64]) -> None:
    mixture, there = GaussianMixture(3, random_state=0), counts > 0
    with_zeros = mixture.fit(points, sample_weight=counts).score_samples(points)
    without = mixture.fit(points[there], sample_weight=counts[there]).score_samples(points)
    assert (with_zeros == without).all()


def test_weights_of_one_are_no_weights(points: Array) -> None:
    mixture = GaussianMixture(3, random_state=0)
    assert_allclose(
        mixture.fit(points, sample_weight=np.ones(len(points))).score_samples(points),
        mixture.fit(points).score_samples(points),
        atol=1e-12,
    )


def test_a_number_is_the_weight_of_every_row(points: Array) -> None:
    mixture = GaussianMixture(2, random_state=0).fit(points)
    assert mixture.bic(points, sample_weight=2.0) == mixture.bic(points, sample_weight=np.full(len(points), 2.0))


def test_weights_may_be_kept_in_anything(points: Array, counts: NDArray[np.int64]) -> None:
    mixture = GaussianMixture(2, random_state=0).fit(points)
    expected = mixture.score(points, sample_weight=counts)
    forms: list[Any] = [
        *(counts.tolist(), tuple(counts), counts.astype(np.uint8), counts.astype(np.float32), counts.astype(object)),
        *(np.repeat(counts, 2)[::2], counts[::-1][::-1]),
        *(pd.Series(counts), pd.Series(counts, dtype="Int64"), pl.Series(counts), torch.from_numpy(counts)),
        torch.from_numpy(counts).double().requires_grad_(),
    ]
    assert [mixture.score(points, sample_weight=form) for form in forms] == [expected] * len(forms)


def test_weights_are_not_written_to(points: Array, counts: NDArray[np.int64]) -> None:
    weights = counts.astype(np.float64)
    weights.flags.writeable = False
    before = weights.copy()
    GaussianMixture(2, random_state=0).fit(points, sample_weight=weights)
    assert (weights == before).all()


REFUSED: dict[str, tuple[Any, str]] = {
    "negative": ([1.0] * 129 + [-1.0], r"sample_weight\[129\] is -1.0"),
    "NaN": ([float("nan")] + [1.0] * 129, r"sample_weight\[0\] is nan"),
    "infinite": ([float("inf")] + [1.0] * 129, r"sample_weight\[0\] is inf"),
    "all zero": (np.zeros(130), "zero everywhere"),
    "too few": (np.ones(129), r"the shape \(129,\), but there are 130 points"),
    "a column": (np.ones((130, 1)), r"the shape \(130, 1\)"),
    "text": (["1"] * 130, "sample_weight holds"),
    "text among numbers": (np.array([1.0] * 129 + ["2"], dtype=object), "sample_weight holds '2'"),
    "complex": (np.ones(130) * 1j, "sample_weight holds complex128"),
    "dates": (np.full(130, "2020-01-01", dtype="M8[D]"), "sample_weight holds datetime64"),
    "something else": ({"a": 1}, "sample_weight"),
    "a number that is none": (-1.0, r"sample_weight\[0\] is -1.0"),
}


@pytest.mark.parametrize("method", ["fit", "partial_fit", "score", "bic", "aic", "icl"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_weight_is_refused(case: str, method: str, points: Array) -> None:
    weights, message = REFUSED[case]
    mixture = GaussianMixture(2, random_state=0, max_iter=1)
    if method not in ("fit", "partial_fit"):
        mixture.fit(points)
    with pytest.raises(ValueError, match=message):
        getattr(mixture, method)(points, sample_weight=weights)


def test_fewer_points_with_a_weight_than_components_are_refused(points: Array) -> None:
    weights = np.zeros(len(points))
    weights[:2] = 1
    with pytest.raises(ValueError, match=r"2 training points cannot hold 3 components.*n_components"):
        GaussianMixture(3).fit(points, sample_weight=weights)
