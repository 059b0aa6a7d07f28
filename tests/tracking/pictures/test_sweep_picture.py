"""The picture of a sweep: does each panel show the numbers it was given, of the fits it should, without a warning?"""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from mixfit.tracking.pictures.components import Array
from mixfit.tracking.pictures.png import drawn as pixels
from mixfit.tracking.pictures.png import save_png
from mixfit.tracking.pictures.style import INK, colour
from mixfit.tracking.pictures.sweep import Fit, sweep_figure
from mixfit.tracking.pictures.sweep_axes import limits
from mixfit.tracking.pictures.sweep_fits import Setting

ALL = ("nll/train", "nll/val", "nll/test", "nll/excess", "bic", "icl")


def fits_of(
    grid: Mapping[str, Sequence[Setting]], *, measures: Sequence[str] = ALL, error: float | None = 0.01
) -> list[Fit]:
    """One fit for each combination, its NLL growing with its place in the grid: best first."""
    fits = []
    for place, values in enumerate(product(*grid.values())):
        settings = dict(zip(grid, values, strict=True))
        numbers = {name: (0.1 * place + 0.01 * shift, error) for shift, name in enumerate(measures)}
        counts = {"n_parameters": (10.0 + place, None), "n_points": (100.0, None), "seconds/fit": (1.0 + place, error)}
        fits.append(Fit(settings, numbers | counts, {key: settings[key] for key in settings if key.startswith("data")}))
    return fits


def drawn(grid: Mapping[str, Sequence[Setting]], fits: Sequence[Fit] | None = None) -> Figure:
    figure = sweep_figure(grid, fits_of(grid) if fits is None else fits, title="what was swept", remarks=["some runs"])
    pixels(figure)
    return figure


def panels(figure: Figure) -> list[Axes]:
    return [artist for artist in figure.findobj() if isinstance(artist, Axes)]


def panel(figure: Figure, title: str) -> Axes:
    (axes,) = [axes for axes in panels(figure) if axes.get_title(loc="left").startswith(title)]
    return axes


def lines(axes: Axes, tone: str) -> list[Array]:
    """The heights of the lines of one colour."""
    own = [line for line in axes.lines if line.get_color() == tone and np.size(line.get_xdata()) > 1]
    return [np.asarray(line.get_xydata())[:, 1] for line in own]


def words(figure: Figure) -> str:
    return "\n".join(artist.get_text() for artist in figure.findobj() if isinstance(artist, Text))


def test_components_have_a_panel_for_the_nlls_and_one_for_the_criteria() -> None:
    figure = drawn({"model.n_components": [1, 2, 3]})
    val, test, train = lines(panel(figure, "NLL"), INK)
    np.testing.assert_allclose(
        [val, test, train], [[0.01, 0.11, 0.21], [0.02, 0.12, 0.22], [0.0, 0.1, 0.2]], atol=1e-15
    )
    np.testing.assert_allclose(lines(panel(figure, "BIC and ICL"), INK), [[0.04, 0.14, 0.24], [0.05, 0.15, 0.25]])


def test_bars_are_one_standard_error_up_and_down() -> None:
    axes = panel(drawn({"model.n_components": [1, 2, 3]}), "NLL")
    bars = axes.collections[0].get_segments()  # type: ignore[attr-defined]
    np.testing.assert_allclose([bar[:, 1] for bar in bars], [[0.0, 0.02], [0.1, 0.12], [0.2, 0.22]], atol=1e-15)


def test_one_key_has_the_colours_and_the_best_of_the_other_settings_is_drawn() -> None:
    grid: dict[str, list[Setting]] = {
        "covariance": ["full", "diag"],
        "model.n_components": [1, 2],
        "optimizer": ["adam", "em"],
    }
    figure = drawn(grid)
    axes = panel(figure, "NLL")
    np.testing.assert_allclose(lines(axes, colour(0))[0], [0.01, 0.21])
    np.testing.assert_allclose(lines(axes, colour(1))[0], [0.11, 0.31])
    assert "the best where several settings share a place" in words(figure)


def test_the_excess_over_dimensions_stands_beside_what_its_parameters_cost() -> None:
    axes = panel(drawn({"data.dim": [1, 2, 8]}), "nll/excess")
    excess, price = lines(axes, INK)[0], lines(axes, "#111111")[0]
    np.testing.assert_allclose(excess, [0.03, 0.13, 0.23])
    np.testing.assert_allclose(price, [10 / 200, 11 / 200, 12 / 200])


def test_optimizers_stand_where_their_seconds_and_their_excess_are() -> None:
    axes = panel(drawn({"optimizer": ["adam", "em"]}), "nll/excess")
    assert axes.get_xscale() == "log"
    dots = np.concatenate([line.get_xydata() for line in axes.lines if line.get_marker() == "o"])
    np.testing.assert_allclose(dots, [[1.0, 0.03], [2.0, 0.13]])


def test_numbers_over_decades_have_a_logarithmic_axis_with_their_own_names() -> None:
    axes = panel(drawn({"optimizer.lr": [1e-3, 0.01, 1]}), "nll/val")
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.001", "0.01", "1"]
    assert panel(drawn({"optimizer.lr": [0.1, 0.2]}), "nll/val").get_xscale() == "linear"


def test_fits_without_the_key_are_a_level_line() -> None:
    grid: dict[str, list[Setting]] = {"optimizer": ["em", "sgd"], "optimizer.lr": [0.1, 0.2, None]}
    fits = [
        fit for fit in fits_of(grid) if (fit.settings["optimizer"] == "em") == (fit.settings["optimizer.lr"] is None)
    ]
    axes = panel(drawn(grid, fits), "nll/val, level where there is no lr")
    np.testing.assert_allclose(lines(axes, colour(0)), [[0.21, 0.21]])


def test_different_data_never_share_a_panel_of_nlls() -> None:
    figure = drawn({"data.dim": [1, 2], "model.n_components": [1, 2, 3]})
    for title, expected in (("dim 1 · NLL", [0.01, 0.11, 0.21]), ("dim 2 · NLL", [0.31, 0.41, 0.51])):
        np.testing.assert_allclose(lines(panel(figure, title), INK)[0], expected)


def test_a_line_passes_through_every_value_of_the_key_that_has_the_colours() -> None:
    axes = panel(drawn({"model.n_components": [1, 2, 3], "optimizer.lr": [0.1, 0.2, 0.3, 0.4]}), "NLL")
    np.testing.assert_allclose(lines(axes, INK)[0], [0.01, 0.41, 0.81])


def test_words_have_a_row_each() -> None:
    axes = panel(drawn({"init": ["_points", "$random$", None]}), "init")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["_points", "$random$", "(none)"]
    assert axes.get_xlabel() == "nll/val"


def test_of_many_words_the_best_have_room() -> None:
    axes = panel(drawn({"data.path": [f"{n}.csv" for n in range(20)]}), "data.path")
    assert axes.get_title(loc="left") == "data.path, without the 6 worst"
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"{n}.csv" for n in range(14)]


def test_a_dot_that_is_far_off_is_named_at_the_edge() -> None:
    fits = fits_of({"init": ["a", "b", "c", "d", "e"]})
    fits[4].numbers["nll/val"] = (500.0, None)  # type: ignore[index]
    figure = drawn({"init": ["a", "b", "c", "d", "e"]}, fits)
    assert panel(figure, "init").get_xlim()[1] < 1
    assert "500 →" in words(figure)


def test_an_axis_is_cut_only_where_that_shows_the_rest_larger() -> None:
    values, none = np.array([1.0, 1.1, 1.2, 50.0]), np.zeros(4)
    low, high = limits(values, none, worth=3)
    assert (low, high) == pytest.approx((1.0 - 0.07 * 0.2, 1.2 + 0.07 * 0.2), rel=1e-14)
    low, high = limits(values, none, worth=1000)
    assert (low, high) == pytest.approx((1.0 - 0.07 * 49, 50 + 0.07 * 49), rel=1e-14)


def test_values_that_agree_look_equal_on_a_wider_axis_without_an_offset() -> None:
    fits = fits_of({"optimizer": ["adam", "em", "lbfgs"]}, measures=("nll/train",), error=None)
    for place, fit in enumerate(fits):
        fit.numbers["nll/train"] = (4.155382207 + 1e-12 * place, None)  # type: ignore[index]
    axes = panel(drawn({"optimizer": ["adam", "em", "lbfgs"]}, fits), "nll/train")
    low, high = axes.get_ylim()
    assert (low, high) == pytest.approx((4.155382207 * 0.99, 4.155382207 * 1.01), rel=1e-9)
    assert axes.yaxis.get_offset_text().get_text() == ""


def test_an_axis_has_its_numbers_in_full() -> None:
    fits = fits_of({"optimizer.lr": [0.1, 0.2]}, measures=("nll/val",), error=None)
    for place, fit in enumerate(fits):
        fit.numbers["nll/val"] = (2.829177 + 1e-4 * place, None)  # type: ignore[index]
    axes = panel(drawn({"optimizer.lr": [0.1, 0.2]}, fits), "nll/val")
    assert axes.yaxis.get_offset_text().get_text() == ""
    assert {float(label.get_text()) > 2.8 for label in axes.get_yticklabels()} == {True}


def test_nlls_of_two_files_never_share_a_panel() -> None:
    grid: dict[str, list[Setting]] = {"data.path": ["a.csv", "b.csv"]}
    figure = drawn(grid, fits_of(grid, measures=("nll/val", "nll/train")))
    for name, expected in (("path a.csv", [0.0, 0.01]), ("path b.csv", [0.1, 0.11])):
        axes = panel(figure, name)
        dots = [np.asarray(line.get_xydata())[0, 0] for line in axes.lines if line.get_marker() == "o"]
        np.testing.assert_allclose(dots, expected, atol=1e-15)


def test_of_many_files_eight_have_a_panel_and_the_notes_say_so() -> None:
    grid: dict[str, list[Setting]] = {"data.path": [f"{n}.csv" for n in range(11)]}
    figure = drawn(grid, fits_of(grid, measures=("nll/val",)))
    assert len(panels(figure)) == 8
    assert "8 of 11 data sets" in words(figure)


def test_no_text_leaves_the_picture_and_no_title_its_panel() -> None:
    grid: dict[str, list[Setting]] = {
        "data.path": [f"{'far/' * 30}{n}.csv" for n in range(4)],
        "optimizer": ["em", "sgd"],
        "optimizer.momentum_of_a_long_name": [0.1, 0.2, None],
    }
    fits = fits_of(grid, measures=("nll/val",))
    remarks = ["a remark of some length"] * 9
    figure = sweep_figure(grid, fits, title=" × ".join(["a_long_key"] * 20), remarks=remarks)
    pixels(figure)
    names = [axes.xaxis.label for axes in panels(figure)]
    assert max(text.get_window_extent().x1 for text in (*figure.texts, *names)) <= 1200
    for axes in panels(figure):
        assert axes._left_title.get_window_extent().width <= axes.bbox.width + 20  # type: ignore[attr-defined]


def test_seconds_have_one_dot_for_each_optimizer_and_the_notes_say_which() -> None:
    grid: dict[str, list[Setting]] = {"optimizer": ["em", "sgd"], "init": ["a", "b", "c"]}
    figure = drawn(grid)
    axes = panel(figure, "nll/excess")
    assert sum(line.get_marker() == "o" for line in axes.lines) == 2
    assert not [artist for artist in axes.collections if type(artist).__name__ == "PathCollection"]
    assert "the best where several settings share a place" in words(figure)


GRIDS: list[dict[str, list[Setting]]] = [
    {},
    {"optimizer": ["em"]},
    {"data": ["bimodal", "file"]},
    {"data": ["bimodal", "file"], "optimizer": ["em", "adam"]},
    {"data.dim": [1, 2, 4, 8, 16, 32], "covariance": ["full", "diag"], "model.n_components": [1, 2]},
    {"optimizer": [f"optimizer number {n}" for n in range(12)], "model.n_components": [1, 2]},
    {"model.n_components": list(range(1, 31)), "covariance": ["full", "diag", "tied", "spherical"], "init": ["a", "b"]},
    {"optimizer.weight_decay": [0, 0.1, 1000.0], "optimizer.nesterov": ["false", "true"]},
    {"data.columns": ["[1, 2]", "a" * 300, "null", None]},
]


@pytest.mark.parametrize("measures", [ALL, ("nll/train", "bic")], ids=["everything", "nothing held out"])
@pytest.mark.parametrize("error", [None, 0.0, 1e9])
@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: " ".join(grid) or "nothing")
def test_any_sweep_is_drawn_without_a_warning(
    grid: dict[str, list[Setting]], error: float | None, measures: Sequence[str], tmp_path: Path
) -> None:
    figure = drawn(grid, fits_of(grid, measures=measures, error=error))
    assert figure.bbox.width == 1200
    save_png(figure, tmp_path / "sweep.png")
    assert panels(figure)


def test_a_sweep_of_which_nothing_is_done_says_so() -> None:
    figure = drawn({"optimizer": ["em", "adam"]}, [])
    assert "no run is done yet" in words(figure)
    assert panels(figure) == []


def test_the_same_sweep_is_the_same_bytes(tmp_path: Path) -> None:
    grid: dict[str, Any] = {"model.n_components": [1, 2, 3], "optimizer": ["em", "adam"]}
    for name in ("once", "again"):
        save_png(drawn(grid), tmp_path / name)
    assert (tmp_path / "once").read_bytes() == (tmp_path / "again").read_bytes()
