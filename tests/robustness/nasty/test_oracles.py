"""Is what the nasty sets are judged by right? References against densities of scipy and against one another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import dblquad

from tests.robustness.nasty.case import FAMILIES, Array, Asked, Bounds, Labels
from tests.robustness.nasty.groups import grouped
from tests.robustness.nasty.references import overlapping, separated, some_mixture
from tests.robustness.nasty.samples import CLOUDS
from tests.robustness.nasty.topics.scales import NEIGHBOURS
from tests.robustness.nasty.topics.sizes import nested, nested_log_density, ring_log_density
from tests.robustness.nasty.units import FLOOR, relative

ONES = np.ones(300)


def asked(points: Array, family: str, n_components: int = 2) -> Asked:
    return Asked(points, np.ones(len(points)), n_components, family, np.ones(points.shape[1]), adds_floor=False)


def nll_of(points: Array, groups: Labels, covariances: list[Array]) -> float:
    """Of Gaussians with these covariances around the groups' means, by scipy."""
    joint = [
        np.log(np.mean(groups == group))
        + stats.multivariate_normal(points[groups == group].mean(0), cov).logpdf(points)
        for group, cov in enumerate(covariances)
    ]
    return -float(np.logaddexp.reduce(joint).mean())


def covariances_of(points: Array, groups: Labels, family: str) -> list[Array]:
    found = [np.cov(points[groups == group].T, bias=True) for group in (0, 1)]
    if family == "full":
        return found
    if family == "diag":
        return [np.diag(np.diag(each)) for each in found]
    if family == "spherical":
        return [np.eye(2) * np.trace(each) / 2 for each in found]
    pooled = np.average(found, axis=0, weights=np.bincount(groups))
    return [pooled, pooled]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_closed_form_is_the_nll_of_each_groups_gaussian(family: str) -> None:
    nll, _ = grouped(CLOUDS.points, ONES, CLOUDS.groups, family, 0.0)
    covariances = covariances_of(CLOUDS.points, CLOUDS.groups, family)
    assert nll == pytest.approx(nll_of(CLOUDS.points, CLOUDS.groups, covariances), abs=1e-9)


def test_the_closed_form_knows_how_often_a_point_counts() -> None:
    counts = np.random.default_rng(0).integers(1, 4, 300)
    repeated, groups = np.repeat(CLOUDS.points, counts, axis=0), np.repeat(CLOUDS.groups, counts)
    by_weight, _ = grouped(CLOUDS.points, counts.astype(np.float64), CLOUDS.groups, "full", 0.0)
    by_row, _ = grouped(repeated, np.ones(len(repeated)), groups, "full", 0.0)
    assert by_weight == pytest.approx(by_row, abs=1e-12)


def test_under_the_floor_no_covariance_is_better_than_the_raised_eigenvalues() -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(50, 3)) @ np.diag([1.0, 0.5, 1e-5])
    nll, _ = grouped(points, np.ones(50), np.zeros(50, np.int64), "full", FLOOR)
    scatter = np.cov(points.T, bias=True)
    for _ in range(200):
        root = np.linalg.cholesky(scatter + FLOOR * np.eye(3)) @ (np.eye(3) + 0.1 * random.normal(size=(3, 3)))
        allowed, axes = np.linalg.eigh(root @ root.T)
        covariance = axes @ np.diag(np.maximum(allowed, FLOOR)) @ axes.T
        assert -stats.multivariate_normal(points.mean(0), covariance).logpdf(points).mean() > nll - 1e-9


def test_an_added_floor_is_scikit_learns_covariance() -> None:
    points = np.column_stack([CLOUDS.points[:, 0], CLOUDS.points[:, 0]])
    nll, _ = grouped(points, ONES, np.zeros(300, np.int64), "full", FLOOR, adds_floor=True)
    covariance = np.cov(points.T, bias=True) + FLOOR * np.eye(2)
    assert nll == pytest.approx(-stats.multivariate_normal(points.mean(0), covariance).logpdf(points).mean(), abs=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_two_ways_to_the_same_reference_agree(family: str) -> None:
    far, tame = (reference(asked(CLOUDS.points, family)) for reference in (separated(CLOUDS.groups), overlapping()))
    assert far.low == pytest.approx(tame.low, abs=1e-4)


@pytest.mark.parametrize("unit", [1e-12, 1e-3, 1e6])
@pytest.mark.parametrize("family", FAMILIES)
def test_references_move_by_the_logarithm_of_the_unit(family: str, unit: float) -> None:
    here = asked(NEIGHBOURS.points, family)
    there = replace(here, points=unit * NEIGHBOURS.points + 1e3 * unit)
    moved, found = overlapping()(there), overlapping()(here)
    assert moved.low == pytest.approx(found.low + 2 * np.log(unit), abs=1e-6)


def test_a_maximum_lies_below_the_truth_by_about_half_its_parameters() -> None:
    groups = np.arange(4000) % 2
    points = np.random.default_rng(1).normal(size=(4000, 2)) + 20.0 * groups[:, None]
    true = -stats.norm().logpdf(points - 20.0 * groups[:, None]).sum(1).mean() + np.log(2)
    bounds = separated(groups)(asked(points, "full"))
    assert 0 <= true - (bounds.low + bounds.high) / 2 < 3 * 11 / (2 * 4000)


def test_known_densities_integrate_to_one() -> None:
    ring, _ = dblquad(lambda y, x: float(np.exp(ring_log_density(np.array([[x, y]]))[0])), 0, 1.4, 0, 1.4, epsabs=1e-4)
    assert 4 * ring == pytest.approx(1, abs=1e-2)
    line = np.linspace(-80, 80, 400_001)[:, None]
    assert np.trapezoid(np.exp(nested_log_density(line, 10.0)), line.ravel()) == pytest.approx(1, abs=1e-6)
    assert np.isfinite(nested_log_density(nested(1e3), 1e3)).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_some_mixture_allows_atoms_and_a_single_gaussian(family: str) -> None:
    points = np.repeat([[0.0, 0.0], [1.0, 1.0]], 10, axis=0)
    question = asked(points, family)
    atoms, _ = grouped(points, np.ones(20), np.repeat([0, 1], 10), family, FLOOR)
    single, _ = grouped(points, np.ones(20), np.zeros(20, np.int64), family, FLOOR)
    bounds: Bounds = some_mixture(question)
    assert bounds.low < atoms < single < bounds.high


def test_the_units_of_a_floor_are_those_of_the_documentation() -> None:
    points = np.array([[1e300, 0.0, -7.0], [-1e300, 0.0, -7.0]])
    assert relative(points, np.ones(2), "full").tolist() == [1e300, 1.0, 7.0]
    assert relative(points, np.ones(2), "spherical") == pytest.approx(np.full(3, 1e300 / np.sqrt(3)))
    assert relative(np.zeros((5, 2)), np.ones(5), "spherical").tolist() == [1.0, 1.0]
