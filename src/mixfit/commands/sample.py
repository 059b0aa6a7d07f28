"""New points from a run's model, as many as are asked for, each with the component that it came from.

They are drawn and written some at a time, so a million millions need no more memory than a million; a seed gives the
same bytes wherever torch draws the same numbers.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from mixfit.commands.asked import asked_of_model, parser
from mixfit.commands.output import new_file

if TYPE_CHECKING:
    import pyarrow as pa

    from mixfit.portable import Model

CHUNK_ELEMENTS = 2**20
"""Floating-point numbers of the largest temporary while a chunk is drawn."""

SHOWN = 10
"""Rows that are printed where there is no file for them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the points, or prints the first ones where there is no file for them."""
    run, model, flags = asked_of_model(command_line(), arguments)
    if flags.output is None:
        show(next(drawn(model, min(flags.rows, SHOWN), flags.seed)))
        print(f"of {run}; --output FILE.csv, FILE.parquet or FILE.npy writes {flags.rows} rows")
        return
    from mixfit.commands.row_file import row_file

    with row_file(flags.output, schema(model), flags.rows) as write:
        for rows in drawn(model, flags.rows, flags.seed):
            write(rows)
    print(flags.output)


def command_line() -> ArgumentParser:
    """The command line."""
    command = parser(
        "sample",
        "New points from a run's model, in the data's units and with the names of its columns, and for each\n"
        "the component that it was drawn from, counted from 0, as a last column `component`. An NPY file, which\n"
        "has no names, is one matrix of float64. Any number of rows will do. The same seed gives the same bytes.",
        ["logs/runs/2026-01-31_12-00-00-000000 --rows 1000000 --output new.parquet", "RUN --seed 1"],
        looks_at_points=False,
    )
    command.add_argument("--rows", type=_whole_number(1), default=1000, metavar="N", help="how many points; 1000")
    command.add_argument("--seed", type=_whole_number(0), default=0, metavar="S", help="of the random numbers; 0")
    command.add_argument(
        "--output",
        type=new_file(".csv", ".parquet", ".npy"),
        metavar="FILE",
        help="write the rows there (.csv, .parquet or .npy)",
    )
    return command


def drawn(model: Model, n_rows: int, seed: int) -> Iterator[pa.Table]:
    """Independent draws with the columns of `schema`, n_rows of them in chunks that depend on the model alone."""
    import pyarrow as pa
    import torch

    generator = torch.Generator().manual_seed(seed)
    dim, columns = model.density.means.shape[1], schema(model)
    chunk_rows = max(1, CHUNK_ELEMENTS // dim**2)
    for first in range(0, n_rows, chunk_rows):
        points, component = model.density.sample(min(chunk_rows, n_rows - first), generator)
        yield pa.table([*points.T.contiguous().numpy(), component.numpy()], schema=columns)


def schema(model: Model) -> pa.Schema:
    """The D columns of the model and, last, `component`; of another name where a column of the data has that one."""
    import pyarrow as pa

    component = "component" if "component" not in model.axes else "component_drawn"
    return pa.schema([*((name, pa.float64()) for name in model.axes), (component, pa.int64())])


def show(rows: pa.Table) -> None:
    """Prints rows as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in rows.column_names:
        table.add_column(name, justify="right", no_wrap=True)
    for values in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        table.add_row(*(f"{value:.5g}" for value in values))
    Console(highlight=False, markup=False, emoji=False, width=12 * rows.num_columns).print(table)


def _whole_number(least: int) -> Callable[[str], int]:
    def checked(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or not least <= int(text) < 2**63:
            raise ArgumentTypeError(f"{text}: a whole number from {least} up is needed")
        return int(text)

    return checked
