"""Mean zero and variance one inside, whatever the data's units, dtype or oddities."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.standardization import Standardization

LIKE = torch.zeros((), dtype=torch.float64)


@pytest.fixture
def points() -> Tensor:
    """Two columns of mean (3, -40) and very different size."""
    normal = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    return normal * torch.tensor([2.0, 1e-3]) + torch.tensor([3.0, -40.0])


def there_and_back(standardization: Standardization, points: Tensor) -> Tensor:
    return standardization.inverse(standardization(points, LIKE))


def test_every_axis_gets_mean_zero_and_variance_one(points: Tensor) -> None:
    inside = Standardization.of(points, per_axis=True)(points, LIKE)
    assert_close(inside.mean(0), torch.zeros(2), rtol=0, atol=1e-11)
    assert_close(inside.var(0, correction=0), torch.ones(2), rtol=1e-10, atol=0)


def test_one_scale_for_all_axes_makes_the_mean_variance_one_and_keeps_their_ratio(points: Tensor) -> None:
    inside = Standardization.of(points, per_axis=False)(points, LIKE)
    variances, own = inside.var(0, correction=0), points.var(0, correction=0)
    assert_close(variances.mean(), torch.tensor(1.0), rtol=1e-12, atol=0)
    assert_close(variances[0] / variances[1], own[0] / own[1], rtol=1e-9, atol=0)


@pytest.mark.parametrize("per_axis", [True, False])
def test_means_come_back_where_they_were(points: Tensor, per_axis: bool) -> None:
    assert_close(there_and_back(Standardization.of(points, per_axis), points), points, rtol=0, atol=1e-14)


@pytest.mark.parametrize("per_axis", [True, False])
def test_covariances_come_back_in_the_datas_units(points: Tensor, per_axis: bool) -> None:
    standardization = Standardization.of(points, per_axis)
    inside = torch.cov(standardization(points, LIKE).T)
    assert_close(standardization.covariances(inside), torch.cov(points.T), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("per_axis", [True, False])
def test_the_log_volume_is_the_log_determinant_of_the_map(points: Tensor, per_axis: bool) -> None:
    standardization = Standardization.of(points, per_axis)
    corners = standardization(torch.cat([torch.zeros(1, 2), torch.eye(2)]), LIKE)
    jacobian = corners[1:] - corners[:1]
    assert standardization.log_volume == pytest.approx(-float(torch.logdet(jacobian)), abs=1e-9)


def test_a_constant_column_keeps_its_own_size_and_a_zero_column_gets_one(points: Tensor) -> None:
    columns = torch.column_stack([points[:, 0], torch.full((500,), -5.0), torch.zeros(500)])
    standardization = Standardization.of(columns, per_axis=True)
    assert standardization.shift[1:].tolist() == [-5.0, 0.0]
    assert standardization.scale[1:].tolist() == [5.0, 1.0]
    assert torch.equal(standardization(columns, LIKE)[:, 1:], torch.zeros(500, 2))


def test_a_constant_column_that_binary_cannot_write_is_still_constant() -> None:
    columns = torch.full((1000, 1), 0.1)
    assert torch.equal(Standardization.of(columns, per_axis=True)(columns, LIKE), torch.zeros(1000, 1))


def test_a_constant_column_adds_nothing_to_the_one_scale_of_all_axes(points: Tensor) -> None:
    columns = torch.column_stack([points[:, 0], torch.full((500,), 1e6)])
    standardization = Standardization.of(columns, per_axis=False)
    expected = (points[:, 0].var(correction=0) / 2).sqrt()
    assert_close(standardization.scale, expected.expand(2), rtol=1e-12, atol=0)


@pytest.mark.parametrize("per_axis", [True, False])
def test_points_that_are_all_the_same_lie_at_zero(per_axis: bool) -> None:
    points = torch.tensor([[3.0, 0.0]]).expand(10, 2)
    standardization = Standardization.of(points, per_axis)
    assert torch.equal(standardization(points, LIKE), torch.zeros(10, 2))
    assert bool(standardization.scale.isfinite().all() and (standardization.scale > 0).all())


def test_a_single_point_has_a_standardization() -> None:
    point = torch.tensor([[4.0, -2.0]])
    standardization = Standardization.of(point, per_axis=True)
    assert (standardization.shift.tolist(), standardization.scale.tolist()) == ([4.0, -2.0], [4.0, 2.0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int16, torch.int64, torch.bool])
def test_any_real_dtype_is_read_as_the_numbers_it_stands_for(dtype: torch.dtype) -> None:
    points = torch.randint(0, 2 if dtype is torch.bool else 100, (64, 2), generator=torch.Generator().manual_seed(1))
    ours, exact = (Standardization.of(points.to(other), per_axis=True) for other in (dtype, torch.float64))
    assert torch.equal(ours.shift, exact.shift)
    assert torch.equal(ours.scale, exact.scale)
    assert torch.equal(ours(points.to(dtype), LIKE), exact(points.double(), LIKE))


@pytest.mark.parametrize("size", [1e-290, 1e290])
@pytest.mark.parametrize("per_axis", [True, False])
def test_numbers_whose_squares_overflow_or_vanish_still_have_variance_one(size: float, per_axis: bool) -> None:
    points = size * torch.randn(100, 1, generator=torch.Generator().manual_seed(2))
    inside = Standardization.of(points, per_axis)(points, LIKE)
    assert_close(inside.var(0, correction=0), torch.ones(1), rtol=1e-12, atol=0)


def test_float32_loses_nothing_to_an_offset_that_float64_holds() -> None:
    normal = torch.randn(100, 1, generator=torch.Generator().manual_seed(3))
    points = 1e9 + normal
    inside = Standardization.of(points, per_axis=True)(points, torch.zeros((), dtype=torch.float32))
    expected = (normal - normal.mean()) / normal.std(correction=0)
    assert inside.dtype is torch.float32
    assert_close(inside.double(), expected, rtol=0, atol=1e-6)
