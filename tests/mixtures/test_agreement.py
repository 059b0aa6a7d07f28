"""The adjusted Rand index, against scikit-learn's."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import adjusted_rand_score

from mixfit.mixtures.agreement import adjusted_rand


@pytest.mark.parametrize(("first", "second"), [(1, 1), (2, 2), (3, 5), (1, 4)])
def test_it_is_that_of_scikit_learn(first: int, second: int) -> None:
    random = torch.Generator().manual_seed(first)
    one = torch.randint(first, (500,), generator=random)
    other = torch.where(torch.rand(500, generator=random) < 0.5, one, torch.randint(second, (500,), generator=random))
    assert adjusted_rand(one, other) == pytest.approx(adjusted_rand_score(one, other), abs=1e-12)


def test_a_weight_is_as_many_points() -> None:
    random = torch.Generator().manual_seed(0)
    one, other, times = (torch.randint(1, 4, (200,), generator=random) for _ in range(3))
    repeated = adjusted_rand_score(one.repeat_interleave(times), other.repeat_interleave(times))
    assert adjusted_rand(one, other, times.double()) == pytest.approx(repeated, abs=1e-12)
