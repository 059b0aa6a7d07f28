"""Do components overlap as asked for, and is what cannot be asked for refused?"""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest
import torch

from mixfit.data import mixsim
from mixfit.data.mixsim import SHAPES, Mixsim
from mixfit.errors import InputError
from mixfit.mixtures.density import Density
from mixfit.mixtures.operations import overlap

FEW: dict[str, Any] = {"n_samples": 10, "n_val": 0, "n_test": 0}


def truth_of(seed: int = 0, **arguments: Any) -> Density:
    truth = Mixsim(**FEW, **arguments).load(seed).true_components
    assert truth is not None
    return truth


def pairwise(truth: Density) -> torch.Tensor:
    """ω_ij of each pair, once."""
    one_way = overlap(truth)
    first, second = torch.triu_indices(len(one_way), len(one_way), 1)
    return (one_way + one_way.T)[first, second]


@pytest.mark.parametrize("family", SHAPES)
@pytest.mark.parametrize(("dim", "n_components"), [(1, 2), (2, 4), (6, 3)])
@pytest.mark.parametrize("wanted", [0.001, 0.1])
def test_the_mean_overlap_is_what_was_asked_for(family: str, dim: int, n_components: int, wanted: float) -> None:
    truth = truth_of(dim=dim, n_components=n_components, family=family, overlap=wanted)
    assert float(pairwise(truth).mean()) == pytest.approx(wanted, rel=1e-9)


def test_the_largest_overlap_is_what_was_asked_for() -> None:
    truth = truth_of(n_components=4, overlap=None, max_overlap=0.15)
    assert float(pairwise(truth).max()) == pytest.approx(0.15, rel=1e-9)


def test_of_both_the_mean_is_met_and_the_maximum_is_a_bound() -> None:
    for seed in range(3):
        pairs = pairwise(truth_of(seed, n_components=4, overlap=0.05, max_overlap=0.15))
        assert float(pairs.mean()) == pytest.approx(0.05, rel=1e-9)
        assert float(pairs.max()) <= 0.15 * (1 + 1e-8)


def test_draws_are_misclassified_as_often_as_asked_for() -> None:
    """Of two components of equal weight, by Bayes's rule: half the overlap."""
    dataset = Mixsim(dim=3, n_components=2, n_samples=50_000, n_val=0, n_test=0, overlap=0.2).load(3)
    assert dataset.true_components is not None
    assert dataset.train.labels is not None
    wrong = dataset.true_components.assign(dataset.train.points) != dataset.train.labels
    assert float(wrong.double().mean()) == pytest.approx(0.1, abs=4 * sqrt(0.1 * 0.9 / 50_000))


@pytest.mark.parametrize("family", SHAPES)
def test_no_axis_is_longer_beside_another_than_the_eccentricity(family: str) -> None:
    longest = []
    for seed in range(5):
        truth = truth_of(seed, dim=4, family=family, eccentricity=1.5)
        lengths = torch.linalg.eigvalsh(truth.covariances).sqrt()
        longest.append(float((lengths[:, -1] / lengths[:, 0]).max()))
    assert max(longest) == pytest.approx(1.0 if family == "spherical" else 1.5, rel=1e-9)


def test_weights_are_equal_or_at_least_the_least() -> None:
    assert truth_of(n_components=4).weights.tolist() == pytest.approx([0.25] * 4, abs=1e-15)
    for seed in range(5):
        weights = truth_of(seed, n_components=4, least_weight=0.1).weights
        assert float(weights.min()) >= 0.1 - 1e-15
        assert float(weights.max()) > 0.27
        assert float(weights.sum()) == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"n_components": 1}, r"data\.n_components=1: .* 2 or more"),
        ({"overlap": None}, r"data\.overlap=null data\.max_overlap=null: "),
        ({"overlap": 0.2, "max_overlap": 0.1}, r"data\.overlap=0\.2 is above data\.max_overlap=0\.1"),
        ({"least_weight": 0.4}, r"data\.least_weight=0\.4: .*data\.n_components=3 .*0\.333"),
        ({"overlap": 0.95, "dim": 5}, r"data\.overlap=0\.95: .* lower data\.overlap or data\.eccentricity"),
    ],
)
def test_what_cannot_be_is_refused_by_the_key_to_change(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        truth_of(**arguments)


def test_a_mean_as_large_as_the_maximum_is_refused_by_the_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three pairs all alike would be chance."""
    monkeypatch.setattr(mixsim, "MOST_DRAWS", 3)
    with pytest.raises(InputError, match=r"two always overlap much more .*; raise data\.max_overlap"):
        truth_of(n_components=3, overlap=0.05, max_overlap=0.05)
