"""Equal log-densities in torch.distributions and here, both ways."""

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, Independent, LogNormal, MixtureSameFamily, MultivariateNormal, Normal
from torch.testing import assert_close

from mixfit.conversion import from_torch, to_torch
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Diag, Full
from mixfit.mixtures.density import Density
from mixfit.mixtures.standardization import Standardization


def test_the_distribution_has_the_log_densities_of_the_density(density: Density, points: Tensor) -> None:
    assert_close(to_torch(density).log_prob(points), density.log_density(points), rtol=1e-10, atol=1e-10)


def test_there_and_back_has_the_log_densities_of_the_distribution(density: Density, points: Tensor) -> None:
    distribution = to_torch(density)
    assert_close(from_torch(distribution).log_density(points), distribution.log_prob(points), rtol=1e-10, atol=1e-10)


def test_there_and_back_agrees_to_ten_digits_a_million_units_from_the_origin(
    density: Density, points: Tensor, shift: Tensor
) -> None:
    """Also where an axis is 1e-4 wide, for both subtract the same mean."""
    moved = Density.of(density.weights, density.means + shift, density.covariances, type(density.mixture.covariance))
    distribution = to_torch(moved)
    assert_close(distribution.log_prob(points + shift), moved.log_density(points + shift), rtol=1e-10, atol=1e-10)
    again = from_torch(distribution)
    assert_close(again.log_density(points + shift), moved.log_density(points + shift), rtol=1e-10, atol=1e-10)


def test_a_shift_of_a_million_scales_costs_what_the_means_lose_by_rounding(
    density: Density, points: Tensor, scale: Tensor
) -> None:
    """A standardized density knows its means to 1e-16 scales; in the data's units they are known to 1e-10."""
    far = Density(density.mixture, Standardization(1e6 * scale, scale))
    moved = points - 3 * scale + 1e6 * scale
    slope = ((moved - far.means[:, None]) @ far.covariances.inverse()).abs().amax(0)
    allowed = 2 * torch.finfo(torch.float64).eps * (slope * moved.abs()).sum(1)
    difference = (to_torch(far).log_prob(moved) - far.log_density(moved)).abs()
    assert bool((difference <= 1e-10 + allowed).all())


def test_moments_and_weights_travel(density: Density) -> None:
    again = from_torch(to_torch(density))
    assert_close(again.weights, density.weights, rtol=1e-14, atol=0)
    assert_close(again.means, density.means, rtol=1e-15, atol=0)
    assert_close(again.covariances, density.covariances, rtol=1e-13, atol=0)


def test_draws_of_the_distribution_come_from_the_density(density: Density) -> None:
    torch.manual_seed(2)
    draws = to_torch(density).sample((20_000,))
    assert draws.dtype == torch.float64
    error = density.log_density(draws).std() / 20_000**0.5
    own = density.log_density(density.sample(20_000, torch.Generator().manual_seed(3))[0])
    assert abs(float(density.log_density(draws).mean() - own.mean())) < 5 * 1.5 * float(error)


def test_triangular_families_come_back_full_and_the_others_diagonal(density: Density) -> None:
    expected = Full if density.mixture.covariance.triangular else Diag
    assert type(from_torch(to_torch(density)).mixture.covariance) is expected


def test_normals_on_a_line_are_a_density_in_one_dimension() -> None:
    distribution = MixtureSameFamily(Categorical(torch.tensor([0.3, 0.7])), Normal(torch.tensor([-1.0, 2.0]), 0.5))
    points = torch.linspace(-4, 4, 50)
    assert_close(from_torch(distribution).log_density(points), distribution.log_prob(points), rtol=0, atol=1e-12)


def test_a_distribution_in_single_precision_becomes_a_density_in_double() -> None:
    normals = MultivariateNormal(torch.zeros(2, 3, dtype=torch.float32), torch.eye(3, dtype=torch.float32))
    distribution = MixtureSameFamily(Categorical(torch.tensor([0.5, 0.5], dtype=torch.float32)), normals)
    assert from_torch(distribution).mixture.components.means.dtype == torch.float64


def test_a_parameter_that_requires_a_gradient_is_taken_as_it_is() -> None:
    means = torch.zeros(2, 1, requires_grad=True)
    distribution = MixtureSameFamily(Categorical(torch.ones(2)), Independent(Normal(means, 1.0), 1))
    assert torch.equal(from_torch(distribution).means, torch.zeros(2, 1))


@pytest.mark.parametrize(
    "components",
    [
        lambda: Independent(Normal(torch.zeros(2, 3, 4), 1.0), 2),
        lambda: LogNormal(torch.zeros(2), 1.0),
        lambda: Independent(LogNormal(torch.zeros(2, 3), 1.0), 1),
    ],
    ids=["matrices", "log-normal", "independent log-normal"],
)
def test_components_that_are_no_gaussians_of_vectors_are_refused(components: object) -> None:
    assert callable(components)
    distribution = MixtureSameFamily(Categorical(torch.ones(2)), components())
    with pytest.raises(TypeError, match="a density can be made of MultivariateNormal"):
        from_torch(distribution)


def test_what_is_no_mixture_is_refused() -> None:
    with pytest.raises(TypeError, match=r"expected a torch\.distributions\.MixtureSameFamily, found Normal"):
        from_torch(Normal(0.0, 1.0))  # type: ignore[arg-type]


def test_a_batch_of_mixtures_is_refused() -> None:
    distribution = MixtureSameFamily(Categorical(torch.ones(5, 2)), Normal(torch.zeros(5, 2), 1.0))
    with pytest.raises(InputError, match=r"batch of shape \(5,\)"):
        from_torch(distribution)
