"""Entropy and divergence: closed forms, integrals, and whether the standard errors are true."""

from collections.abc import Callable
from math import log, pi

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance, Diag, Full
from mixfit.mixtures.density import Density
from mixfit.mixtures.operations import Estimate, entropy, kl
from mixfit.mixtures.operations.component_divergence import component_divergences
from mixfit.mixtures.standardization import Standardization


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def on_a_line(weights: list[float], means: list[float], deviations: list[float]) -> Density:
    variances = torch.tensor(deviations).square()
    return Density.of(torch.tensor(weights), torch.tensor(means)[:, None], variances[:, None, None])


@pytest.fixture
def three() -> Density:
    return on_a_line([0.2, 0.5, 0.3], [-2.0, 0.0, 3.0], [0.5, 1.0, 1.5])


@pytest.fixture
def two() -> Density:
    return on_a_line([0.4, 0.6], [-1.0, 2.0], [1.0, 2.0])


def integral(integrand: Callable[[torch.Tensor], torch.Tensor]) -> float:
    """By the trapezoidal rule, whose error vanishes exponentially for what is smooth and ends at zero."""
    points = torch.linspace(-30, 30, 60_001)
    return float(torch.trapezoid(integrand(points), points))


def exact_entropy(density: Density) -> float:
    return integral(lambda x: -density.log_density(x) * density.log_density(x).exp())


def exact_divergence(density: Density, other: Density) -> float:
    return integral(lambda x: (density.log_density(x) - other.log_density(x)) * density.log_density(x).exp())


def other_of(density: Density, family: type[Covariance], n_components: int = 2) -> Density:
    """Another density around the same place, in units of its own."""
    dim, generator = density.means.shape[1], seeded(5)
    size = density.covariances.diagonal(dim1=-2, dim2=-1).amax(0).sqrt()
    means = density.means[0] / size + torch.randn(n_components, dim, generator=generator)
    near = Density.of(
        torch.ones(n_components) / n_components, means, torch.eye(dim).expand(n_components, dim, dim), family
    )
    return Density(near.mixture, Standardization(torch.zeros(dim), size if family.per_axis else size.max().expand(dim)))


@pytest.mark.parametrize("n_components", [1], ids="K={}".format)
def test_the_entropy_of_one_component_is_the_closed_form(density: Density) -> None:
    found = entropy(density, 10)
    expected = MultivariateNormal(density.means, density.covariances).entropy()
    assert found.value == pytest.approx(float(expected), abs=1e-10)
    assert found.standard_error == 0


@pytest.mark.parametrize("n_components", [1], ids="K={}".format)
@pytest.mark.parametrize("family_of_other", [Full, Diag])
def test_the_divergence_between_single_gaussians_is_the_closed_form(
    density: Density, family_of_other: type[Covariance]
) -> None:
    other = other_of(density, family_of_other, 1)
    normals = (MultivariateNormal(p.means, p.covariances) for p in (density, other))
    expected = float(kl_divergence(*normals))
    found = kl(density, other, 100, seeded())
    assert found.value == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert found.standard_error <= 1e-9 * (1 + expected)


def test_every_pair_of_components_has_the_divergence_of_torch_distributions(
    density: Density, family: type[Covariance]
) -> None:
    other = other_of(density, family)
    first, second = (MultivariateNormal(p.means, p.covariances) for p in (density, other))
    expected = kl_divergence(
        first.expand((2, len(first.loc))), MultivariateNormal(second.loc[:, None], second.covariance_matrix[:, None])
    )
    assert_close(component_divergences(density, other), expected.T, rtol=1e-9, atol=1e-9)


def test_the_divergence_from_itself_is_exactly_zero(density: Density) -> None:
    assert kl(density, density) == Estimate(0.0, 0.0)


def test_two_families_that_hold_the_same_density_have_next_to_no_divergence(density: Density) -> None:
    dense = Density.of(density.weights, density.means, density.covariances)
    found = kl(density, dense, 1000, seeded())
    assert abs(found.value) < 1e-8
    assert found.standard_error < 1e-8


def test_far_components_add_the_entropy_of_their_weights() -> None:
    far = on_a_line([0.25, 0.75], [0.0, 1e6], [1.0, 2.0])
    gaussians = 0.5 * (log(2 * pi) + 1) + 0.75 * log(2)
    of_weights = -0.25 * log(0.25) - 0.75 * log(0.75)
    found = entropy(far, 100, seeded())
    assert found.value == pytest.approx(gaussians + of_weights, abs=1e-12)
    assert found.standard_error == 0


def test_the_standard_errors_are_true(three: Density, two: Density) -> None:
    """Over a hundred seeds the deviations from the integral, in standard errors, have a mean square of one."""
    h, divergence = exact_entropy(three), exact_divergence(three, two)
    estimates = [(entropy(three, 1000, seeded(s)), kl(three, two, 1000, seeded(s))) for s in range(100)]
    for exact, found in ((h, [e for e, _ in estimates]), (divergence, [d for _, d in estimates])):
        scores = torch.tensor([(estimate.value - exact) / estimate.standard_error for estimate in found])
        assert 0.6 < float(scores.square().mean()) < 1.5
        assert abs(float(scores.mean())) < 0.4


def test_the_control_variates_beat_plain_averages(three: Density) -> None:
    nearby = on_a_line([0.25, 0.45, 0.3], [-2.1, 0.0, 3.2], [0.5, 1.1, 1.5])
    points, _ = three.sample(1000, seeded())
    log_ratio = three.log_density(points) - nearby.log_density(points)
    assert entropy(three, 1000, seeded()).standard_error < 0.5 * float(three.log_density(points).std()) / 1000**0.5
    assert kl(three, nearby, 1000, seeded()).standard_error < 0.7 * float(log_ratio.std()) / 1000**0.5


def test_one_broad_component_against_many_narrow_ones_is_no_worse_than_plain_averages() -> None:
    broad, comb = on_a_line([1.0], [0.0], [1.0]), on_a_line([1 / 9] * 9, torch.linspace(-2, 2, 9).tolist(), [0.3] * 9)
    points, _ = broad.sample(10_000, seeded())
    plain = float((broad.log_density(points) - comb.log_density(points)).std()) / 100
    found = kl(broad, comb, 10_000, seeded())
    assert found.standard_error < 1.2 * plain
    assert abs(found.value - exact_divergence(broad, comb)) < 4 * found.standard_error


@pytest.mark.parametrize("tolerance", [3e-3, 1e-3])
def test_a_tolerance_is_kept(tolerance: float, three: Density, two: Density) -> None:
    for found, exact in (
        (entropy(three, 1000, seeded(), tolerance=tolerance), exact_entropy(three)),
        (kl(three, two, 1000, seeded(), tolerance=tolerance), exact_divergence(three, two)),
    ):
        assert 0.5 * tolerance < found.standard_error <= tolerance
        assert abs(found.value - exact) < 4 * tolerance


def test_the_origin_does_not_matter_however_far_it_lies(density: Density, family: type[Covariance]) -> None:
    def moved(p: Density, shift: float) -> Density:
        scale = p.standardization.scale
        return Density(p.mixture, Standardization(p.standardization.shift + shift * scale, scale))

    near, far = (moved(density, shift) for shift in (0.0, 2.0**60))
    assert entropy(far, 500, seeded()) == entropy(near, 500, seeded())
    far_other = Density(far.mixture, far.standardization)
    far_other.mixture = other_of(density, family).mixture
    near_other = Density(far_other.mixture, near.standardization)
    assert kl(far, far_other, 500, seeded()) == kl(near, near_other, 500, seeded())


def test_equal_seeds_give_equal_estimates(three: Density, two: Density) -> None:
    assert kl(three, two, 500, seeded(3)) == kl(three, two, 500, seeded(3))
    assert entropy(three, 500, seeded(3)) == entropy(three, 500, seeded(3))


def test_a_component_of_no_weight_changes_nothing(two: Density) -> None:
    with_nothing = on_a_line([0.4, 0.6, 0.0], [-1.0, 2.0, 50.0], [1.0, 2.0, 0.1])
    assert entropy(with_nothing, 500, seeded()).value == pytest.approx(entropy(two, 500, seeded()).value, abs=1e-13)
    assert abs(kl(with_nothing, two, 500, seeded()).value) < 1e-12
    assert abs(kl(two, with_nothing, 500, seeded()).value) < 1e-12


def test_a_tolerance_out_of_reach_is_refused_with_what_it_would_take(three: Density, two: Density) -> None:
    with pytest.raises(ValueError, match=r"1e-08 needs about .*samples, and max_samples is 1e\+07"):
        entropy(three, 1000, seeded(), tolerance=1e-8)
    with pytest.raises(ValueError, match="raise tolerance or max_samples"):
        kl(three, two, 1000, seeded(), tolerance=1e-4, max_samples=2000)


def test_nonsense_is_refused(two: Density) -> None:
    with pytest.raises(ValueError, match="live in 1 and 2 dimensions"):
        kl(two, Density.of(torch.ones(1), torch.zeros(1, 2), torch.eye(2)[None]))
    with pytest.raises(ValueError, match="n_samples is 1"):
        entropy(two, 1)
    for tolerance in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="give a positive one"):
            entropy(two, tolerance=tolerance)
