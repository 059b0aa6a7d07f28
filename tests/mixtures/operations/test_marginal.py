"""p of some axes, against the dense Gaussians of torch.distributions."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal
from torch.testing import assert_close

from mixfit.mixtures.covariances import Covariance, Diag
from mixfit.mixtures.density import Density
from mixfit.mixtures.operations import marginal
from mixfit.mixtures.standardization import Standardization


@pytest.fixture
def dim() -> int:
    return 5


@pytest.mark.parametrize("axes", [[0], [4], [1, 3], [3, 1], [4, 0, 2], [0, 1, 2, 3, 4], [-1, 0]], ids=str)
def test_a_marginal_is_the_mixture_of_the_components_marginals(
    density: Density, draws: Tensor, axes: list[int]
) -> None:
    covariances = density.covariances[:, axes][:, :, axes]
    normals = MultivariateNormal(density.means[:, axes], covariances)
    expected = MixtureSameFamily(Categorical(probs=density.weights), normals)
    found = marginal(density, axes)
    assert_close(found.log_density(draws[:, axes]), expected.log_prob(draws[:, axes]), rtol=1e-10, atol=1e-10)
    assert_close(found.covariances, covariances, rtol=1e-12, atol=0)


def test_a_marginal_stays_in_its_family(density: Density, family: type[Covariance]) -> None:
    assert type(marginal(density, [0, 2]).mixture.covariance) is family


def test_the_marginals_of_a_product_are_its_factors(draws: Tensor, generator: torch.Generator) -> None:
    deviations = torch.rand(1, 5, generator=generator) + 0.5
    product = Density.of(torch.ones(1), torch.zeros(1, 5), torch.diag_embed(deviations.square()), Diag)
    factors = sum(marginal(product, [axis]).log_density(draws[:, axis]) for axis in range(5))
    assert_close(factors, product.log_density(draws), rtol=1e-12, atol=0)


def test_a_marginal_of_all_axes_is_the_density_itself(density: Density, draws: Tensor) -> None:
    assert_close(marginal(density, range(5)).log_density(draws), density.log_density(draws), rtol=1e-12, atol=1e-12)


def test_a_marginal_keeps_the_digits_that_a_far_origin_would_cost(density: Density) -> None:
    far = Density(density.mixture, Standardization(torch.full((5,), 1e9), torch.ones(5)))
    near = Density(density.mixture, Standardization.identity(5))
    points = torch.arange(-3.0, 4.0)
    assert torch.equal(
        marginal(far, [2]).log_density(points + 1e9) - marginal(near, [2]).log_density(points), torch.zeros(7)
    )


def test_a_model_in_single_precision_has_marginals_in_double(density: Density) -> None:
    density.mixture.float()
    assert marginal(density, [1]).mixture.components.means.dtype == torch.float64


def test_axes_may_be_whole_numbers_of_numpy(density: Density) -> None:
    assert torch.equal(marginal(density, list(np.arange(2))).means, density.means[:, :2])


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ([], "no axes are given"),
        ([0, 5], "axis 5 is out of range: this density has the axes 0 to 4"),
        ([-6], "axis -6 is out of range"),
        ([1, 2, 1], "axis 1 is given twice"),
        ([1, -4], "axis 1 is given twice"),
    ],
    ids=str,
)
def test_axes_that_name_no_marginal_are_refused(density: Density, axes: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        marginal(density, axes)


def test_an_axis_that_is_not_a_whole_number_is_refused(density: Density) -> None:
    with pytest.raises(TypeError):
        marginal(density, [0.5])  # type: ignore[list-item]
