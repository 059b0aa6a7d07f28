"""The sums of a pass against the same sums over dense responsibilities; and that they add up."""

from dataclasses import fields, replace
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.statistics import Statistics


def assert_same(actual: Statistics, expected: Statistics, tolerance: float) -> None:
    for field in fields(Statistics):
        ours, theirs = getattr(actual, field.name), getattr(expected, field.name)
        assert_close(ours, theirs, rtol=tolerance, atol=tolerance, msg=partial("{}: {}".format, field.name))


def dense_second(mixture: Mixture, points: Tensor, responsibilities: Tensor) -> Tensor:
    """Σ_n r_nk d dᵀ about the means, (K, D, D), whatever the family keeps of it."""
    deviations = points[:, None] - mixture.components.means.detach()
    return torch.einsum("nk,nki,nkj->kij", responsibilities, deviations, deviations)


def test_a_pass_gives_the_sums_over_dense_responsibilities(
    mixture: Mixture, points: Tensor, elsewhere: Components
) -> None:
    responsibilities = mixture.responsibilities(points).detach()
    statistics = mixture.statistics(points)
    deviations = points[:, None] - mixture.components.means.detach()
    assert_close(statistics.n_points, torch.tensor(300.0))
    assert_close(statistics.center, mixture.components.means.detach())
    assert_close(statistics.count, responsibilities.sum(0), rtol=1e-12, atol=1e-10)
    assert_close(statistics.first, torch.einsum("nk,nkd->kd", responsibilities, deviations), rtol=1e-12, atol=1e-10)
    # A family keeps of the second moments what its likelihood asks for: tr(Σ⁻¹S) for any Σ of the family.
    precisions = mixture.covariance.dense(elsewhere.scale).inverse()
    expected = (precisions * dense_second(mixture, points, responsibilities)).sum()
    assert_close(mixture.covariance.mahalanobis(elsewhere.scale, statistics.second), expected, rtol=1e-11, atol=1e-10)


def test_given_responsibilities_give_the_same_sums_as_a_pass_that_finds_them(mixture: Mixture, points: Tensor) -> None:
    found = mixture.statistics(points)
    given = mixture.statistics_under(mixture.responsibilities(points), points)
    assert_same(given, replace(found, log_likelihood=torch.tensor(0.0)), 1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_the_statistics_of_any_split_of_the_rows_add_up(mixture: Mixture, points: Tensor, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(points), generator=generator)
    cuts = torch.randperm(len(points) - 1, generator=generator)[:5].add(1).sort().values
    parts = [mixture.statistics(points[part]) for part in rows.tensor_split(cuts.tolist())]
    assert_same(sum(parts[1:], parts[0]), mixture.statistics(points), 1e-10)


def test_statistics_about_different_centres_refuse_to_add(mixture: Mixture, points: Tensor) -> None:
    statistics = mixture.statistics(points)
    with pytest.raises(ValueError, match="same centre"):
        statistics + replace(statistics, center=statistics.center + 1e-9)


def test_the_sum_over_processes_leaves_the_centre_alone(mixture: Mixture, points: Tensor) -> None:
    statistics = mixture.statistics(points)
    assert_same(statistics.summed(lambda part: 2 * part), statistics + statistics, 1e-14)
    symmetric = mixture.covariance.triangular
    assert_same(statistics.summed(lambda part: 2 * part, symmetric), statistics + statistics, 1e-11)


def test_processes_tell_each_other_each_number_once(mixture: Mixture, points: Tensor) -> None:
    lengths: list[int] = []

    def noted(message: Tensor) -> Tensor:
        lengths.append(len(message))
        return message

    mixture.statistics(points).summed(noted, mixture.covariance.triangular)
    n_components, dim = mixture.mean_origin.shape
    parameters_of_covariances = mixture.covariance.n_parameters
    assert lengths == [2 + n_components + n_components * dim + parameters_of_covariances]


def test_statistics_remember_no_graph(mixture: Mixture, points: Tensor) -> None:
    statistics = mixture.statistics(points)
    assert not any(getattr(statistics, field.name).requires_grad for field in fields(Statistics))


def test_float32_keeps_a_variance_of_one_at_an_offset_of_ten_thousand(
    family: type[Covariance], n_components: int, dim: int, generator: torch.Generator
) -> None:
    spread = torch.linspace(-1.0, 1.0, n_components)[:, None].expand(-1, dim)
    points = (1e4 + torch.randn(2000, dim, generator=generator)).float()
    fitted = []
    for dtype in (torch.float32, torch.float64):
        mixture = Mixture(family(n_components, dim)).to(dtype)
        mixture.set_(torch.zeros(n_components), 1e4 + spread, mixture.covariance.identity())
        mixture.maximize_(mixture.statistics(points.to(dtype)))
        fitted.append(mixture.covariance.dense(mixture.components.scale).detach().double())
    variances = fitted[1].diagonal(dim1=-2, dim2=-1)
    assert float(variances.min()) > 0.4
    assert_close(fitted[0], fitted[1], rtol=1e-3, atol=1e-3 * float(variances.min()))
