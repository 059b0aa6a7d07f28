"""Gives nasty data to mixfit and to scikit-learn, and prints what each makes of them, data set by data set.

The sets, and what is right for each, stand in `tests/robustness/nasty`; the tests beside them hold mixfit to all.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, and the one above it is not

if TYPE_CHECKING:
    from tests.robustness.nasty.comparison import Compared


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table for each topic as soon as it is known, and the totals."""
    asked = parser().parse_args(arguments)
    from scripts.benchmarks.circumstances import circumstances, in_words  # --help needs no torch
    from tests.robustness.nasty.comparison import compared
    from tests.robustness.nasty.table import CASES, TOPICS

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    by_topic = {topic: [case for case in cases if asked.name in case.name] for topic, cases in TOPICS.items()}
    wanted = [case for cases in by_topic.values() for case in cases]
    coming = compared([CASES.index(case) for case in wanted], asked.processes)
    everything: list[Compared] = []
    for topic, cases in by_topic.items():
        rows = list(islice(coming, len(cases)))
        everything += rows
        if rows:
            console.print(topic_table(topic, rows))
        for why in (why for each in rows for why in each.reasons() if asked.why):
            console.print(f"[dim]- {escape(why)}[/dim]")
    console.print(totals_table(everything))
    console.print(f"[dim]{escape(in_words(circumstances(ROOT)))}; seed 0[/dim]", soft_wrap=True)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Give nasty data to mixfit, to scikit-learn, and to scikit-learn behind z-scores with a tight\n"
        "tolerance; all with one start and their defaults otherwise. `passed` is a fit within the bounds that\n"
        "are known for it, or a refusal of what cannot be fitted; families are named where they differ.\n"
        "`refused` is what could have been fitted. Takes two or three minutes.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", default="", help="only data sets whose names contain this")
    parser.add_argument("--why", action="store_true", help="say why, for whatever has not passed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many; one for each core")
    return parser


def topic_table(topic: str, rows: Sequence[Compared]) -> Table:
    """A row for each data set."""
    from tests.robustness.nasty.comparison import PROGRAMS

    table = Table(title=topic, title_justify="left", title_style="bold", box=None, pad_edge=False, show_edge=False)
    for heading in ("data set", "K", *(program.name for program in PROGRAMS)):
        table.add_column(heading, justify="right" if heading == "K" else "left")
    for row in rows:
        verdicts = [row.cell(program) for program in range(len(PROGRAMS))]
        table.add_row(row.case.name, str(row.case.n_components), *verdicts)
    return table


def totals_table(rows: Sequence[Compared]) -> Table:
    """A row for each program: how many of its fits passed, and what became of the others."""
    from tests.robustness.nasty.comparison import PROGRAMS, totals
    from tests.robustness.nasty.judging import Verdict

    table = Table(title="all", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("program")
    for heading in ("fits", "passed %", *(verdict.value for verdict in Verdict)):
        table.add_column(heading, justify="right")
    for place, program in enumerate(PROGRAMS):
        counts = totals(rows, place)
        share = f"{100 * counts[Verdict.PASSED] / max(counts.total(), 1):.1f}"
        table.add_row(program.name, str(counts.total()), share, *(str(counts[verdict]) for verdict in Verdict))
    return table


if __name__ == "__main__":
    main()
