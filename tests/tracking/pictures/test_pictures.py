"""Pictures: their numbers against scipy and closed forms, and every awkward input drawn without a warning."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from mixfit.tracking.pictures.density import Components, density_figure, save_png
from mixfit.tracking.pictures.history import finite, nll_limits
from mixfit.tracking.pictures.panels import ellipses, histogram, region_levels
from mixfit.tracking.pictures.report import report_figure
from mixfit.tracking.pictures.scene import grid, scene_of
from mixfit.tracking.pictures.style import colour, spread

Array = NDArray[np.float64]


def mixture(k: int, d: int, *, offset: float = 0.0, scale: float = 1.0) -> Components:
    generator = np.random.default_rng(10 * k + d)
    roots = generator.normal(size=(k, d, d))
    covariances = roots @ roots.swapaxes(1, 2) / d + 0.1 * np.eye(d)
    means = 3 * generator.normal(size=(k, d))
    return Components(generator.dirichlet(np.ones(k)), offset + scale * means, scale**2 * covariances)


def points_of(components: Components, n: int) -> Array:
    generator = np.random.default_rng(n)
    chosen = generator.choice(len(components.weights), n, p=components.weights)
    roots = np.linalg.cholesky(components.covariances)[chosen]
    noise = generator.normal(size=(n, components.means.shape[1]))
    points: Array = components.means[chosen] + np.einsum("nij,nj->ni", roots, noise)
    return points


def reference_density(components: Components, points: Array) -> Array:
    parts = zip(components.weights, components.means, components.covariances, strict=True)
    return np.sum([w * multivariate_normal(m, c).pdf(points) for w, m, c in parts], axis=0)


def texts(figure: object) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]  # type: ignore[attr-defined]


@pytest.mark.parametrize("d", [1, 2, 3, 8])
@pytest.mark.parametrize("k", [1, 5])
def test_the_density_is_scipys(k: int, d: int) -> None:
    components = mixture(k, d)
    points = points_of(components, 50)
    np.testing.assert_allclose(components.density(points), reference_density(components, points), rtol=1e-11)


def test_a_marginal_is_the_mixture_of_the_chosen_means_and_covariances_in_the_order_given() -> None:
    components = mixture(3, 4)
    parts = zip(components.weights, components.means, components.covariances, strict=True)
    points = points_of(mixture(3, 2), 50)
    expected = np.sum(
        [w * multivariate_normal(m[[2, 0]], c[[2, 0]][:, [2, 0]]).pdf(points) for w, m, c in parts], axis=0
    )
    np.testing.assert_allclose(components.marginal([2, 0]).density(points), expected, rtol=1e-12)


def test_a_marginal_is_what_integrating_out_the_other_axis_leaves() -> None:
    components = mixture(2, 2)
    y = np.linspace(-30, 30, 6001)
    column = np.stack([np.full_like(y, 0.7), y], axis=1)
    integral = components.density(column).sum() * (y[1] - y[0])
    np.testing.assert_allclose(components.marginal([0]).density(np.array([[0.7]])), [integral], rtol=1e-10)


def test_the_log_density_keeps_its_digits_where_the_density_underflows() -> None:
    components = Components(np.array([0.25, 0.75]), np.array([[0.0], [1.0]]), np.ones((2, 1, 1)))
    expected = np.log(0.75) - 0.5 * 999.0**2 - 0.5 * np.log(2 * np.pi)  # the other component adds exp(-999.5)
    np.testing.assert_allclose(components.log_density(np.array([[1000.0]])), [expected], rtol=1e-14)


def test_features_of_very_different_scales_keep_their_digits() -> None:
    components = Components(np.ones(1), np.zeros((1, 2)), np.diag([1e18, 1e-18])[None])
    np.testing.assert_allclose(components.density(np.array([[1e9, 1e-9]])), [np.exp(-1) / (2 * np.pi)], rtol=1e-13)


def test_a_component_of_weight_zero_adds_nothing() -> None:
    one = mixture(1, 2)
    both = Components(np.array([1.0, 0.0]), np.repeat(one.means, 2, axis=0), np.repeat(one.covariances, 2, axis=0))
    points = points_of(one, 20)
    np.testing.assert_array_equal(both.density(points), one.density(points))


def test_a_covariance_that_is_not_positive_on_its_diagonal_is_refused() -> None:
    with pytest.raises(ValueError, match="positive variances"):
        Components(np.ones(1), np.zeros((1, 2)), np.diag([1.0, 0.0])[None])


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights \(2,\)"):
        Components(np.ones(2), np.zeros((1, 2)), np.eye(2)[None])


def test_the_grid_of_a_curve_meets_the_peak_and_the_mass_of_a_component_far_narrower_than_its_steps() -> None:
    narrow = Components(np.array([0.5, 0.5]), np.array([[0.0], [np.pi]]), np.array([1.0, 1e-12]).reshape(2, 1, 1))
    places = grid((-4.0, 8.0), [narrow], steps=400, offsets=np.linspace(-8, 8, 65))
    density = narrow.density(places[:, None])
    np.testing.assert_allclose(density.max(), 0.5e6 / np.sqrt(2 * np.pi), rtol=1e-6)
    np.testing.assert_allclose(np.sum(np.diff(places) * (density[1:] + density[:-1]) / 2), 1.0, rtol=1e-4)


def test_outliers_do_not_set_the_limits_and_are_counted_in_words() -> None:
    points = np.linspace(-2, 2, 1000)[:, None]
    points[:5] = 1e7
    scene = scene_of(points, Components(np.ones(1), np.zeros((1, 1)), np.ones((1, 1, 1))))
    (low, high) = scene.limits[0]
    assert (low, high) == pytest.approx((-3.18, 3.18), rel=1e-14)
    assert scene.remarks() == ["1,000 points", "1 component", "5 points off the axes"]


def test_a_picture_of_a_sample_says_how_many_points_there_are_and_how_many_were_looked_at() -> None:
    scene = scene_of(np.linspace(-2, 2, 1000)[:, None], mixture(2, 1), n_points=1_000_000)
    assert scene.remarks()[:3] == ["1,000,000 points", "2 components", "1,000 points looked at"]


def test_a_component_that_ran_away_does_not_set_the_limits_and_is_counted() -> None:
    fitted = Components(np.array([0.5, 0.5]), np.array([[0.0], [1e6]]), np.ones((2, 1, 1)))
    scene = scene_of(np.linspace(-2, 2, 1000)[:, None], fitted)
    assert scene.limits[0] == pytest.approx((-3.21, 4.21), rel=1e-14)
    assert scene.remarks()[-1] == "1 component off the axes"


def test_limits_move_and_stretch_with_the_data() -> None:
    plain, moved = mixture(3, 1), mixture(3, 1, offset=2.0**30, scale=0.125)
    points = points_of(plain, 500)
    expected = 0.125 * np.array(scene_of(points, plain).limits)
    actual = np.array(scene_of(2.0**30 + 0.125 * points, moved).limits) - 2.0**30
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_a_constant_column_is_shown_as_wide_as_its_component() -> None:
    scene = scene_of(np.full((10, 1), 3.0), Components(np.ones(1), np.full((1, 1), 3.0), np.full((1, 1, 1), 1e-12)))
    np.testing.assert_allclose(scene.limits[0], (3 - 3.18e-6, 3 + 3.18e-6), rtol=1e-12)


def test_many_points_are_thinned_evenly_with_their_labels() -> None:
    points = np.arange(7000.0)[:, None]
    scene = scene_of(points, mixture(2, 1), labels=np.arange(7000))
    np.testing.assert_array_equal(scene.drawn[:, 0], np.arange(0, 7000, 3))
    np.testing.assert_array_equal(scene.labels, np.arange(0, 7000, 3))


def test_bars_are_on_the_density_scale_of_all_points_also_of_those_outside() -> None:
    heights, edges = histogram(np.array([0.1, 0.2, 0.9, 50.0]), (0.0, 1.0))
    np.testing.assert_allclose((heights * np.diff(edges)).sum(), 0.75, rtol=1e-14)


def test_regions_of_a_gaussian_have_the_levels_of_the_closed_form() -> None:
    gaussian = Components(np.ones(1), np.zeros((1, 2)), np.array([[[4.0, 0.6], [0.6, 1.0]]]))
    x, y = np.linspace(-12, 12, 401), np.linspace(-6, 6, 401)
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    areas = np.full((401, 401), (x[1] - x[0]) * (y[1] - y[0]))
    levels = region_levels(gaussian.log_density(places).reshape(401, 401), areas)
    peak = 1 / (2 * np.pi * np.sqrt(4 - 0.36))  # mass p lies where the density is above (1 - p) times the peak
    np.testing.assert_allclose(np.exp(levels), peak * np.array([0.05, 0.2, 0.5]), rtol=2e-3)


def test_no_region_is_claimed_where_the_mixture_is_not() -> None:
    log_density = np.log(np.full((5, 5), 1e-3))
    assert len(region_levels(log_density, np.ones((5, 5)))) == 0


def test_every_outline_lies_at_its_mahalanobis_radius() -> None:
    components = mixture(4, 2)
    for outline, mean, covariance in zip(
        ellipses(components, 2), components.means, components.covariances, strict=True
    ):
        offset = outline - mean
        distance = np.sqrt(np.einsum("ti,ij,tj->t", offset, np.linalg.inv(covariance), offset))
        np.testing.assert_allclose(distance, 2.0, rtol=1e-11)


def test_labels_are_moved_apart_in_order_and_stay_inside() -> None:
    np.testing.assert_allclose(spread(np.array([0.5, 0.1, 0.5]), 0.2), [0.4, 0.1, 0.6], atol=1e-15)
    np.testing.assert_allclose(spread(np.array([1.0, 0.99]), 0.1), [1.0, 0.9], atol=1e-15)
    np.testing.assert_allclose(spread(np.array([-7.0, 9.0]), 0.1), [0.0, 1.0], atol=1e-15)


def test_one_huge_first_value_does_not_flatten_the_curve_and_the_true_value_stays_in_sight() -> None:
    passes, nll = np.arange(8.0), np.array([900.0, 2.5, 2.3, 2.2, 2.15, 2.12, 2.11, 2.1])
    low, high = nll_limits([(passes, nll)], nll_true=1.9)
    assert 1.8 < low < 1.9
    assert 2.2 < high < 3


def test_a_gentle_curve_is_shown_whole() -> None:
    low, high = nll_limits([(np.arange(4.0), np.array([4.0, 3.0, 2.0, 1.0]))], nll_true=None)
    assert (low, high) == pytest.approx((0.82, 4.18), rel=1e-14)


def test_values_that_are_not_finite_are_left_out_and_counted() -> None:
    history = {
        "nll/train": (np.arange(3.0), np.array([np.inf, 2.0, np.nan])),
        "nll/val": (np.zeros(1), np.full(1, np.nan)),
    }
    kept = finite(history)
    assert list(kept) == ["nll/train"]
    np.testing.assert_array_equal(kept["nll/train"], [[1.0], [2.0]])
    figure = report_figure(np.zeros((1, 1)), mixture(1, 1), history=history, summary={}, title="t")
    assert "3 not finite" in texts(figure)


def test_the_curves_are_the_densities_and_components_keep_their_colours() -> None:
    fitted, truth = mixture(3, 1), mixture(2, 1)
    figure = density_figure(points_of(truth, 200), fitted, truth=truth)
    whole, *parts, true = figure.axes[0].lines
    places = np.asarray(whole.get_xdata())[:, None]
    np.testing.assert_allclose(np.asarray(whole.get_ydata()), reference_density(fitted, places), rtol=1e-9)
    np.testing.assert_allclose(np.asarray(true.get_ydata()), reference_density(truth, places), rtol=1e-9)
    np.testing.assert_allclose(
        sum(np.asarray(part.get_ydata()) for part in parts), np.asarray(whole.get_ydata()), rtol=1e-12
    )
    assert [part.get_color() for part in parts] == [colour(0), colour(1), colour(2)]
    assert true.is_dashed()


def test_a_report_states_its_numbers_and_takes_words_literally() -> None:
    fitted = mixture(2, 1)
    history = {
        "nll/train": (np.arange(3.0), np.array([3.0, 2.5, 2.25])),
        "nll/val": (np.arange(2.0), np.array([3.0, 2.75])),
    }
    figure = report_figure(
        points_of(fitted, 50),
        fitted,
        history=history,
        nll_true=2.125,
        summary={"cost_$": "$5 and $6", "long": 40 * "a"},
        title="a $ title $",
        columns=["price_$x$"],
    )
    shown = texts(figure)
    for text in ("train 2.2500", "val 2.7500", "true 2.1250", "cost_$", "$5 and $6", 33 * "a" + "…", "a $ title $"):
        assert text in shown
    assert figure.axes[0].get_xlabel() == "price_$x$"
    assert not figure.axes[0].xaxis.label.get_parse_math()


@pytest.mark.parametrize(("last", "scale"), [(100.0, "linear"), (101.0, "symlog")])
def test_more_than_a_hundred_passes_are_shown_on_a_logarithmic_axis(last: float, scale: str) -> None:
    history = {"nll/train": (np.array([0.0, last]), np.array([3.0, 2.0]))}
    figure = report_figure(np.zeros((1, 1)), mixture(1, 1), history=history, summary={}, title="t")
    assert figure.axes[1].get_xscale() == scale


CASES = {
    "one component": (mixture(1, 8), 300),
    "fifty components": (mixture(50, 8), 300),
    "one point": (mixture(1, 8), 1),
    "offset 1e9": (mixture(5, 8, offset=1e9), 300),
    "scale 1e-9": (mixture(5, 8, scale=1e-9), 300),
    "offset 1e9, scale 1e-3": (mixture(5, 8, offset=1e9, scale=1e-3), 300),
}


@pytest.mark.parametrize("d", [1, 2, 8])
@pytest.mark.parametrize("case", CASES)
def test_awkward_data_is_drawn_without_a_warning(case: str, d: int, tmp_path: Path) -> None:
    whole, n = CASES[case]
    points, fitted = points_of(whole, n)[:, :d], whole.marginal(range(d))
    save_png(density_figure(points, fitted, truth=fitted), tmp_path / "density.png")
    image = (tmp_path / "density.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    assert len(image) > 5000


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize(("value", "variance"), [(3.0, 1e-12), (1e9, 1e-6), (1e9, 1e-18), (0.0, 1e-300)])
def test_constant_columns_are_drawn_without_a_warning(value: float, variance: float, d: int, tmp_path: Path) -> None:
    fitted = Components(np.ones(1), np.full((1, d), value), variance * np.eye(d)[None])
    save_png(density_figure(np.full((20, d), value), fitted), tmp_path / "constant.png")
    assert (tmp_path / "constant.png").stat().st_size > 5000


@pytest.mark.parametrize("d", [1, 2, 3])
def test_features_that_copy_one_another_are_drawn(d: int, tmp_path: Path) -> None:
    points = np.repeat(np.random.default_rng(0).normal(size=(50, 1)), d, axis=1)
    save_png(
        density_figure(points, Components(np.ones(1), np.zeros((1, d)), np.ones((1, d, d)))), tmp_path / "copies.png"
    )
    assert (tmp_path / "copies.png").stat().st_size > 5000


@pytest.mark.parametrize("d", [1, 2, 8])
def test_the_same_report_has_the_same_bytes(d: int, tmp_path: Path) -> None:
    fitted = mixture(5, d)
    history = {"nll/train": (np.arange(500.0), 2 + 1 / (1 + np.arange(500.0)))}
    for name in ("first.png", "second.png"):
        figure = report_figure(
            points_of(fitted, 300),
            fitted,
            truth=fitted,
            history=history,
            nll_true=2.0,
            summary={"seed": "0"},
            title="t",
        )
        save_png(figure, tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_importing_the_module_does_not_import_matplotlib_and_drawing_never_imports_pyplot() -> None:
    program = (
        "import sys; import numpy as np; from mixfit.tracking.pictures.density import Components, density_figure;"
        "assert 'matplotlib' not in sys.modules and 'torch' not in sys.modules;"
        "density_figure(np.zeros((2, 2)), Components([1.0], np.zeros((1, 2)), np.eye(2)[None]));"
        "assert 'matplotlib.figure' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_warning_stands_over_the_report_in_lines_that_fit() -> None:
    sentence = "the likelihood measures the floor: " + "$column$ never changes, " * 40
    history = {"nll/train": (np.arange(1.0, 4.0), 1380.49 + np.array([2e-4, 1e-4, 0]))}
    figure = report_figure(np.zeros((1, 1)), mixture(1, 1), history=history, summary={}, title="t", warning=sentence)
    figure.canvas.draw()
    (shown,) = (text for text in figure.texts if "floor" in text.get_text())
    box, width, height = shown.get_window_extent(), figure.bbox.width, figure.bbox.height
    assert shown.get_text().endswith("…")
    assert 0 < box.x0 < box.x1 <= width
    assert height - 0.95 * figure.dpi <= box.y0 < box.y1 <= height
    (axes,) = (axes for axes in figure.axes if "nats" in axes.get_title(loc="left"))
    assert axes.yaxis.get_offset_text().get_text() == ""
