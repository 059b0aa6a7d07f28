"""What every family says of its factor, against dense matrices."""

from math import inf

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.covariances.cholesky import is_on_floor

FLOOR = 0.3


@pytest.fixture
def scale(covariance: Covariance, generator: torch.Generator) -> Tensor:
    """A factor whose eigenvalues lie on both sides of the floor."""
    return moved_at_random(covariance, covariance.identity(), 1.0, generator)


@pytest.fixture
def vectors(n_components: int, dim: int, generator: torch.Generator) -> Tensor:
    return torch.randn(n_components, dim, generator=generator)


def moved_at_random(covariance: Covariance, origin: Tensor, spread: float, generator: torch.Generator) -> Tensor:
    offset = spread * torch.randn(origin.shape, generator=generator)
    return covariance.moved(origin, offset, torch.ones(covariance.n_components))


def test_the_identity_is_the_unit_covariance(covariance: Covariance, n_components: int, dim: int) -> None:
    assert torch.equal(covariance.dense(covariance.identity()), torch.eye(dim).expand(n_components, dim, dim))


def test_coloring_makes_the_dense_covariance(
    covariance: Covariance, scale: Tensor, n_components: int, dim: int
) -> None:
    columns = [covariance.color(scale, axis.expand(n_components, dim)) for axis in torch.eye(dim)]
    factors = torch.stack(columns, -1)
    assert_close(factors @ factors.mT, covariance.dense(scale), rtol=1e-12, atol=1e-14)


def test_whitening_undoes_coloring(covariance: Covariance, scale: Tensor, vectors: Tensor) -> None:
    colored = covariance.color(scale, vectors)
    assert_close(covariance.whiten(scale, colored[:, None])[:, 0], vectors, rtol=0, atol=1e-12)


def test_whitened_lengths_are_mahalanobis_distances(covariance: Covariance, scale: Tensor, vectors: Tensor) -> None:
    expected = torch.einsum("kd,kde,ke->k", vectors, covariance.dense(scale).inverse(), vectors)
    whitened = covariance.whiten(scale, vectors[:, None])[:, 0]
    assert_close(whitened.square().sum(-1), expected, rtol=1e-10, atol=0)
    assert_close(covariance.mahalanobis(scale, covariance.outer(vectors, vectors)), expected.sum(), rtol=1e-10, atol=0)


def test_the_log_determinant_is_half_that_of_the_covariance(covariance: Covariance, scale: Tensor) -> None:
    expected = 0.5 * torch.logdet(covariance.dense(scale))
    assert_close(covariance.log_det(scale).expand(len(expected)), expected, rtol=0, atol=1e-12)


def test_the_smallest_variance_is_the_smallest_eigenvalue(covariance: Covariance, scale: Tensor) -> None:
    expected = torch.linalg.eigvalsh(covariance.dense(scale)).amin(-1)
    assert_close(covariance.smallest_variance(scale), expected, rtol=1e-10, atol=0)


def test_the_scale_of_a_dense_covariance_is_the_one_that_made_it(covariance: Covariance, scale: Tensor) -> None:
    assert_close(covariance.scale_of(covariance.dense(scale)), scale, rtol=1e-10, atol=1e-12)


def test_the_offset_of_a_scale_moves_the_origin_there(
    covariance: Covariance, scale: Tensor, generator: torch.Generator
) -> None:
    origin = moved_at_random(covariance, scale, 0.5, generator)
    unit = 1 + torch.rand(covariance.n_components, generator=generator)
    offset = covariance.offset_of(scale, origin, unit)
    assert_close(covariance.moved(origin, offset, unit), scale, rtol=1e-12, atol=1e-12)
    assert_close(covariance.offset_of(covariance.moved(origin, offset, unit), origin, unit), offset, atol=1e-12, rtol=0)


def test_the_offset_zero_is_the_origin(covariance: Covariance, scale: Tensor) -> None:
    unit = torch.ones(covariance.n_components)
    assert torch.equal(covariance.moved(scale, torch.zeros_like(scale), unit), scale)


def test_stretching_the_axes_stretches_the_dense_covariance(
    covariance: Covariance, scale: Tensor, dim: int, generator: torch.Generator
) -> None:
    unit = torch.exp(torch.randn(dim if covariance.per_axis else 1, generator=generator)).expand(dim)
    expected = unit.diag() @ covariance.dense(scale) @ unit.diag()
    assert_close(covariance.dense(covariance.stretched(scale, unit)), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dim", [5])
@pytest.mark.parametrize("axes", [[2], [3, 0], [4, 3, 2, 1, 0]], ids=str)
def test_the_scale_of_some_axes_makes_their_block_of_the_dense_covariance(
    covariance: Covariance, scale: Tensor, axes: list[int]
) -> None:
    marginal = type(covariance)(covariance.n_components, len(axes))
    expected = covariance.dense(scale)[:, axes][:, :, axes]
    assert_close(marginal.dense(covariance.marginal(scale, axes)), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dim", [5])
@pytest.mark.parametrize("n_given", [1, 3, 4])
def test_the_scale_of_the_last_axes_given_the_first_makes_the_schur_complement(
    covariance: Covariance, scale: Tensor, n_given: int
) -> None:
    precisions = covariance.dense(scale).inverse()[:, n_given:, n_given:]
    conditional = type(covariance)(covariance.n_components, 5 - n_given)
    found = conditional.dense(covariance.conditional(scale, n_given))
    assert_close(found, precisions.inverse(), rtol=1e-9, atol=1e-12)


def test_a_scale_holds_lower_triangular_matrices_or_standard_deviations(covariance: Covariance, scale: Tensor) -> None:
    dense = covariance.dense(scale)
    if covariance.triangular:
        assert torch.equal(scale, scale.tril())
        assert_close((scale @ scale.mT).expand_as(dense), dense, rtol=1e-14, atol=0)
    else:
        variances = dense.diagonal(dim1=-2, dim2=-1)
        assert torch.equal(dense, torch.diag_embed(variances))
        assert torch.equal(scale.square().unique(), variances.unique())


def test_pooled_moments_give_every_component_the_average_covariance(
    covariance: Covariance, n_components: int, dim: int, generator: torch.Generator
) -> None:
    count = 1 + torch.rand(n_components, generator=generator)
    deviations = torch.randn(20, n_components, dim, generator=generator)
    second = covariance.outer(deviations[0], deviations[0])
    for deviation in deviations[1:]:
        second = second + covariance.outer(deviation, deviation)
    apart = covariance.dense(covariance.factor(second, count, 0.0))
    together = covariance.dense(covariance.factor(covariance.pooled(second, count), count, 0.0))
    average = torch.einsum("k,kde->de", count / count.sum(), apart)
    assert_close(together, average.expand_as(together), rtol=1e-12, atol=1e-12)


def test_bounding_raises_the_eigenvalues_below_the_floor_and_nothing_else(
    covariance: Covariance, scale: Tensor
) -> None:
    variances, axes = torch.linalg.eigh(covariance.dense(scale))
    expected = axes @ torch.diag_embed(variances.clamp_min(FLOOR)) @ axes.mT
    bounded = covariance.bounded(scale, FLOOR)
    assert_close(covariance.dense(bounded), expected, rtol=0, atol=1e-12)
    assert float(covariance.smallest_variance(bounded).min()) >= FLOOR * (1 - 1e-9)


def test_the_floor_holds_to_nine_digits_a_million_times_below_the_largest_variance(
    covariance: Covariance, generator: torch.Generator
) -> None:
    for _ in range(20):
        scale = moved_at_random(covariance, covariance.identity(), 3.0, generator)
        floor = 1e-6 * float(torch.linalg.eigvalsh(covariance.dense(scale)).max())
        assert float(covariance.smallest_variance(covariance.bounded(scale, floor)).min()) >= floor * (1 - 1e-9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_what_was_raised_to_the_floor_is_on_it_in_every_type(
    covariance: Covariance, dtype: torch.dtype, generator: torch.Generator
) -> None:
    for _ in range(20):
        scale = moved_at_random(covariance, covariance.identity(), 5.0, generator)
        scale = scale / torch.linalg.eigvalsh(covariance.dense(scale)).max().sqrt()  # the largest variance is one
        below = covariance.smallest_variance(scale) < 0.5e-6
        bounded = covariance.smallest_variance(covariance.bounded(scale.to(dtype), 1e-6))
        assert bool(is_on_floor(bounded, 1e-6)[below].all())
        assert not bool(is_on_floor(1.01 * bounded, 1e-6).any())


def test_a_scale_above_the_floor_is_returned_itself(covariance: Covariance, scale: Tensor) -> None:
    smallest = float(covariance.smallest_variance(scale).min())
    assert covariance.bounded(scale, 0.999 * smallest) is scale
    assert covariance.bounded(scale, 1.001 * smallest) is not scale


def test_a_covariance_that_is_not_finite_is_left_for_the_likelihood_to_notice(covariance: Covariance) -> None:
    for value in (inf, torch.nan):
        scale = covariance.identity() * value
        assert not covariance.dense(covariance.bounded(scale, FLOOR)).isfinite().all()


@pytest.mark.parametrize(
    ("family", "n_free"), [(Full, 3 * 15), (Diag, 3 * 5), (Tied, 15), (Spherical, 3), (TiedSpherical, 1)]
)
def test_three_covariances_in_five_dimensions_have_as_many_free_parameters_as_one_counts_by_hand(
    family: type[Covariance], n_free: int
) -> None:
    assert family(3, 5).n_parameters == n_free


def test_as_many_parameters_are_free_as_there_are_directions_to_move_the_covariances_in(
    covariance: Covariance, scale: Tensor
) -> None:
    unit = torch.ones(covariance.n_components)
    jacobian = torch.autograd.functional.jacobian(
        lambda offset: covariance.dense(covariance.moved(scale, offset, unit)), torch.zeros_like(scale)
    )
    directions = jacobian.reshape(covariance.dense(scale).numel(), -1)
    assert int(torch.linalg.matrix_rank(directions)) == covariance.n_parameters
