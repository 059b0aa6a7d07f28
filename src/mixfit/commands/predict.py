"""What does a run's model say of every single point: its component, its log-density, whether it is an outlier?

Points pass through some at a time, from a file that may be larger than memory to one that may be too. An outlier is a
point that is less likely than a share of the training points were: the threshold belongs to the model and not to the
points that are looked at, so the same point is judged alike in any company.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixfit.commands.asked import Asked, asked, parser
from mixfit.commands.output import new_file

if TYPE_CHECKING:
    from mixfit.commands.predictions import Tally

MOST_SHARES = 20
"""Components of which a summary shows the share."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes a row for each point, where there is a file for them, and prints what they say together."""
    found = asked(command_line(), arguments)
    share = found.flags.outliers
    threshold = None if share is None else found.model.rarity.threshold(share)
    show(found, predicted(found, threshold), threshold)


def command_line() -> ArgumentParser:
    """The command line."""
    command = parser(
        "predict",
        "What a run's model says of each point, a row for each in the order of the file:\n"
        "  label              the most probable component, counted from 0\n"
        "  log_density        log p(x) in nats, in the data's units\n"
        "  responsibility_k   p(k | x) of every component k\n"
        "  outlier            with --outliers: whether log_density is below the threshold\n"
        "Prints a summary; --output writes the rows. The file may be larger than memory. Points that are\n"
        "no file's come as training, validation and test points, one after the other.",
        [
            "logs/runs/2026-01-31_12-00-00-000000 --output labels.csv",
            "RUN data.path=new.parquet --output predictions.parquet --outliers 0.01",
        ],
    )
    command.add_argument(
        "--output", type=new_file(".csv", ".parquet"), metavar="FILE", help="write the rows there (.csv or .parquet)"
    )
    command.add_argument(
        "--outliers",
        type=share_of_points,
        metavar="SHARE",
        help="mark points that are less likely than this share of the training points, as 0.01",
    )
    return command


def share_of_points(text: str) -> float:
    """A share, as argparse has types."""
    try:
        share = float(text)
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 1:
        raise ArgumentTypeError(f"{text}: a share of the training points lies between 0 and 1; give 0.01, say")
    return share


def predicted(found: Asked, threshold: float | None) -> Tally:
    """What all predictions come to, once each is written to the file that was asked for."""
    from mixfit import chosen
    from mixfit.commands.chunks import chunks
    from mixfit.commands.predictions import Tally, predictions, schema
    from mixfit.commands.row_file import row_file
    from mixfit.commands.workers import in_order

    density = found.model.density
    n_components, assignment = len(density.weights), chosen.assignment(found.model.settings.get("optimizer"))
    tally = Tally(n_components)
    with row_file(found.flags.output, schema(n_components, threshold is not None)) as write:
        for some in in_order(lambda points: predictions(density, points, threshold, assignment), chunks(found)):
            some.check(tally.n_rows + 1)
            tally.add(some)
            write(some.table)
    return tally


def show(found: Asked, tally: Tally, threshold: float | None) -> None:
    """Prints the summary, and where the rows are."""
    from rich.console import Console
    from rich.table import Table

    lines = Table("name", "text", box=None, pad_edge=False, show_header=False)
    lines.columns[0].style = "dim"
    lines.add_row("points", f"{tally.n_rows}")
    lines.add_row("nll", f"{tally.nll:.6g} nats per point")
    shown = "  ".join(f"{k}: {share:.2%}" for k, share in enumerate(tally.shares[:MOST_SHARES]))
    lines.add_row("labels", shown + "  ..." * (len(tally.shares) > MOST_SHARES))
    if threshold is not None:
        share = tally.n_outliers / tally.n_rows
        lines.add_row("outliers", f"{tally.n_outliers} ({share:.2%}), log_density below {threshold:.6g}")
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(lines)
    console.print(f"{found.run} on {found.about}", style="dim", soft_wrap=True)
    written = found.flags.output or "no rows written; --output FILE.csv or FILE.parquet writes them"
    console.print(str(written), soft_wrap=True)
