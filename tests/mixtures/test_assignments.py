"""Powers of two give what torch's own exponentials give, and keep to numbers where these do."""

from math import log

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mixfit.mixtures.assignments import hard, log_sum, nearest, soft, soften_

LOG_WEIGHTS = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log()


@pytest.fixture(params=[1.0, 100.0, 1e4, 1e8])
def log_joint(request: pytest.FixtureRequest) -> Tensor:
    """Log-densities of three components at 500 points, so far apart as the parameter says."""
    random = torch.Generator().manual_seed(0)
    return request.param * torch.randn(3, 500, generator=random, dtype=torch.float64)


def test_the_sum_is_that_of_torch(log_joint: Tensor) -> None:
    assert_close(log_sum(log_joint), torch.logsumexp(log_joint, 0), rtol=1e-15, atol=1e-15)
    assert_close(log_sum(log_joint.float()), torch.logsumexp(log_joint.float(), 0), rtol=1e-6, atol=1e-6)


def test_the_gradient_of_the_sum_is_the_responsibilities(log_joint: Tensor) -> None:
    (gradient,) = torch.autograd.grad(log_sum(log_joint.requires_grad_()).sum(), log_joint)
    assert_close(gradient, torch.softmax(log_joint, 0), rtol=1e-12, atol=1e-14)


def test_a_point_beyond_all_components_has_no_density(log_joint: Tensor) -> None:
    log_joint[:, 0] = -torch.inf
    log_joint[1, 1] = -torch.inf
    log_joint[2, 2] = torch.nan
    found = log_sum(log_joint)
    assert found[0] == -torch.inf
    assert_close(found[1], torch.logsumexp(log_joint[:, 1], 0))
    assert bool(found[2].isnan())


def test_sharing_in_place_is_sharing(log_joint: Tensor) -> None:
    shares, log_density = soften_(log_joint.clone())
    assert_close(shares, soft(log_joint, LOG_WEIGHTS), rtol=1e-12, atol=1e-14)
    assert_close(log_density, torch.logsumexp(log_joint, 0), rtol=1e-15, atol=1e-15)


def test_all_goes_to_one_component_with_its_weight_or_without(log_joint: Tensor) -> None:
    assert_close(hard(log_joint, LOG_WEIGHTS).argmax(0), log_joint.argmax(0))
    without = (log_joint - LOG_WEIGHTS[:, None]).argmax(0)
    assert_close(nearest(log_joint, LOG_WEIGHTS).argmax(0), without)
    for assignment in (hard, nearest):
        assert_close(assignment(log_joint, LOG_WEIGHTS).sum(0), torch.ones(500))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_share_is_so_faint_that_products_with_it_leave_the_range_of_numbers(dtype: torch.dtype) -> None:
    behind = torch.linspace(0, 1000, 20_001, dtype=dtype)
    shares, log_density = soften_(torch.stack([torch.zeros_like(behind), -behind]))
    faint = torch.finfo(dtype).tiny ** 0.75
    assert bool(((shares == 0) | (shares > faint)).all())
    expected = torch.sigmoid(-behind.double()).masked_fill(behind.double() > -log(faint), 0)
    assert_close(shares[1].double(), expected, rtol=1e-4 if dtype == torch.float32 else 1e-12, atol=faint)
    assert_close(log_density.double(), torch.nn.functional.softplus(-behind.double()), rtol=0, atol=2e-7)
