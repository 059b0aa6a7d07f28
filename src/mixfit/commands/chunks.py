"""The points that a command looks at, some at a time.

A file's rows come in the order of the file and from the file, so it may be larger than memory, and however the run
divided it. Points of any other source come as its three parts: training, validation, test.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mixfit.commands.asked import Asked
from mixfit.data.dataset import part_sizes
from mixfit.data.tables import read_chunks

CHUNK_ELEMENTS = 2**20
"""Floating-point numbers of a chunk and of what is computed for it: large enough to be quick, small beside memory."""


def chunks(found: Asked) -> Iterator[Tensor]:
    """Points (n, D) in float64; `InputError` if they cannot be read, or do not live where the model does."""
    density = found.model.density
    rows = max(1, CHUNK_ELEMENTS // (density.means.shape[1] + len(density.weights)))
    return _of_file(found, rows) if "path" in found.options else _of_source(found, rows)


def _of_file(found: Asked, rows: int) -> Iterator[Tensor]:
    options, n_points = found.options, 0
    tables = read_chunks(
        options["path"], **found.chosen_columns(), header=options["header"], rows=rows, with_labels=False
    )
    for table in tables:
        if not n_points:
            found.check_dimension(table.columns)
        n_points += len(table.points)
        yield torch.from_numpy(table.points)
    found.check_unchanged(part_sizes(n_points, options["val_fraction"], options["test_fraction"])[0])


def _of_source(found: Asked, rows: int) -> Iterator[Tensor]:
    dataset = found.dataset()
    for part in (dataset.train, dataset.val, dataset.test):
        for block in part.blocks() if len(part) else ():
            yield from block.points.split(rows)
