"""A folder of Parquet files that is larger than one would like to hold, written chunk by chunk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import torch
from pyarrow import parquet
from torch import Tensor

from mixfit.data.dataset import generator

SPREAD = 4.0
"""Standard deviation of each coordinate of the means, whose components have one."""

ROW_GROUP = 1_000_000
GROUPS_PER_FILE = 10
ROOM = 1.1
"""Times the numbers themselves: what a disk should have free for them."""


def write(folder: Path, n_rows: int, dim: int, n_components: int, seed: int) -> int:
    """Writes float32 rows of a mixture into `folder`, in row groups of a million; returns the bytes on disk.

    Raises:
        RuntimeError: the disk has no room.
    """
    needed, free = int(ROOM * n_rows * dim * 4), shutil.disk_usage(folder).free
    if free < needed:
        raise RuntimeError(
            f"{n_rows:,} rows of {dim} numbers need {needed / 1e9:.1f} GB in {folder}, where {free / 1e9:.1f} GB are "
            "free; make room, or set TMPDIR to a folder on a larger disk"
        )
    random = generator(seed, 0)
    means = SPREAD * torch.randn(n_components, dim, generator=random)
    schema = pa.schema([(f"x{axis}", pa.float32()) for axis in range(dim)])
    for number, first in enumerate(range(0, n_rows, ROW_GROUP * GROUPS_PER_FILE)):
        with parquet.ParquetWriter(folder / f"part-{number:04}.parquet", schema, **_PLAIN) as writer:
            for begin in range(first, min(n_rows, first + ROW_GROUP * GROUPS_PER_FILE), ROW_GROUP):
                writer.write_table(_table(rows(means, min(ROW_GROUP, n_rows - begin), random), schema))
    return sum(file.stat().st_size for file in folder.iterdir())


def rows(means: Tensor, n_rows: int, random: torch.Generator) -> Tensor:
    """That many rows around means drawn at random, (n, D), float32."""
    component = torch.randint(len(means), (n_rows,), generator=random)
    return means[component] + torch.randn(n_rows, means.shape[1], generator=random)


def _table(points: Tensor, schema: pa.Schema) -> pa.Table:
    return pa.table([pa.array(column.contiguous().numpy()) for column in points.T], schema=schema)


_PLAIN = {"compression": "none", "use_dictionary": False, "write_statistics": False}
"""Random numbers neither shrink nor repeat."""
