"""Is every point either fitted or held out, and looked at once in a pass?"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch

from mixfit.data.bimodal import Bimodal
from mixfit.data.dataset import Dataset, Part, split
from mixfit.data.module import MixtureDataModule, Source
from mixfit.data.old_faithful import OldFaithful
from mixfit.errors import InputError

EVERYTHING = OldFaithful(val_fraction=0, test_fraction=0)


def test_a_partition_loses_no_point_and_doubles_none() -> None:
    everything = EVERYTHING.load(0).train.points
    dataset = OldFaithful(val_fraction=0.1, test_fraction=0.25).load(3)
    parts = [dataset.train, dataset.val, dataset.test]
    assert [len(part) for part in parts] == [177, 27, 68]
    assert sorted(map(tuple, torch.cat([part.points for part in parts]).tolist())) == sorted(
        map(tuple, everything.tolist())
    )


def test_a_partition_depends_on_the_seed() -> None:
    first, again, other = (OldFaithful().load(seed).test.points for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_labels_stay_with_their_points_through_a_partition() -> None:
    points = torch.arange(100, dtype=torch.float64)[:, None]
    dataset = split(Part(points, torch.arange(100)), ("x",), 0.2, 0.3, seed=0)
    for part in (dataset.train, dataset.val, dataset.test):
        assert part.labels is not None
        assert torch.equal(part.points[:, 0].long(), part.labels)


@pytest.mark.parametrize(("val_fraction", "test_fraction"), [(-0.1, 0), (0, 1.0), (0.5, 0.5), (float("nan"), 0)])
def test_fractions_that_leave_nothing_to_fit_are_refused(val_fraction: float, test_fraction: float) -> None:
    with pytest.raises(InputError, match="fraction"):
        split(Part(torch.zeros(10, 1)), ("x",), val_fraction, test_fraction, seed=0)


def epoch(source: Source, **options: Any) -> list[torch.Tensor]:
    """The points of the training batches of a first epoch."""
    return [batch.points for batch in batches_of(source, **options)]


def batches_of(source: Source, **options: Any) -> list[Part]:
    """The training batches of a first epoch, which are in memory."""
    parts = [batch.part for batch in MixtureDataModule(source, **options).train_dataloader()]
    return [part for part in parts if isinstance(part, Part)]


def test_batches_hold_every_point_once() -> None:
    batches = epoch(Bimodal(n_samples=1000), batch_size=64)
    assert [len(batch) for batch in batches] == [64] * 15 + [40]
    everything = Bimodal(n_samples=1000).load(0).train.points
    assert torch.equal(torch.cat(batches).sort(0).values, everything.sort(0).values)


@pytest.mark.parametrize("batch_size", [None, 1000, 5000])
def test_the_full_batch_is_all_points_as_they_are(batch_size: int | None) -> None:
    (batch,) = epoch(Bimodal(n_samples=1000), batch_size=batch_size)
    assert torch.equal(batch, Bimodal(n_samples=1000).load(0).train.points)


def test_the_order_of_batches_depends_on_the_seed() -> None:
    first, again, other = (torch.cat(epoch(EVERYTHING, batch_size=50, seed=seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_batches_mix_the_humps() -> None:
    shares = [float((batch > 0).double().mean()) for batch in epoch(Bimodal(), batch_size=100)]
    assert all(0.3 < share < 0.7 for share in shares)
    assert any(left != right for left, right in pairwise(shares))


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"batch_size": -5}, {"seed": -1}])
def test_a_data_module_refuses_what_no_configuration_checked(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        MixtureDataModule(Bimodal(), **options)


def test_a_batch_brings_the_weights_of_its_points() -> None:
    points = torch.arange(10.0)[:, None]

    class Weighted:
        def load(self, seed: int) -> Dataset:
            nothing = Part(points[:0])
            return Dataset(Part(points, weights=2 * points[:, 0] + 1), nothing, nothing, ("x",))

    for batch in batches_of(Weighted(), batch_size=3):
        assert batch.weights is not None
        assert torch.equal(batch.weights, 2 * batch.points[:, 0] + 1)
