"""GaussianMixture("auto"): does it choose what the question answers, say so, and go on as any other?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mixfit
from mixfit import GaussianMixture
from mixfit.errors import FitWarning, InputError

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def blobs() -> Array:
    random = np.random.default_rng(0)
    return np.concatenate([random.normal(centre, 1.0, (80, 2)) for centre in ((0, 0), (9, 0), (0, 9))])


def auto(**changes: Any) -> GaussianMixture:
    return GaussianMixture("auto", **{"max_components": 4, "random_state": 0} | changes)


def test_k_and_the_family_are_chosen_and_the_table_is_kept(blobs: Array) -> None:
    fitted = auto(covariance_type="auto").fit(blobs)
    assert fitted.n_components_ == len(fitted.weights_) == 3
    assert fitted.covariance_type_ in ("spherical", "tied")
    assert len(fitted.selection_) == 16
    best = min(fitted.selection_, key=lambda row: (row["n_spikes"], row["bic"]))
    assert (best["n_components"], best["covariance"]) == (3, fitted.covariance_type_)
    assert fitted.bic(blobs) <= best["bic"] + 1e-6
    assert fitted.converged_


def test_five_values_are_no_five_components_of_no_width() -> None:
    """A shared covariance on the floor tells them apart, and the likelihood is as high as the floor is low."""
    answers = np.random.default_rng(0).integers(1, 6, size=(200, 2)).astype(float)
    with pytest.warns(
        FitWarning, match="components were chosen among fits without .* column 0 has 5 different values only"
    ):
        fitted = auto(covariance_type="tied", max_components=6).fit(answers)
    assert fitted.n_components_ < 5
    assert [row["n_components"] for row in fitted.selection_ if row["n_spikes"]] == [5, 6]
    assert min(fitted.selection_, key=lambda row: row["bic"])["n_components"] == 5


def test_a_weight_counts_as_that_many_rows_when_k_is_chosen() -> None:
    """Two groups so near to each other that ten times as many rows name more of them."""
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(size=(60, 1)), random.normal(size=(60, 1)) + 2.9])
    once, weighted, repeated = (
        auto().fit(points),
        auto().fit(points, sample_weight=np.full(120, 10.0)),
        auto().fit(np.repeat(points, 10, axis=0)),
    )
    assert weighted.n_components_ == repeated.n_components_ != once.n_components_
    for ours, theirs in zip(weighted.selection_, repeated.selection_, strict=True):
        assert ours["bic"] == pytest.approx(theirs["bic"], abs=1e-6)
        assert ours["n_points"] == theirs["n_points"] == 1200


def test_only_k_or_only_the_family(blobs: Array) -> None:
    fitted = auto(covariance_type="diag").fit(blobs)
    assert (fitted.n_components_, fitted.covariance_type_, len(fitted.selection_)) == (3, "diag", 4)
    fitted = GaussianMixture(3, covariance_type="auto", random_state=0).fit(blobs)
    assert (fitted.n_components_, len(fitted.selection_)) == (3, 4)


def test_nothing_is_chosen_where_all_is_given(blobs: Array) -> None:
    fitted = GaussianMixture(2, random_state=0).fit(blobs)
    assert (fitted.n_components_, fitted.covariance_type_, fitted.selection_) == (2, "full", [])


def test_icl_chooses_too(blobs: Array) -> None:
    fitted = auto(criterion="icl").fit(blobs)
    assert fitted.n_components_ == 3
    assert fitted.icl(blobs) <= min(row["icl"] for row in fitted.selection_) + 1e-6


def test_k_means_has_its_own_family(blobs: Array) -> None:
    fitted = auto(covariance_type="auto", optimizer="kmeans").fit(blobs)
    assert (fitted.n_components_, fitted.covariance_type_) == (3, "tied_spherical")


def test_the_parameters_stay_as_they_were_given(blobs: Array) -> None:
    fitted = auto().fit(blobs)
    assert fitted.get_params()["n_components"] == "auto"


def test_a_warm_start_goes_on_with_what_was_chosen(blobs: Array) -> None:
    fitted = auto(warm_start=True).fit(blobs)
    again = fitted.fit(blobs[:200])
    assert (again.n_components_, again.selection_) == (3, [])


def test_a_chosen_mixture_follows_a_stream(blobs: Array) -> None:
    assert auto().fit(blobs).partial_fit(blobs[:50]).n_components_ == 3


def test_a_chosen_mixture_is_saved_and_loaded(blobs: Array, tmp_path: Path) -> None:
    fitted = auto(covariance_type="auto").fit(blobs)
    fitted.save(tmp_path / "model")
    loaded = mixfit.load(tmp_path / "model")
    assert (loaded.n_components, loaded.n_components_, loaded.covariance_type_) == ("auto", 3, fitted.covariance_type_)
    np.testing.assert_array_equal(loaded.predict(blobs), fitted.predict(blobs))


def test_a_choice_that_repeated_rows_have_made_is_one_with_a_warning() -> None:
    random = np.random.default_rng(1)
    rain = np.where(random.random(300) < 0.4, 0.0, np.exp(random.normal(2, 1, 300)))[:, None]
    with pytest.warns(
        FitWarning, match=r"1 component was chosen .* column 0 has one value .* give n_components=\d to have it$"
    ):
        assert auto().fit(rain).n_components_ == 1


def test_a_stream_cannot_choose(blobs: Array) -> None:
    with pytest.raises(InputError, match="partial_fit sees some points at a time, and 'auto' chooses by all"):
        auto().partial_fit(blobs)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"criterion": "nll/val"}, r"criterion='nll/val': fit has no held-out points"),
        ({"criterion": "aic"}, r"criterion='aic': expected bic, icl or nll/val"),
        ({"max_components": 0}, r"max_components=0: expected a whole number of at least 1"),
        ({"means_init": [[0.0, 0.0]]}, r"means_init is the start of one mixture"),
    ],
)
def test_what_cannot_choose_is_refused(blobs: Array, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        auto(**changes).fit(blobs)


def test_any_other_word_for_k_is_refused(blobs: Array) -> None:
    with pytest.raises(InputError, match=r"n_components='many': expected a whole number of at least 1, or auto"):
        GaussianMixture("many").fit(blobs)
