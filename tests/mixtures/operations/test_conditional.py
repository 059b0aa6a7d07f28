"""p of the other axes once some are known: the product rule, the textbook formulas and the far tails."""

from math import inf, nan

import pytest
import torch
from scipy.integrate import quad
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.density import Density
from mixfit.mixtures.operations import condition, covariance, marginal, mean

CHOICES = [[0], [4], [1, 3], [3, 1], [4, 0, 2], [-1, 0, 2, 3]]


@pytest.fixture
def dim() -> int:
    return 5


def rest_of(given: list[int]) -> list[int]:
    return [axis for axis in range(5) if axis not in given and axis - 5 not in given]


@pytest.mark.parametrize("given", CHOICES, ids=str)
def test_the_joint_is_the_conditional_times_the_marginal(density: Density, draws: Tensor, given: list[int]) -> None:
    rest, of_given = rest_of(given), marginal(density, given)
    for point in draws[:30]:
        conditional = condition(density, {axis: float(point[axis]) for axis in given})
        log_product = conditional.log_density(point[None, rest]) + of_given.log_density(point[None, given])
        assert_close(log_product, density.log_density(point[None]), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("given", CHOICES, ids=str)
def test_its_components_are_those_of_the_textbook(density: Density, draws: Tensor, given: list[int]) -> None:
    rest, values = rest_of(given), draws[1, given]
    found = condition(density, dict(zip(given, values.tolist(), strict=True)))
    means, covariances = density.means, density.covariances
    gain = covariances[:, rest][:, :, given] @ covariances[:, given][:, :, given].inverse()
    moved = means[:, rest] + (gain @ (values - means[:, given])[..., None]).squeeze(-1)
    spread = covariances[:, rest][:, :, rest] - gain @ covariances[:, given][:, :, rest]
    size = covariances.diagonal(dim1=-2, dim2=-1).amax(0)[rest].sqrt()
    assert_close(found.means / size, moved / size, rtol=0, atol=1e-10)
    assert_close(found.covariances / size.outer(size), spread / size.outer(size), rtol=0, atol=1e-10)


def test_a_conditional_stays_in_its_family(density: Density, family: type[Covariance]) -> None:
    assert type(condition(density, {1: 0.0}).mixture.covariance) is family


def test_knowing_one_axis_after_another_is_knowing_both(density: Density, draws: Tensor) -> None:
    first, second = float(draws[1, 1]), float(draws[1, 3])
    together, apart = condition(density, {1: first, 3: second}), condition(condition(density, {3: second}), {1: first})
    points = draws[:, [0, 2, 4]]
    assert_close(apart.log_density(points), together.log_density(points), rtol=1e-10, atol=1e-10)


def test_the_mean_of_a_conditional_is_the_regression_that_integration_finds() -> None:
    generator = torch.Generator().manual_seed(3)
    factors = torch.randn(3, 2, 2, generator=generator)
    covariances = factors @ factors.mT + 0.1 * torch.eye(2)
    density = Density.of(torch.tensor([0.2, 0.3, 0.5]), 2 * torch.randn(3, 2, generator=generator), covariances)

    def moment(power: int) -> float:
        def integrand(y: float) -> float:
            return y**power * float(density.log_density(torch.tensor([[1.5, y]])).exp())

        return float(quad(integrand, -20, 20, epsabs=1e-13, epsrel=1e-13, limit=500)[0])

    expected = moment(1) / moment(0)
    found = condition(density, {0: 1.5})
    assert float(mean(found)) == pytest.approx(expected, abs=1e-11)
    assert float(covariance(found)) == pytest.approx(moment(2) / moment(0) - expected**2, abs=1e-10)


@pytest.mark.parametrize("distance", [1e3, 1e8, 1e100])
def test_far_from_every_component_the_widest_takes_all_the_weight(distance: float) -> None:
    covariances = torch.tensor([[[1.0, 0.5], [0.5, 1.0]], [[4.0, -1.0], [-1.0, 1.0]]])
    density = Density.of(torch.tensor([0.9, 0.1]), torch.zeros(2, 2), covariances)
    found = condition(density, {0: distance})
    assert found.weights.tolist() == [0.0, 1.0]
    assert float(mean(found)) == pytest.approx(-distance / 4, rel=1e-14)


def test_far_away_components_of_one_shape_keep_the_weights_of_the_linear_rule() -> None:
    """log(w₁/w₂) = x for unit variances and means ±½, at x = 1000 as anywhere."""
    means = torch.tensor([[0.5, 0.0], [-0.5, 0.0]])
    density = Density.of(torch.tensor([0.5, 0.5]), means, torch.eye(2).expand(2, 2, 2))
    log_weights = condition(density, {0: 1000.0}).mixture.components.log_weights.detach()
    assert float(log_weights[1] - log_weights[0]) == pytest.approx(-1000.0, rel=1e-9)


def test_a_nearly_singular_covariance_loses_nothing_to_a_subtraction() -> None:
    """Σ_bb - Σ_ba Σ_aa⁻¹ Σ_ab would cancel all its digits here."""
    factor = torch.tensor([[[1.0, 0.0], [1.0, 1e-9]]])
    density = Density.of(torch.ones(1), torch.zeros(1, 2), torch.eye(2)[None], Full)
    density.mixture.set_(torch.zeros(1), torch.zeros(1, 2), factor)
    assert float(covariance(condition(density, {0: 0.3}))) == pytest.approx(1e-18, rel=1e-12)
    assert float(mean(condition(density, {0: 0.3}))) == pytest.approx(0.3, rel=1e-15)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "no axes are given"),
        (dict.fromkeys(range(5), 0.0), "all 5 axes are given"),
        ({5: 0.0}, "axis 5 is out of range"),
        ({1: 0.0, -4: 0.0}, "axis 1 is given twice"),
        ({1: nan}, "the value of axis 1 is nan"),
        ({1: -inf}, "the value of axis 1 is -inf"),
        ({0: 1e300}, "too far from every component"),
    ],
    ids=str,
)
def test_a_condition_that_cannot_be_is_refused(density: Density, values: dict[int, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        condition(density, values)
