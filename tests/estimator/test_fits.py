"""Where a fit begins, what it may depend on, and what it may not: seeds, starts, batches, types, units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from mixfit import GaussianMixture
from mixfit.data.old_faithful import OldFaithful
from mixfit.errors import FitWarning
from mixfit.mixtures.settling import SETTLED
from tests.running import choices, drawn_starts

Array = NDArray[np.float64]
PUBLISHED = -1130.264  # total log-likelihood of two full components on Old Faithful (mclust)


@pytest.fixture(scope="module")
def eruptions() -> Array:
    found: Array = OldFaithful(val_fraction=0, test_fraction=0).load(0).train.points.numpy()
    return found


def parameters(mixture: GaussianMixture) -> list[Array]:
    return [mixture.weights_, mixture.means_, mixture.covariances_]


def same_bits(one: GaussianMixture, other: GaussianMixture) -> bool:
    return all(np.array_equal(mine, yours) for mine, yours in zip(parameters(one), parameters(other), strict=True))


# The optimum


@pytest.mark.parametrize("optimizer", [name for name in choices("optimizer") if name != "kmeans"])
def test_all_optimizers_meet_at_the_published_optimum(optimizer: str, eruptions: Array) -> None:
    mixture = GaussianMixture(2, optimizer=optimizer, random_state=0).fit(eruptions)
    assert mixture.converged_
    assert_allclose(mixture.score(eruptions) * len(eruptions), PUBLISHED, atol=6e-4)
    n_free = 1 + 4 + 6
    assert_allclose(mixture.aic(eruptions), -2 * PUBLISHED + 2 * n_free, atol=2e-3)
    assert_allclose(mixture.bic(eruptions), -2 * PUBLISHED + n_free * np.log(272), atol=2e-3)


@pytest.mark.parametrize("init_params", ["k-means++", "random_from_data", *drawn_starts()])
def test_every_start_leads_there(init_params: str, eruptions: Array) -> None:
    mixture = GaussianMixture(2, init_params=init_params, random_state=0).fit(eruptions)
    assert_allclose(mixture.score(eruptions) * len(eruptions), PUBLISHED, atol=6e-4)


def test_as_many_components_as_rounded_points_have_places_fit_with_a_warning_that_counts_them() -> None:
    """Counts of ten kinds: some places are shared, and whatever begins anew sinks onto another."""
    counts = np.random.default_rng(2).poisson(3, 500).astype(np.float64)[:, None]
    with pytest.warns(FitWarning, match="components lie on the floor.*only 10 of 500 points are different"):
        assert np.isfinite(GaussianMixture(10, random_state=0).fit(counts).score(counts))


def test_scikit_learns_names_of_starts_are_others_for_ours(points: Array) -> None:
    for theirs, ours in {"k-means++": "kmeans_plusplus", "random_from_data": "points"}.items():
        mixtures = [GaussianMixture(3, init_params=name, random_state=1).fit(points) for name in (theirs, ours)]
        assert same_bits(*mixtures)


def test_lower_bounds_are_the_likelihoods_along_the_way(points: Array) -> None:
    mixture = GaussianMixture(3, random_state=0).fit(points)
    assert (np.diff(mixture.lower_bounds_) > -1e-14).all()
    assert mixture.lower_bound_ == mixture.lower_bounds_[-1]
    assert len(mixture.lower_bounds_) == mixture.n_iter_
    assert_allclose(mixture.lower_bound_, mixture.score(points), atol=1e-6)


def test_a_tolerance_ends_a_fit_and_a_larger_one_ends_it_earlier(points: Array) -> None:
    tolerances, start = (1e-2, 1e-5, 1e-9), points[:2]
    passes = [GaussianMixture(2, means_init=start, tol=tol).fit(points).n_iter_ for tol in tolerances]
    assert passes == sorted(set(passes))


def test_a_fit_that_is_cut_short_has_not_converged(optimizer: str, points: Array) -> None:
    mixture = GaussianMixture(3, optimizer=optimizer, tol=0, max_iter=2, random_state=0).fit(points)
    assert not mixture.converged_
    assert 2 <= mixture.n_iter_ <= (25 if optimizer == "lbfgs" else 2)  # a line search looks several times


def test_a_gradient_fit_that_is_cut_short_is_never_worse_than_its_start(points: Array) -> None:
    start: dict[str, Any] = {"weights_init": [0.5, 0.3, 0.2], "means_init": points[[0, 70, 110]]}
    for n_passes in (1, 3, 10, 30):
        mixture = GaussianMixture(3, optimizer="sgd", **start, optimizer_options={"lr": 3.0}, max_iter=n_passes)
        assert mixture.fit(points).score(points) >= mixture.lower_bounds_[0]


# Seeds and starts


def test_a_seed_gives_the_same_bits_every_time(optimizer: str, points: Array) -> None:
    mixture = GaussianMixture(3, optimizer=optimizer, max_iter=10, batch_size=40, random_state=7)
    assert same_bits(mixture.fit(points), GaussianMixture(**mixture.get_params()).fit(points))


def test_a_random_state_draws_on(points: Array) -> None:
    def fitted(random_state: Any) -> GaussianMixture:
        return GaussianMixture(5, random_state=random_state, max_iter=1, init_params="random").fit(points)

    first, again = np.random.RandomState(3), np.random.RandomState(3)
    one, two = fitted(first), fitted(first)
    assert not same_bits(one, two)
    assert same_bits(one, fitted(again))
    assert same_bits(two, fitted(again))


def test_without_a_seed_numpys_global_one_decides_as_everywhere_in_scikit_learn(points: Array) -> None:
    found = []
    state = np.random.get_state()  # noqa: NPY002
    try:
        for seed in (1, 1, 2):
            np.random.seed(seed)  # noqa: NPY002
            found.append(GaussianMixture(5, max_iter=1, init_params="random").fit(points))
    finally:
        np.random.set_state(state)  # noqa: NPY002
    assert same_bits(found[0], found[1])
    assert not same_bits(found[0], found[2])


def test_draws_follow_the_seed(points: Array) -> None:
    mixture = GaussianMixture(3, random_state=0).fit(points)
    drawn, component = mixture.sample(500)
    assert (drawn.shape, component.shape, str(component.dtype)) == ((500, 2), (500,), "int64")
    assert (mixture.sample(500)[0] == drawn).all()
    mixture.set_params(random_state=np.random.RandomState(0))
    assert (mixture.sample(500)[0] != mixture.sample(500)[0]).any()


def test_draws_are_distributed_as_the_mixture(points: Array) -> None:
    mixture = GaussianMixture(3, random_state=0).fit(points)
    drawn, component = mixture.sample(200_000)
    assert_allclose(np.bincount(component) / len(drawn), mixture.weights_, atol=0.005)
    for k in range(3):
        assert_allclose(drawn[component == k].mean(0), mixture.means_[k], atol=0.03)
        assert_allclose(np.cov(drawn[component == k].T), mixture.covariances_[k], atol=0.05)


@pytest.mark.parametrize("optimizer", ["em", "kmeans"])
def test_the_best_of_several_starts_is_kept(optimizer: str, points: Array) -> None:
    """Each number draws what a smaller one has drawn, and more."""

    def begins_at(n_init: int | None) -> GaussianMixture:
        start: dict[str, Any] = {"init_params": "points", "moves": "none", "n_init": n_init}
        return GaussianMixture(8, covariance_type="tied_spherical", optimizer=optimizer, **start, random_state=2)

    found = [begins_at(n_init).set_params(max_iter=1, tol=0).fit(points) for n_init in range(1, 9)]
    variances = [float(mixture.covariances_) for mixture in found]
    bounds = [mixture.lower_bounds_[0] for mixture in found]
    gains = np.diff(bounds) if optimizer == "em" else -np.diff(variances)
    assert (gains > -SETTLED).all()  # of several alike, any
    assert gains.max() > 1e-3
    assert same_bits(begins_at(None).fit(points), begins_at(1).fit(points))  # a plain draw, if nothing moves it


def test_moves_end_no_worse_than_any_of_many_starts_without_them(points: Array) -> None:
    arguments: dict[str, Any] = {"n_components": 4, "covariance_type": "spherical", "init_params": "points"}
    plain = [GaussianMixture(**arguments, moves="none", random_state=seed).fit(points) for seed in range(10)]
    scores = [mixture.score(points) for mixture in plain]
    assert max(scores) - min(scores) > 1e-3
    for seed in range(3):
        assert GaussianMixture(**arguments, random_state=seed).fit(points).score(points) > max(scores) - 1e-6


def test_a_warm_start_goes_on_where_the_last_fit_ended(points: Array) -> None:
    """Two halves are the whole."""
    whole = GaussianMixture(3, tol=0, max_iter=20, random_state=0).fit(points)
    halves = GaussianMixture(3, tol=0, max_iter=10, random_state=0, warm_start=True)
    halves.fit(points).fit(points)
    for mine, its in zip(parameters(halves), parameters(whole), strict=True):
        assert_allclose(mine, its, rtol=1e-13)
    assert_allclose(halves.lower_bounds_, whole.lower_bounds_[10:], rtol=1e-14)


def test_a_warm_start_keeps_coordinates_and_floor(points: Array) -> None:
    mixture = GaussianMixture(2, warm_start=True, random_state=0).fit(points)
    before = mixture.density_.standardization
    mixture.fit(10 * points + 3)
    assert torch.equal(mixture.density_.standardization.shift, before.shift)
    assert torch.equal(mixture.density_.standardization.scale, before.scale)


def test_a_warm_start_can_change_the_optimizer_and_the_type(points: Array) -> None:
    mixture = GaussianMixture(3, optimizer="adam", max_iter=5, warm_start=True, random_state=0).fit(points)
    mixture.set_params(optimizer="em", max_iter=1000).fit(points)
    assert_allclose(mixture.score(points), GaussianMixture(3, random_state=0).fit(points).score(points), atol=1e-6)
    mixture.set_params(dtype="float32").fit(points)
    assert mixture.predict_proba(points).dtype == np.float32


def test_without_a_warm_start_a_fit_begins_anew(points: Array) -> None:
    mixture = GaussianMixture(3, random_state=0).fit(100 * points)
    assert same_bits(mixture.fit(points), GaussianMixture(3, random_state=0).fit(points))


@pytest.mark.parametrize("given", ["weights_init", "means_init", "precisions_init"])
def test_any_part_of_a_start_may_be_given_alone(given: str, covariance_type: str, points: Array) -> None:
    """The curve begins elsewhere, and the fit gets as far as any."""
    like = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(points)
    start = {"weights_init": [0.9, 0.1], "means_init": points[:2], "precisions_init": 9 * like.precisions_}
    mixture = GaussianMixture(2, covariance_type=covariance_type, random_state=0)
    mixture.set_params(**{given: start[given]}).fit(points)
    assert mixture.lower_bounds_[0] != like.lower_bounds_[0]
    assert mixture.score(points) > mixture.lower_bounds_[0]
    one = mixture.set_params(max_iter=1, tol=0).fit(points)
    assert one.n_iter_ == 1


# Batches, types, units


def test_em_over_batches_is_em_over_all_rows(points: Array) -> None:
    for optimizer, family in (("em", "full"), ("em", "diag"), ("kmeans", "full")):
        arguments: dict[str, Any] = {"optimizer": optimizer, "covariance_type": family, "random_state": 0}
        whole = GaussianMixture(3, **arguments).fit(points)
        batches = GaussianMixture(3, batch_size=17, **arguments).fit(points)
        assert_allclose(batches.score_samples(points), whole.score_samples(points), atol=1e-10)
        assert batches.n_iter_ == whole.n_iter_


def test_gradients_over_batches_come_near(points: Array) -> None:
    best = GaussianMixture(3, random_state=0).fit(points).score(points)
    mixture = GaussianMixture(3, optimizer="adam", batch_size=50, random_state=0).fit(points)
    assert best - mixture.score(points) < 2e-3


def test_line_searches_over_batches_are_those_over_all_rows(points: Array) -> None:
    whole = GaussianMixture(3, optimizer="lbfgs", random_state=0).fit(points)
    batches = GaussianMixture(3, optimizer="lbfgs", batch_size=40, random_state=0).fit(points)
    assert_allclose(batches.score_samples(points), whole.score_samples(points), atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", np.float32, torch.float32, np.dtype("float32")])
def test_float32_comes_near(dtype: Any, points: Array) -> None:
    """Also far from zero, for what is subtracted is subtracted in float64."""
    far = points + 1e6
    mixture = GaussianMixture(3, dtype=dtype, random_state=0).fit(far)
    expected = GaussianMixture(3, random_state=0).fit(far)
    assert mixture.density_.mixture.mean_origin.dtype == torch.float32
    assert mixture.score_samples(far).dtype == np.float32
    assert mixture.means_.dtype == np.float64
    assert_allclose(mixture.score_samples(far), expected.score_samples(far), atol=2e-3)


@pytest.mark.parametrize("optimizer", ["em", "lbfgs", "kmeans"])
@pytest.mark.parametrize(("unit", "origin"), [(2.0**20, 2.0**20), (2.0**-13, -3.0), (1e6, 1e6), (1e-4, 1e-4)])
def test_a_fit_commutes_with_units_and_origins(optimizer: str, unit: float, origin: float, points: Array) -> None:
    mixture = GaussianMixture(3, optimizer=optimizer, random_state=0).fit(points)
    other = GaussianMixture(3, optimizer=optimizer, random_state=0).fit(unit * points + origin)
    order, its = mixture.means_[:, 0].argsort(), other.means_[:, 0].argsort()  # labels may change by a last bit
    assert_allclose(other.means_[its], unit * mixture.means_[order] + origin, rtol=1e-6)
    assert_allclose(other.weights_[its], mixture.weights_[order], rtol=1e-6)
    shifted = other.score_samples(unit * points + origin) + 2 * np.log(unit)
    assert_allclose(shifted, mixture.score_samples(points), atol=1e-5)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
def test_axes_may_have_units_of_their_own(covariance_type: str, points: Array) -> None:
    units = np.array([1e6, 1e-4])
    mixture = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(points)
    other = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(points * units)
    shifted = other.score_samples(points * units) + np.log(units).sum()
    assert_allclose(shifted, mixture.score_samples(points), atol=1e-6)
    assert_allclose(other.precisions_cholesky_.shape, mixture.precisions_cholesky_.shape)


def test_the_order_of_the_rows_means_nothing(points: Array) -> None:
    order = np.random.default_rng(5).permutation(len(points))
    mixture = GaussianMixture(3, random_state=0).fit(points)
    other = GaussianMixture(3, random_state=0).fit(points[order])
    assert_allclose(other.score_samples(points), mixture.score_samples(points), atol=1e-10)


def test_the_floor_is_a_bound_relative_to_the_data_and_never_added(points: Array) -> None:
    free = GaussianMixture(3, reg_covar=0, random_state=0).fit(points)
    bounded = GaussianMixture(3, reg_covar=1e-4, random_state=0).fit(points)
    assert same_bits(free, bounded)
    with pytest.warns(FitWarning, match=r"reg_covar=0\.2 .* narrower than that in some direction"):
        held = GaussianMixture(3, reg_covar=0.2, covariance_type="diag", random_state=0).fit(1e3 * points)
    smallest = (held.covariances_ / (1e3 * points).var(0)).min()
    assert_allclose(smallest, 0.2, rtol=1e-9)


def test_a_single_component_is_mean_and_covariance(points: Array) -> None:
    for optimizer in ("em", "adam", "lbfgs"):
        mixture = GaussianMixture(optimizer=optimizer).fit(points)
        assert_allclose(mixture.means_, [points.mean(0)], atol=1e-4)
        assert_allclose(mixture.covariances_, [np.cov(points.T, bias=True)], atol=1e-3)


def test_draws_that_a_given_start_leaves_no_room_for_are_missed_with_a_warning(points: Array) -> None:
    given = GaussianMixture(3, means_init=points[:3]).fit(points)
    with pytest.warns(FitWarning, match="n_init=5: no starts were drawn, for means_init says where the fit begins"):
        both = GaussianMixture(3, means_init=points[:3], n_init=5, warm_start=True).fit(points)
    assert same_bits(both, given)
    both.fit(points)  # goes on from where it was, and neither says where it begins


def test_constant_columns_and_one_point_are_fitted() -> None:
    constant = np.column_stack([np.arange(10.0), np.full(10, 7.0)])
    with pytest.warns(FitWarning, match="column 1 never changes; leave it out"):
        mixture = GaussianMixture(2, random_state=0).fit(constant)
    assert_allclose(mixture.means_[:, 1], 7)
    assert np.isfinite(mixture.score(constant))
    with pytest.warns(FitWarning, match="all points are the same"):
        assert_allclose(GaussianMixture().fit([[1.0, 2.0]]).means_, [[1, 2]])


@pytest.mark.parametrize("n_components", [2, 3, 4])
def test_without_a_floor_a_start_that_collapses_does_not_end_the_fit(n_components: int, eruptions: Array) -> None:
    """Of some dozens that a search begins, a few do; the floor that is the default touches none that is kept."""
    bounded, free = (GaussianMixture(n_components, reg_covar=floor, random_state=0) for floor in (1e-6, 0))
    assert free.fit(eruptions).score(eruptions) == pytest.approx(bounded.fit(eruptions).score(eruptions), abs=1e-12)


@pytest.mark.parametrize("optimizer", choices("optimizer"))
def test_fewer_different_points_than_components_are_fitted_and_counted(optimizer: str) -> None:
    """Two spikes of half the points each are the maximum, however many components stand by."""
    points = np.repeat([[0.0, 0.0], [1.0, 3.0]], 20, axis=0)
    with pytest.warns(FitWarning, match="only 2 of 40 points are different; lower n_components"):
        mixture = GaussianMixture(3, optimizer=optimizer, random_state=0).fit(points)
    assert_allclose(np.sort(mixture.weights_), [0, 0.5, 0.5], atol=1e-6)
    assert_allclose(mixture.predict_proba(points).max(1), 1, atol=1e-6)
    assert_allclose(mixture.means_[mixture.predict(points)], points, atol=1e-6)


def test_a_fit_that_runs_out_of_passes_says_so(points: Array) -> None:
    mixture = GaussianMixture(3, max_iter=3, means_init=points[:3])
    with pytest.warns(ConvergenceWarning, match="not converged in max_iter=3 passes; raise max_iter"):
        assert not mixture.fit(points).converged_
    assert not mixture.set_params(tol=0).fit(points).converged_  # which is what tol=0 asks for


def test_a_rate_of_next_to_nothing_has_not_converged(points: Array) -> None:
    options = {"lr": 1e-10}
    with pytest.warns(FitWarning, match="one step of EM would still gain .* change lr in optimizer_options"):
        stuck = GaussianMixture(3, optimizer="sgd", optimizer_options=options, means_init=points[:3]).fit(points)
    assert not stuck.converged_
