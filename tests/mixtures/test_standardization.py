"""Mean zero and variance one inside, whatever the data's units, dtype or oddities."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.moments import Moments
from mixfit.mixtures.standardization import Standardization, column_of_rounding

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


@pytest.mark.parametrize("exponent", [40, -40, 1000, -1000])
@pytest.mark.parametrize("per_axis", [True, False])
def test_a_power_of_two_in_the_units_changes_no_bit(exponent: int, per_axis: bool) -> None:
    points = torch.randn(100, 3, generator=torch.Generator().manual_seed(4))
    usual, other = (Standardization.of(x, per_axis) for x in (points, points * 2.0**exponent))
    assert torch.equal(other.scale, usual.scale * 2.0**exponent)
    assert torch.equal(other(points * 2.0**exponent, LIKE), usual(points, LIKE))


def test_a_mean_far_from_zero_does_not_blur_the_variance() -> None:
    steps = torch.arange(8.0).repeat(100)[:, None]  # beside 2⁵² there is no digit after the point
    inside = Standardization.of(2.0**52 + steps, per_axis=True)(2.0**52 + steps, LIKE)
    assert_close(inside.var(0, correction=0), torch.ones(1), rtol=1e-12, atol=0)


def test_a_column_that_changes_in_its_last_digit_alone_is_taken_at_its_word() -> None:
    column = torch.tensor([1.0, 1.0, 1.0, 1.0 + 2.0**-52])[:, None]
    standardization = Standardization.of(column, per_axis=True)
    assert_close(standardization.scale, torch.tensor([2.0**-52 * 3**0.5 / 4]), rtol=1e-12, atol=0)


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0, 5e-324], [0.0, 1.5e-323], [1e-310, 2e-310, 4e-310]])
def test_subnormal_numbers_have_a_scale_that_is_not_zero(values: list[float]) -> None:
    points = torch.tensor(values)[:, None]
    standardization = Standardization.of(points, per_axis=True)
    assert float(standardization.scale) > 0
    assert torch.equal(there_and_back(standardization, points), points)


def test_the_ends_of_the_range_of_numbers_are_within_it() -> None:
    end = torch.finfo(torch.float64).max
    points = torch.tensor([end, end, end, -end])[:, None]
    inside = Standardization.of(points, per_axis=True)(points, LIKE)
    assert_close(inside, torch.tensor([1.0, 1.0, 1.0, -3.0])[:, None] / 3**0.5, rtol=1e-14, atol=0)


@pytest.mark.parametrize("largest", [1e307, 1e-320])
def test_weights_count_by_their_ratios_however_large_or_small(largest: float) -> None:
    points = torch.tensor([[0.0], [1.0], [4.0]])
    weights = torch.tensor([1.0, 2.0, 1.0])
    usual, other = (Standardization.of(points, True, w) for w in (weights, largest * weights))
    assert_close(other.shift, usual.shift, rtol=1e-3, atol=0)  # 1e-320 has four digits
    assert_close(other.scale, usual.scale, rtol=1e-3, atol=0)


def test_a_column_that_changes_only_where_nothing_weighs_keeps_its_own_size() -> None:
    points, weights = torch.tensor([[3.0], [3.0], [5.0]]), torch.tensor([1e300, 1e300, 1e-300])
    standardization = Standardization.of(points, True, weights)
    assert (standardization.shift.tolist(), standardization.scale.tolist()) == ([3.0], [3.0])


def test_no_points_have_no_standardization() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        Standardization.of(torch.empty(0, 2), per_axis=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("far", [1e300, -1e300, float("inf")])
def test_points_beyond_all_numbers_are_cut_off_where_their_squares_are_infinite(far: float, dtype: torch.dtype) -> None:
    inside = Standardization.of(torch.tensor([[0.0], [1e-30]]), True)(
        torch.tensor([[far]]), torch.zeros((), dtype=dtype)
    )
    assert bool(inside.isfinite().all())
    assert bool(inside.square().isinf().all())


@pytest.mark.parametrize(("unit", "power"), [(1e300, r"1e\+600"), (1e-300, "1e-600")])
def test_variances_that_float64_cannot_hold_are_refused_by_the_column_and_a_remedy(unit: float, power: str) -> None:
    standardization = Standardization(torch.zeros(2), torch.tensor([1.0, unit]))
    with pytest.raises(ValueError, match=rf"column 1 .* variances of about {power} .* divide this column by 1e[+-]300"):
        standardization.covariances(torch.eye(2)[None])


def test_small_covariances_of_large_numbers_come_out_where_they_can_be_held() -> None:
    standardization = Standardization(torch.zeros(1), torch.tensor([1e160]))
    own = standardization.covariances(torch.tensor([[[1e-20]]]))
    assert_close(own, torch.tensor([[[1e300]]]), rtol=1e-12, atol=0)


def test_a_value_beyond_the_range_of_numbers_is_refused_on_the_way_back() -> None:
    standardization = Standardization(torch.zeros(1), torch.tensor([1e308]))
    assert_close(standardization.inverse(torch.tensor([[1.5]])), torch.tensor([[1.5e308]]), rtol=1e-14, atol=0)
    with pytest.raises(ValueError, match=r"column 0 .* values of about 1e\+308"):
        standardization.inverse(torch.tensor([[3.0]]))


@pytest.mark.parametrize(("magnitude", "spread"), [(2.0**60, 300.0), (1e9, 1e-6), (-1e300, 1e285)])
def test_a_column_whose_digits_are_rounding_is_found(magnitude: float, spread: float) -> None:
    normal = torch.randn(200, 3, generator=torch.Generator().manual_seed(5))
    normal[:, 1] = magnitude + spread * normal[:, 1]
    found = column_of_rounding(Moments.of(normal))
    assert found is not None
    assert found[0] == 1
    assert found[1] == pytest.approx(magnitude, rel=1e-6)


@pytest.mark.parametrize(("magnitude", "spread"), [(1.7e9, 1.0), (1e6, 1.0), (0.0, 1e-300), (1e300, 1e290), (7.0, 0.0)])
def test_a_column_far_from_zero_that_has_its_digits_is_fine(magnitude: float, spread: float) -> None:
    normal = torch.randn(200, 3, generator=torch.Generator().manual_seed(5))
    normal[:, 1] = magnitude + spread * normal[:, 1]
    assert column_of_rounding(Moments.of(normal)) is None
