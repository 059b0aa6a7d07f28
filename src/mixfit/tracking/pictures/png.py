"""From a figure to the bytes of a PNG, drawn once.

A picture of flat colours needs few of them: with 256 taken from its own pixels the eye sees no difference, and the
file is a third as large. That is worth having where a sweep leaves hundreds of pictures, and because TensorBoard's
writer spends 0.15 µs on every byte.
"""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mixfit.one_move import write_in_one_move

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pixels = NDArray[np.uint8]
"""Red, green and blue, (height, width, 3)."""

COLOURS = 256
THINNED = 3
"""Colours are counted in every third row and column."""


def drawn(figure: "Figure") -> Pixels:
    """The figure's pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def png(pixels: Pixels) -> bytes:
    """The pixels as PNG; equal pixels give equal bytes, for neither date nor version is stored."""
    from PIL import Image

    palette = Image.new("P", (1, 1))
    palette.putpalette(common_colours(pixels).tobytes())
    image = Image.fromarray(np.ascontiguousarray(pixels)).quantize(palette=palette, dither=Image.Dither.NONE)
    buffer = BytesIO()
    image.save(buffer, format="png", compress_level=3)
    return buffer.getvalue()


def common_colours(pixels: Pixels) -> Pixels:
    """The commonest colours, (256, 3): one for each well-filled cube of colours 8 shades wide, the mean of its pixels.

    A flat area outweighs the few pixels of its cube that are on some edge, so its colour is kept to the shade.
    """
    sample = pixels[::THINNED, ::THINNED].reshape(-1, 3)
    cubes = (sample.astype(np.intp) >> 3) @ np.array([1024, 32, 1])
    counts = np.bincount(cubes, minlength=32 * 32 * 32)
    fullest = np.argsort(-counts, kind="stable")[:COLOURS]
    sums = np.stack([np.bincount(cubes, shade, len(counts))[fullest] for shade in sample.T], axis=1)
    means: Pixels = np.rint(sums / np.maximum(counts[fullest], 1)[:, None]).astype(np.uint8)
    return means


def save_png(figure: "Figure", path: Path) -> None:
    """Draws the figure into a file."""
    write_in_one_move(path, png(drawn(figure)))
