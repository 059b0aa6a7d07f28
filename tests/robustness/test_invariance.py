"""A fit knows neither the units and the origin of its points, nor the order in which they come.

Fitted to a·x + b (each axis with its own a and b where the family is closed under that) it must find the same groups,
and a negative log-likelihood that differs by Σ log a_j and by nothing else. The a are positive: a start puts the points
in order, and mirrored points may therefore begin, and end, elsewhere. Groups are compared without their numbers, for
which component comes first means nothing.

There are at least 15 points for each axis of each component. Where a likelihood has no clear maximum, any rounding
decides what is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from mixfit import GaussianMixture
from mixfit.estimator.choice import family_of
from tests.running import choices, families

pytestmark = pytest.mark.filterwarnings("ignore:the fit has not converged")  # two that stop halfway are alike too

Array = NDArray[np.float64]
Kind = dict[str, Any]

KINDS: list[Kind] = [
    {"optimizer": optimizer, "covariance_type": family}
    for optimizer in choices("optimizer")
    for family in (families() if optimizer != "kmeans" else ["tied_spherical"])  # it has its own
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind.values()))


@dataclass(frozen=True)
class Case:
    """Points, and the units and the origin in which they come a second time.

    Attributes:
        points: (N, D), of K overlapping groups.
        n_components: K.
        units: (D,), a.
        origin: (D,), b in standard deviations of a·x.
    """

    points: Array
    n_components: int
    units: Array
    origin: Array

    def moved(self, kind: Kind) -> tuple[Array, Array]:
        """a·x + b (N, D) and the a (D,); one a for all axes where the family needs that."""
        family = family_of(GaussianMixture(**kind))
        assert family is not None
        units = self.units if family.per_axis else np.full_like(self.units, self.units[0])
        deviations = units * self.points.std(0)
        return units * self.points + self.origin * deviations, units


@st.composite
def cases(draw: st.DrawFn, largest_unit: float, farthest: float) -> Case:
    """Of a and 1/a up to `largest_unit`, and b up to `farthest` standard deviations."""
    n_components, dim = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    n_points = draw(st.integers(15 * dim, 40 * dim))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    points = groups(random, n_components, n_points, dim, apart=draw(st.sampled_from([1.0, 2.0, 4.0])))
    exponent = np.log10(largest_unit)
    units = draw(st.lists(st.floats(-exponent, exponent), min_size=dim, max_size=dim))
    origin = draw(st.lists(st.floats(-farthest, farthest), min_size=dim, max_size=dim))
    return Case(points, n_components, 10.0 ** np.array(units), np.array(origin))


def groups(random: np.random.Generator, n_components: int, n_points: int, dim: int, apart: float) -> Array:
    """(K · n_points, D): normal groups whose means are `apart` standard deviations from zero, or thereabouts."""
    means = apart * random.normal(size=(n_components, 1, dim))
    deviations = random.uniform(0.5, 1.5, size=(n_components, 1, dim))
    drawn: Array = means + deviations * random.normal(size=(n_components, n_points, dim))
    return drawn.reshape(-1, dim)


def fitted(kind: Kind, n_components: int, points: Any, **options: Any) -> GaussianMixture:
    weights = options.pop("sample_weight", None)
    return GaussianMixture(n_components, **kind, random_state=0, **options).fit(points, sample_weight=weights)


def same_groups(labels: Array, others: Array) -> bool:
    """Whether each label of one always stands where one and the same label of the other stands."""
    pairs = {*zip(labels.tolist(), others.tolist(), strict=True)}
    return len(pairs) == len({*labels.tolist()}) == len({*others.tolist()})


def decided(mixture: GaussianMixture, points: Any) -> NDArray[np.bool_]:
    """Points (N,) whose two likeliest components differ by more than a hundredth of their probability."""
    shares = np.sort(mixture.predict_proba(points), 1)
    certain: NDArray[np.bool_] = shares[:, -1] - shares[:, :-1].max(1, initial=0) > 0.01
    return certain


def examples(number: int) -> settings:
    """As many examples, the same in every run; to look for a simpler one of those that fail would take minutes."""
    phases = (Phase.explicit, Phase.generate)
    return settings(max_examples=number, phases=phases, deadline=None, derandomize=True, database=None)


@every_kind
@examples(5)
@given(case=cases(largest_unit=1e12, farthest=1e6))
def test_in_double_precision_units_and_origin_change_nothing_but_the_volume(kind: Kind, case: Case) -> None:
    moved, units = case.moved(kind)
    mixture, other = (fitted(kind, case.n_components, points) for points in (case.points, moved))
    assert -other.score(moved) == pytest.approx(-mixture.score(case.points) + np.log(units).sum(), abs=1e-6)
    assert same_groups(other.predict(moved), mixture.predict(case.points))


@every_kind
@examples(4)
@given(
    case=cases(largest_unit=1e6, farthest=1e4),
    precision=st.sampled_from([("float32", "float32"), ("float32", "float64"), ("float64", "float32")]),
)
def test_in_single_precision_points_are_centred_and_scaled_before_anything_is_lost(
    kind: Kind, case: Case, precision: tuple[str, str]
) -> None:
    """From one start: of many maxima that are nearly as good, a search finds one that rounded points may change."""
    of_points, of_model = precision
    moved, units = case.moved(kind)
    arrived = moved.astype(of_points)
    options: Kind = {"dtype": of_model, "moves": "none"}
    mixture, other = (fitted(kind, case.n_components, x, **options) for x in (case.points, arrived))
    assert -other.score(arrived) == pytest.approx(-mixture.score(case.points) + np.log(units).sum(), abs=1e-3)
    clear = decided(mixture, case.points)
    assert same_groups(other.predict(arrived)[clear], mixture.predict(case.points)[clear])


FAR_OUT = {
    "timestamps": ([1.0, 1.0], [1.7e9, 1.7e9]),
    "axes twelve orders of magnitude apart": ([1e6, 1e-6], [0.0, 0.0]),
    "near 1e300": ([1e300, 1e300], [0.0, 0.0]),
    "near 1e-300": ([1e-300, 1e-300], [0.0, 0.0]),
    "both": ([1e300, 1e-300], [0.0, 0.0]),
}
CENTRES = np.array([[[0.0, 0.0]], [[4.0, 1.0]], [[1.0, 5.0]]])


@pytest.fixture
def points() -> Array:
    """Three groups in the plane that overlap a little."""
    return (CENTRES + np.random.default_rng(0).normal(size=(3, 50, 2))).reshape(-1, 2)


@every_kind
@pytest.mark.parametrize("name", FAR_OUT)
def test_far_out_of_the_usual_range_a_fit_is_the_same(kind: Kind, name: str, points: Array) -> None:
    units, origin = map(np.array, FAR_OUT[name])
    family = family_of(GaussianMixture(**kind))
    assert family is not None
    if not family.per_axis and units[0] != units[1]:
        pytest.skip("this family has one unit for all axes")
    moved = units * points + origin
    mixture, other = (fitted(kind, 3, x) for x in (points, moved))
    assert -other.score(moved) == pytest.approx(-mixture.score(points) + np.log(units).sum(), abs=1e-6)
    assert same_groups(other.predict(moved), mixture.predict(points))
    order, others = (np.argsort(each.weights_) for each in (mixture, other))
    assert_allclose((other.means_[others] - origin) / units, mixture.means_[order], rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", families())
@pytest.mark.parametrize(("unit", "power"), [(1e300, r"1e\+601"), (1e-300, "1e-599")])
def test_what_float64_cannot_hold_is_refused_with_a_remedy(family: str, unit: float, power: str, points: Array) -> None:
    mixture = fitted({"covariance_type": family}, 3, unit * points)
    refused = pytest.raises(ValueError, match=rf"column 0 .* variances of about {power} .* divide this column by")
    with refused:
        _ = mixture.covariances_
    with refused:
        _ = mixture.precisions_
    with refused:
        mixture.covariance()
    assert_allclose(mixture.mean() / unit, points.mean(0), rtol=0, atol=1e-3)
    drawn, _ = mixture.sample(1000)
    assert_allclose(drawn.mean(0) / unit, points.mean(0), rtol=0, atol=0.5)
    assert np.isfinite(mixture.score_samples(drawn)).all()


@every_kind
@examples(2)
@given(case=cases(largest_unit=1.0, farthest=0.0), data=st.data())
def test_the_order_of_rows_changes_nothing_and_a_weight_stands_for_repeated_rows(
    kind: Kind, case: Case, data: st.DataObject
) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    times = random.integers(1, 4, size=len(case.points))
    shuffled = random.permutation(np.repeat(case.points, times, 0))
    mixture = fitted(kind, case.n_components, case.points, sample_weight=times)
    other = fitted(kind, case.n_components, shuffled)
    assert other.score(shuffled) == pytest.approx(mixture.score(case.points, sample_weight=times), abs=1e-9)
    assert same_groups(other.predict(case.points), mixture.predict(case.points))
