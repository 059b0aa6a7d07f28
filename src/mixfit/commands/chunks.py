"""The points that a command looks at, some at a time.

A file's rows come in the order of the file and from the file, so it may be larger than memory, and however the run
divided it. Points of any other source come as its three parts: training, validation, test.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mixfit.commands.asked import Asked
from mixfit.data.tables import column_names, read_chunks

CHUNK_ELEMENTS = 2**20
"""Floating-point numbers of a chunk and of what is computed for it: large enough to be quick, small beside memory."""


def chunks(found: Asked) -> Iterator[Tensor]:
    """Points (n, D) in float64; `InputError` if they cannot be read, or do not live where the model does."""
    density = found.model.density
    rows = max(1, CHUNK_ELEMENTS // (density.means.shape[1] + len(density.weights)))
    return _of_file(found, rows) if "path" in found.options else _of_source(found, rows)


def _of_file(found: Asked, rows: int) -> Iterator[Tensor]:
    path, header = found.options["path"], found.options["header"]
    chosen = {key: found.options[key] for key in ("columns", "label")}
    if not found.own:
        chosen = found.columns_among(column_names(path, header))
    for table in read_chunks(path, **chosen, header=header, rows=rows, with_labels=False):
        found.check_dimension(table.columns)
        yield torch.from_numpy(table.points)


def _of_source(found: Asked, rows: int) -> Iterator[Tensor]:
    dataset = found.source().load(found.seed)
    found.check_dimension(dataset.columns)
    for part in (dataset.train, dataset.val, dataset.test):
        if len(part):
            yield from part.points.split(rows)
