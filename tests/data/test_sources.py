"""Are the points of every source what its documentation says, and do they depend on the seed and `data.*` alone?"""

from __future__ import annotations

from itertools import combinations
from math import sqrt
from typing import Any

import numpy as np
import pytest
import torch

from mixfit.data.bimodal import Bimodal
from mixfit.data.dataset import Dataset, Rows
from mixfit.data.gaussians import Gaussians
from mixfit.data.mixgen import Mixgen
from mixfit.data.mixsim import Mixsim
from mixfit.data.old_faithful import OldFaithful
from mixfit.mixtures.density import Density

SOURCES: dict[str, type[Bimodal] | type[Gaussians] | type[Mixgen] | type[Mixsim]] = {
    "bimodal": Bimodal,
    "gaussians": Gaussians,
    "mixgen": Mixgen,
    "mixsim": Mixsim,
}
SIZES: dict[str, Any] = {"n_samples": 60, "n_val": 70, "n_test": 80}
FAMILIES = ["full", "diag", "tied", "spherical"]


def truth_of(dataset: Dataset) -> Density:
    assert dataset.true_components is not None
    return dataset.true_components


def labels_of(part: Rows) -> torch.Tensor:
    assert part.labels is not None
    return part.labels


def same(left: Rows, right: Rows) -> bool:
    return torch.equal(left.points, right.points) and torch.equal(labels_of(left), labels_of(right))


@pytest.mark.parametrize("source", SOURCES)
def test_parts_have_the_sizes_asked_for(source: str) -> None:
    dataset = SOURCES[source](**SIZES).load(0)
    assert [len(dataset.train), len(dataset.val), len(dataset.test)] == [60, 70, 80]
    assert dataset.train.points.dtype == torch.float64


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("empty", ["n_val", "n_test"])
def test_a_held_out_part_may_be_empty(source: str, empty: str) -> None:
    dataset = SOURCES[source](**SIZES | {empty: 0}).load(0)
    part = dataset.val if empty == "n_val" else dataset.test
    assert part.points.shape == (0, truth_of(dataset).means.shape[1])


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(source: str) -> None:
    first, again, other = (SOURCES[source](**SIZES).load(seed) for seed in (4, 4, 5))
    assert all(same(getattr(first, part), getattr(again, part)) for part in ("train", "val", "test"))
    assert not any(torch.equal(getattr(first, part).points, getattr(other, part).points) for part in ("train", "val"))


@pytest.mark.parametrize("source", SOURCES)
def test_a_part_depends_on_no_other_parts_size(source: str) -> None:
    first = SOURCES[source](**SIZES).load(1)
    second = SOURCES[source](**SIZES | {"n_val": 7, "n_test": 9}).load(1)
    third = SOURCES[source](**SIZES | {"n_samples": 11}).load(1)
    assert same(first.train, second.train)
    assert same(first.val, third.val)
    assert same(first.test, third.test)
    assert torch.equal(truth_of(first).means, truth_of(third).means)


@pytest.mark.parametrize("source", SOURCES)
def test_parts_and_seeds_share_no_points(source: str) -> None:
    drawn = [getattr(SOURCES[source](**SIZES).load(seed), part).points for seed in range(4) for part in ("val", "test")]
    everything = torch.cat([points[:, 0] for points in drawn])
    assert len(everything.unique()) == len(everything)


def test_bimodal_has_equally_many_points_of_either_hump() -> None:
    train = Bimodal().load(0).train
    assert labels_of(train).bincount().tolist() == [500, 500]
    for label, mean in ((0, -2.0), (1, 2.0)):
        hump = train.points[labels_of(train) == label]
        assert float(hump.mean()) == pytest.approx(mean, abs=4 * 0.5 / sqrt(500))
        assert float(hump.std()) == pytest.approx(0.5, abs=4 * 0.5 / sqrt(1000))


@pytest.mark.parametrize(("n_samples", "counts"), [(7, [4, 3]), (2, [1, 1]), (1001, [501, 500])])
def test_an_odd_number_is_split_as_evenly_as_it_goes(n_samples: int, counts: list[int]) -> None:
    train = Bimodal(n_samples=n_samples).load(0).train
    assert sorted(labels_of(train).bincount(minlength=2).tolist(), reverse=True) == counts


def test_held_out_points_of_bimodal_are_drawn_from_the_mixture() -> None:
    n_left = int((labels_of(Bimodal().load(0).val) == 0).sum())
    assert 0 < abs(n_left - 5000) < 4 * sqrt(10_000) / 2


def test_the_truth_of_bimodal_is_what_was_asked_for() -> None:
    truth = truth_of(Bimodal(means=[0.0, 3.0, 10.0], standard_deviations=[1.0, 2.0, 0.1]).load(0))
    assert truth.weights.tolist() == pytest.approx([1 / 3] * 3, abs=1e-15)
    assert truth.means[:, 0].tolist() == [0, 3, 10]
    assert truth.covariances[:, 0, 0].sqrt().tolist() == pytest.approx([1, 2, 0.1], abs=1e-15)


@pytest.mark.parametrize("dim", [1, 2, 8])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("separation", [0.5, 2.0])
def test_true_means_are_as_far_apart_as_documented(dim: int, family: str, separation: float) -> None:
    for seed in range(5):
        source = Gaussians(dim=dim, n_components=4, separation=separation, family=family, **SIZES)
        truth = truth_of(source.load(seed))
        largest = torch.linalg.eigvalsh(truth.covariances)[:, -1]
        for i, j in combinations(range(4), 2):
            needed = separation * sqrt(dim * float(torch.maximum(largest[i], largest[j])))
            assert float((truth.means[i] - truth.means[j]).norm()) >= needed * (1 - 1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_true_axes_are_no_longer_than_the_eccentricity(family: str) -> None:
    for seed in range(5):
        covariances = truth_of(Gaussians(dim=3, eccentricity=4.0, family=family, **SIZES).load(seed)).covariances
        lengths = torch.linalg.eigvalsh(covariances).sqrt()
        assert float(lengths.min()) >= 1 - 1e-12
        assert float(lengths.max()) <= 4 + 1e-12


def test_true_covariances_belong_to_their_family() -> None:
    full, diag, tied, spherical = (
        truth_of(Gaussians(dim=3, family=family, **SIZES).load(2)).covariances for family in FAMILIES
    )
    off_diagonal = ~torch.eye(3, dtype=torch.bool).expand(3, 3, 3)
    assert float(full[off_diagonal].abs().min()) > 1e-6
    assert float(diag[off_diagonal].abs().max()) < 1e-12
    assert float((tied - tied[0]).abs().max()) < 1e-12
    assert float(tied[off_diagonal].abs().min()) > 1e-6
    assert float((spherical - spherical[:, :1, :1] * torch.eye(3, dtype=torch.float64)).abs().max()) < 1e-12


def test_true_weights_are_equal_or_as_given() -> None:
    assert truth_of(Gaussians(**SIZES).load(0)).weights.tolist() == pytest.approx([1 / 3] * 3, abs=1e-15)
    given = truth_of(Gaussians(weights=[1, 2, 5], **SIZES).load(0))
    assert given.weights.tolist() == pytest.approx([1 / 8, 2 / 8, 5 / 8], abs=1e-15)


def test_points_of_gaussians_have_the_moments_of_the_truth() -> None:
    dataset = Gaussians(dim=2, n_samples=20_000, weights=[1, 2, 5]).load(0)
    truth = truth_of(dataset)
    for k, (mean, covariance) in enumerate(zip(truth.means.numpy(), truth.covariances.numpy(), strict=True)):
        points = dataset.train.points[labels_of(dataset.train) == k].numpy()
        variance, n_points = covariance.diagonal(), len(points)
        assert n_points == pytest.approx(20_000 * float(truth.weights[k]), rel=0.05)
        assert np.all(np.abs(points.mean(0) - mean) < 4 * np.sqrt(variance / n_points))
        standard_error = np.sqrt((np.outer(variance, variance) + covariance**2) / n_points)
        assert np.all(np.abs(np.cov(points.T) - covariance) < 4 * standard_error)


def test_old_faithful_is_what_r_has() -> None:
    dataset = OldFaithful(val_fraction=0, test_fraction=0).load(0)
    assert dataset.columns == ("eruptions", "waiting")
    assert len(dataset.train) == 272
    assert dataset.train.points.sum(0).tolist() == pytest.approx([948.677, 19284], abs=1e-9)
    assert dataset.train.points[0].tolist() == [3.6, 79]
    assert dataset.truth is None
