"""Every way to make a pass gives what torch.distributions gives, and the ways agree as far as the rule says."""

from collections.abc import Callable
from dataclasses import fields
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.distributions import MixtureSameFamily, MultivariateNormal
from torch.testing import assert_close

from mixfit.mixtures.assignments import hard, nearest, soft
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance, Full, Tied, TiedSpherical
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.passes import rule
from mixfit.mixtures.passes.centred import Centred
from mixfit.mixtures.passes.features import Features
from mixfit.mixtures.passes.formulation import Formulation, Sizes
from mixfit.mixtures.passes.one_pass import Block, by_chunk, statistics, statistics_under
from mixfit.mixtures.passes.rule import Plan
from mixfit.mixtures.passes.split import Split
from mixfit.mixtures.statistics import Statistics

SMALL = Sizes(deviations=2**12, features=2**12, tile=4, most_rows=70)
"""Several chunks, an incomplete one among them, and several tiles."""


@pytest.fixture
def components(mixture: Mixture) -> Components:
    return Components(*(tensor.detach() for tensor in mixture.components))


def formulations(covariance: Covariance, components: Components, sizes: Sizes = SMALL) -> list[Formulation]:
    """All that can be made of a mixture."""
    found: list[Formulation] = [Centred(covariance, components, sizes), Features(covariance, components, sizes)]
    if covariance.triangular:
        found.append(Features(covariance, components, sizes, rule.average_factor(covariance, components)))
    if covariance.n_components > 1 and not isinstance(covariance, (Tied, TiedSpherical)):
        exact = torch.arange(covariance.n_components) % 2 == 0
        found.append(Split(covariance, components, exact, sizes))
    return found


def assert_same(actual: Statistics, expected: Statistics, tolerance: float) -> None:
    for field in fields(Statistics):
        ours, theirs = getattr(actual, field.name), getattr(expected, field.name)
        assert_close(ours, theirs, rtol=tolerance, atol=tolerance, msg=partial("{}: {}".format, field.name))


def test_log_densities_are_those_of_torch_distributions(
    covariance: Covariance,
    components: Components,
    points: Tensor,
    as_distribution: Callable[[Components], MixtureSameFamily],
) -> None:
    expected = as_distribution(components).log_prob(points)
    for formulation in formulations(covariance, components):
        found = by_chunk(
            Plan(formulation, map),
            Block(points),
            lambda log_joint: log_joint.plus_common(torch.logsumexp(log_joint.own, 0)),
        )
        assert_close(found, expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("assignment", [soft, hard, nearest])
@pytest.mark.parametrize("weighted", [False, True], ids=["once", "weighted"])
def test_all_formulations_add_up_the_same_statistics(
    covariance: Covariance, components: Components, points: Tensor, assignment: object, weighted: bool
) -> None:
    weights = torch.linspace(0.5, 3, len(points)) if weighted else None
    first, *others = (
        statistics(Plan(formulation, map), [Block(points, weights)], assignment, components.log_weights)  # type: ignore[arg-type]
        for formulation in formulations(covariance, components)
    )
    for other in others:
        assert_same(other, first, 1e-10)


def test_all_formulations_add_up_the_same_under_given_responsibilities(
    covariance: Covariance, components: Components, points: Tensor, n_components: int
) -> None:
    responsibilities = torch.rand(len(points), n_components, generator=torch.Generator().manual_seed(1))
    first, *others = (
        statistics_under(Plan(formulation, map), points, responsibilities)
        for formulation in formulations(covariance, components)
    )
    assert_close(first.count, responsibilities.sum(0), rtol=1e-13, atol=0)
    for other in others:
        assert_same(other, first, 1e-10)


def test_the_size_of_chunks_and_tiles_does_not_show(
    covariance: Covariance, components: Components, points: Tensor
) -> None:
    large, small = (
        statistics(
            Plan(Features(covariance, components, sizes), map), [Block(points, None)], soft, components.log_weights
        )
        for sizes in (rule.IN_CACHE, SMALL)
    )
    assert_same(small, large, 1e-11)


def shrunk(factor: float, dim: int = 3, dtype: torch.dtype = torch.float64) -> tuple[Covariance, Components, Tensor]:
    """Three components, of which the last is so many times smaller, and 600 points of each of them."""
    random = torch.Generator().manual_seed(0)
    scale = torch.eye(dim).repeat(3, 1, 1) + 0.3 * torch.randn(3, dim, dim, generator=random).tril(-1)
    scale[2] *= factor
    means = torch.randn(3, dim, generator=random)
    components = Components(torch.full((3,), 1 / 3).log(), means, scale)
    points = means[:, None] + torch.randn(3, 600, dim, generator=random) @ scale.mT
    return Full(3, dim), Components(*(tensor.to(dtype) for tensor in components)), points.flatten(0, 1).to(dtype)


@pytest.mark.parametrize("factor", [1.0, 0.1, 0.01, 1e-3, 1e-4])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_amplification_bounds_the_error_of_a_log_density(factor: float, dtype: torch.dtype) -> None:
    family, components, points = shrunk(factor, dtype=dtype)
    own = torch.arange(3).repeat_interleave(600)
    features = Features(family, components, rule.IN_CACHE)
    exact = Centred(family, Components(*(tensor.double() for tensor in components)), rule.IN_CACHE)
    found = features.look(len(points)).log_joint(points).own[own, torch.arange(1800)].double()
    expected = exact.look(len(points)).log_joint(points.double()).own[own, torch.arange(1800)]
    error = (found - expected).abs().reshape(3, 600).amax(1)
    assert bool((error <= 8 * torch.finfo(dtype).eps * features.amplification.clamp_min(10)).all())


def test_the_rule_leaves_features_where_they_would_lose_digits() -> None:
    with torch.no_grad():
        for factor, expected in ((0.1, Features), (1e-4, Split)):
            family, components, points = shrunk(factor)
            assert isinstance(rule.plan(family, components, 10_000).formulation, expected)
            statistics_of = [
                statistics(Plan(made, map), [Block(points, None)], soft, components.log_weights)
                for made in (
                    rule.plan(family, components, 10_000).formulation,
                    Centred(family, components, rule.IN_CACHE),
                )
            ]
            assert_close(statistics_of[0].nll, statistics_of[1].nll, rtol=0, atol=1e-11)
            relative = torch.linalg.solve(statistics_of[1].second, statistics_of[0].second)
            assert_close(relative, torch.eye(3).expand(3, 3, 3), rtol=0, atol=1e-9)


@pytest.mark.parametrize("factor", [0.02, 0.01])
def test_points_in_float32_that_would_lose_digits_are_multiplied_in_float64(factor: float) -> None:
    family, components, points = shrunk(factor, dtype=torch.float32)
    wide = Components(*(tensor.double() for tensor in components))
    with torch.no_grad():
        made = rule.plan(family, components, 10_000).formulation
        assert isinstance(made, Features)
        assert made.dtype == torch.float64
        found, exact = (
            statistics(Plan(formulation, map), [Block(some)], soft, components.log_weights)
            for formulation, some in ((made, points), (Centred(family, wide, SMALL), points.double()))
        )
    assert {getattr(found, field.name).dtype for field in fields(found)} == {torch.float32, torch.float64}
    assert found.second.dtype == torch.float32
    assert_close(found.nll, exact.nll, rtol=0, atol=1e-6)
    relative = torch.linalg.solve(exact.second, found.second.double())
    assert_close(relative, torch.eye(3).expand(3, 3, 3), rtol=0, atol=1e-6 / factor)


def test_one_component_of_many_that_would_lose_digits_does_not_slow_down_the_others() -> None:
    _, (log_weights, means, scale), points = shrunk(1e-2, dtype=torch.float32)
    places = torch.tensor([0, 1] * 8 + [2])
    components = Components(log_weights[places] - 2, means[places], scale[places])
    with torch.no_grad():
        made = rule.plan(Full(17, 3), components, len(points)).formulation
    assert isinstance(made, Split)
    few, others = made.formulations
    assert isinstance(few, Features)
    assert few.dtype == torch.float32
    assert isinstance(others, Centred)
    assert len(others.components.means) == 1


def test_what_is_said_of_every_point_outlives_the_chunk_it_was_computed_in(
    monkeypatch: pytest.MonkeyPatch, mixture: Mixture, points: Tensor, distribution: MixtureSameFamily
) -> None:
    monkeypatch.setattr(rule, "IN_CACHE", SMALL)
    monkeypatch.setattr(rule, "FEW", 0)
    points = points.repeat(16 * SMALL.most_rows // len(points) + 1, 1)
    component_log_density = distribution.component_distribution.log_prob(points[:, None])
    log_joint = component_log_density + mixture.components.log_weights
    with torch.no_grad():
        assert_close(mixture.log_joint(points), log_joint, rtol=1e-10, atol=1e-9)
        assert_close(mixture.responsibilities(points), log_joint.softmax(1), rtol=1e-9, atol=1e-9)
        assert_close(mixture.log_density(points), distribution.log_prob(points), rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("family", [Tied(3, 2), TiedSpherical(3, 2)], ids=["tied", "tied_spherical"])
@pytest.mark.parametrize("n_points", [5, 20_000])
def test_far_points_in_float32_are_shared_by_what_tells_components_of_one_covariance_apart(
    family: Covariance, n_points: int
) -> None:
    random = torch.Generator().manual_seed(0)
    mixture = Mixture(family).float()
    means = torch.tensor([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    mixture.set_(torch.tensor([0.2, 0.3, 0.5]).log(), means, 1.3 * family.identity().float())
    far = torch.randn(n_points, 2, generator=random) * torch.tensor([1.0, 1e4])
    with torch.no_grad():
        log_weights, means, scale = (tensor.double() for tensor in mixture.components)
        normals = MultivariateNormal(means, family.dense(scale))
        expected = (normals.log_prob(far.double()[:, None]) + log_weights).softmax(1)
        assert_close(mixture.responsibilities(far.float()).double(), expected, rtol=0, atol=1e-5)
        assert_close(mixture.log_joint(far.float()).softmax(1), expected, rtol=0, atol=1e-5)


def test_long_thin_components_of_like_directions_are_whitened_first() -> None:
    random = torch.Generator().manual_seed(0)
    scale = torch.eye(3).tril() + torch.tensor([[0.0, 0, 0], [300, 0, 0], [0, 300, 0]])
    family = Full(3, 3)
    means = torch.randn(3, 3, generator=random) @ scale.mT
    components = Components(torch.full((3,), 1 / 3).log(), means, scale.repeat(3, 1, 1))
    points = torch.randn(9000, 3, generator=random) @ scale.mT
    with torch.no_grad():
        made = rule.plan(family, components, len(points)).formulation
        assert isinstance(made, Features)
        assert made.factor is not None
        assert bool((Features(family, components, SMALL).amplification > 100 * made.amplification).all())
        found, exact = (
            statistics(Plan(formulation, map), [Block(points)], soft, components.log_weights)
            for formulation in (made, Centred(family, components, SMALL))
        )
    assert_close(found.nll, exact.nll, rtol=0, atol=1e-11)
    assert_close(found.second, exact.second, rtol=1e-10, atol=1e-6)


def test_an_average_that_is_singular_or_no_number_whitens_nothing() -> None:
    family, components, _ = shrunk(1.0)
    assert rule.average_factor(family, components._replace(scale=0 * components.scale)) is None
    assert rule.average_factor(family, components._replace(scale=components.scale * torch.nan)) is None


def test_the_rule_lets_gradients_through_and_spares_small_passes_the_preparation() -> None:
    family, components, _ = shrunk(1.0)
    assert isinstance(rule.plan(family, components, 10_000).formulation, Centred)
    with torch.no_grad():
        assert isinstance(rule.plan(family, components, 10).formulation, Centred)
        assert isinstance(rule.plan(family, components, 10_000).formulation, Features)


def test_a_component_that_is_no_number_is_not_hidden_by_features() -> None:
    family, components, points = shrunk(1.0)
    with torch.no_grad():
        components.scale[1] = torch.nan
        made = rule.plan(family, components, 10_000).formulation
        assert bool(statistics(Plan(made, map), [Block(points, None)], soft, components.log_weights).nll.isnan())


def of_some_in_float64(family: Covariance, components: Components, sizes: Sizes) -> Split:
    """Deviations of the first component; features, in float64, of the others."""
    return Split(family, components, torch.arange(3) > 0, sizes, None, torch.float64)


@pytest.mark.parametrize("dim", [1, 3, 64])
@pytest.mark.parametrize("made", [Features, Centred, of_some_in_float64])
def test_a_pass_in_float32_is_as_good_as_its_numbers(made: Callable[..., Formulation], dim: int) -> None:
    family, components, points = shrunk(0.5, dim, torch.float32)
    wide = Components(*(tensor.double() for tensor in components))
    found = statistics(Plan(made(family, components, SMALL), map), [Block(points, None)], soft, components.log_weights)
    expected = statistics(
        Plan(Centred(family, wide, SMALL), map), [Block(points.double(), None)], soft, wide.log_weights
    )
    assert_close(found.nll, expected.nll, rtol=0, atol=1e-5 * dim)
    assert_close(found.count.double(), expected.count, rtol=1e-5, atol=1e-3)
    assert_close(found.second.double(), expected.second, rtol=1e-4, atol=1e-4 * 600)
