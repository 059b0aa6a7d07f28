"""A mixture in the data's own units: equivariance, samples, parameters and checkpoints."""

import io
import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal
from torch.testing import assert_close

from mixfit.mixtures.assignments import hard, nearest, soft
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.density import Density
from mixfit.mixtures.initializers.start import start_
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.search import Search
from mixfit.mixtures.standardization import Standardization

MIXED = [0.001, 1000.0]


def fitted(points: Tensor, family: type[Covariance], n_components: int = 3, n_steps: int = 30) -> Density:
    """Some EM steps from a start that a seed chooses, in standardized coordinates."""
    rows = points[:, None] if points.ndim == 1 else points
    standardization = Standardization.of(rows, family.per_axis)
    density = Density(Mixture(family(n_components, rows.shape[1]), floor=1e-6), standardization)
    start_(
        density.mixture,
        density.standardized(points),
        Search(restarts=2, n_passes=n_steps, patience=0),
        generator=torch.Generator().manual_seed(7),
    )
    return density


@pytest.fixture
def points() -> Tensor:
    """Three overlapping round components in the plane."""
    generator = torch.Generator().manual_seed(4)
    means = torch.tensor([[0.0, 0.0], [4.0, 1.0], [1.0, 5.0]])
    return (means[:, None] + torch.randn(3, 80, 2, generator=generator)).flatten(0, 1)


@pytest.fixture
def density(points: Tensor, family: type[Covariance]) -> Density:
    return fitted(points, family)


@pytest.mark.parametrize("a", [[1e-3, 1e-3], [1e3, 1e3], [-1e3, -1e3], MIXED], ids=str)
def test_a_fit_commutes_with_a_change_of_units_and_origin(
    points: Tensor, a: list[float], family: type[Covariance]
) -> None:
    scale = torch.tensor(a if family.per_axis else [a[-1], a[-1]])
    moved = points * scale + 1000 * scale.abs() * points.std(0)
    expected = fitted(points, family).nll(points) + float(scale.abs().log().sum())
    assert fitted(moved, family).nll(moved) == pytest.approx(expected, abs=1e-9)


def test_densities_means_and_covariances_are_in_the_datas_units(points: Tensor, density: Density) -> None:
    normals = MultivariateNormal(density.means, density.covariances)
    expected = MixtureSameFamily(Categorical(probs=density.weights), normals)
    assert_close(density.log_density(points).detach(), expected.log_prob(points), rtol=1e-12, atol=1e-10)
    assert density.nll(points) == pytest.approx(-float(expected.log_prob(points).mean()), abs=1e-12)
    assert density.score(points) == -density.nll(points)
    joint = density.weights.log() + normals.log_prob(points[:, None])
    assert_close(density.responsibilities(points), joint.softmax(1), rtol=0, atol=1e-12)
    assert torch.equal(density.assign(points), joint.argmax(1))


def test_a_density_of_given_parameters_has_them(density: Density) -> None:
    again = Density.of(density.weights, density.means, density.covariances, type(density.mixture.covariance))
    assert_close(again.weights, density.weights, rtol=1e-14, atol=0)
    assert_close(again.means, density.means, rtol=0, atol=0)
    assert_close(again.covariances, density.covariances, rtol=1e-12, atol=1e-14)


def test_points_on_a_line_may_come_without_a_second_axis(family: type[Covariance]) -> None:
    line = torch.randn(50, generator=torch.Generator().manual_seed(5))
    density = fitted(line, family, n_components=2)
    assert torch.equal(density.log_density(line), density.log_density(line[:, None]))
    assert density.nll(line) == density.nll(line[:, None])


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_points_of_any_dtype_are_looked_at_in_double(points: Tensor, density: Density, dtype: torch.dtype) -> None:
    cast = points.to(dtype)
    assert torch.equal(density.log_density(cast), density.log_density(cast.double()))


def test_samples_come_from_components_by_weight_and_have_their_means_and_covariances(density: Density) -> None:
    """To five standard errors of 100,000 draws."""
    n_points = 100_000
    samples, component = density.sample(n_points, torch.Generator().manual_seed(6))
    for k in range(3):
        weight, mean, covariance = density.weights[k], density.means[k], density.covariances[k]
        own = samples[component == k]
        assert abs(float(len(own) / n_points - weight)) < 5 * float((weight * (1 - weight) / n_points).sqrt())
        errors = (covariance.diagonal() / len(own)).sqrt()
        assert bool(((own.mean(0) - mean).abs() < 5 * errors).all())
        products = covariance.diagonal().outer(covariance.diagonal()) + covariance.square()
        assert bool(((torch.cov(own.T) - covariance).abs() < 5 * (products / len(own)).sqrt()).all())


def test_equal_seeds_draw_equal_samples(density: Density) -> None:
    first, second = (density.sample(20, torch.Generator().manual_seed(9)) for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


@pytest.mark.parametrize(
    ("family", "n_parameters"), [(Full, 62), (Diag, 32), (Tied, 32), (Spherical, 20), (TiedSpherical, 18)]
)
def test_three_components_in_five_dimensions_have_two_weights_fifteen_means_and_their_covariances(
    family: type[Covariance], n_parameters: int
) -> None:
    density = Density(Mixture(family(3, 5)), Standardization.identity(5))
    assert density.n_parameters == n_parameters


def test_a_checkpoint_of_plain_tensors_brings_everything_back(points: Tensor, density: Density) -> None:
    file = io.BytesIO()
    torch.save(density.state_dict(), file)
    file.seek(0)
    n_components, dim = density.means.shape
    other = Density(Mixture(type(density.mixture.covariance)(n_components, dim)), Standardization.identity(dim))
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other.log_density(points), density.log_density(points))
    assert torch.equal(other.covariances, density.covariances)
    assert torch.equal(other.standardization.shift, density.standardization.shift)


def test_a_point_beyond_all_numbers_belongs_to_no_component_and_says_so() -> None:
    density = Density.of(torch.tensor([0.5, 0.5]), torch.zeros(2, 1), torch.ones(2, 1, 1))
    assert density.log_density(torch.tensor([[0.0], [1e200]]))[1] == -float("inf")
    with pytest.raises(ValueError, match=r"point 1 .* leave it out"):
        density.responsibilities(torch.tensor([[0.0], [1e200]]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("far", [1e160, 1e300, float("inf")])
def test_far_points_have_no_density_in_any_family_and_never_nan(
    family: type[Covariance], points: Tensor, far: float, dtype: torch.dtype
) -> None:
    density = fitted(1e-100 * points, family).to(dtype)
    places = torch.tensor([[far, -far], [far, 0.0], [-far, far]])
    assert torch.equal(density.log_density(places), torch.full((3,), -torch.inf, dtype=dtype))
    for assignment in (soft, hard, nearest):
        with pytest.raises(ValueError, match=r"point 0 .* leave it out"):
            density.assign(places, assignment)


def test_a_point_of_weight_zero_is_not_looked_at(density: Density, points: Tensor) -> None:
    far = torch.tensor([[1e200, -1e200]])
    weights = torch.cat([torch.ones(len(points)), torch.zeros(1)])
    assert density.nll(torch.cat([points, far]), weights) == density.nll(points, torch.ones(len(points)))


@pytest.mark.parametrize("largest", [1e307, 1e-320])
def test_a_mean_does_not_depend_on_the_size_of_the_weights(density: Density, points: Tensor, largest: float) -> None:
    expected = density.nll(points)
    assert density.nll(points, torch.full((len(points),), largest)) == pytest.approx(expected, abs=1e-12)


def test_a_mean_over_nothing_is_refused(density: Density, points: Tensor) -> None:
    for none in ((points[:0],), (points, torch.zeros(len(points)))):
        with pytest.raises(ValueError, match="no point counts"):
            density.nll(*none)


def test_standard_deviations_and_sizes_are_those_of_the_covariances(density: Density) -> None:
    covariances = density.covariances
    assert_close(density.deviations, covariances.diagonal(dim1=-2, dim2=-1).sqrt(), rtol=1e-12, atol=0)
    assert_close(density.sizes, covariances.det() ** 0.25, rtol=1e-12, atol=0)


@pytest.mark.parametrize("unit", [1e300, 1e-300])
def test_near_the_ends_of_float64_all_is_there_but_the_covariances(
    family: type[Covariance], points: Tensor, unit: float
) -> None:
    usual, other = (fitted(x, family) for x in (points, unit * points))
    assert other.nll(unit * points) == pytest.approx(usual.nll(points) + 2 * math.log(unit), abs=1e-9)
    assert_close(other.means / unit, usual.means, rtol=0, atol=1e-9)
    assert_close(other.deviations / unit, usual.deviations, rtol=1e-9, atol=0)
    assert_close(other.sizes / unit, usual.sizes, rtol=1e-9, atol=0)
    drawn, expected = (each.sample(20, torch.Generator().manual_seed(8))[0] for each in (other, usual))
    assert_close(drawn / unit, expected, rtol=0, atol=1e-9)
    with pytest.raises(ValueError, match="divide this column"):
        _ = other.covariances
