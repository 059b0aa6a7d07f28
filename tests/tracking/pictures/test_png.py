"""PNGs, read back with Pillow."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mixfit.tracking.pictures.components import Components
from mixfit.tracking.pictures.density import density_figure
from mixfit.tracking.pictures.png import Pixels, drawn, png, save_png
from mixfit.tracking.pictures.report import density_part, report_figure


def read_back(content: bytes) -> Pixels:
    return np.asarray(Image.open(BytesIO(content)).convert("RGB"))


def test_flat_colours_come_back_to_the_shade() -> None:
    colours = np.array([[255, 255, 255], [241, 244, 247], [230, 235, 240], [0, 114, 178], [31, 41, 51]], np.uint8)
    pixels = np.repeat(np.repeat(colours[:, None], 60, axis=1), 12, axis=0)
    np.testing.assert_array_equal(read_back(png(pixels)), pixels)


def test_a_flat_colour_is_not_changed_by_a_few_pixels_that_nearly_have_it() -> None:
    pixels = np.full((90, 90, 3), 241, np.uint8)
    pixels[::30, ::30] = 246  # in the same cube, and among the pixels that are counted
    assert (read_back(png(pixels))[1::2] == 241).all()


def test_many_colours_come_back_nearly() -> None:
    figure = Figure(figsize=(4, 3), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 2000))
    axes.scatter(x, y, c=generator.uniform(size=(2000, 3)), alpha=0.4)
    pixels = drawn(figure)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10_000
    error = np.abs(read_back(png(pixels)).astype(int) - pixels)
    assert error.mean() < 8


def test_a_file_appears_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    figure = Figure(figsize=(2, 1), dpi=100)
    save_png(figure, tmp_path / "picture.png")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]
    assert read_back((tmp_path / "picture.png").read_bytes()).shape == (100, 200, 3)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_density_is_a_part_of_the_report_pixel_for_pixel(d: int) -> None:
    fitted = Components(np.array([0.3, 0.7]), np.stack([np.zeros(d), np.ones(d)]), np.stack([np.eye(d), 2 * np.eye(d)]))
    points = np.random.default_rng(0).normal(size=(200, d))
    report = report_figure(points, fitted, history={}, summary={"a": "1"}, title="t", truth=fitted)
    np.testing.assert_array_equal(density_part(drawn(report)), drawn(density_figure(points, fitted, truth=fitted)))
