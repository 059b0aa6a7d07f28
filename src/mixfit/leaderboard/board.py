"""The rows of a sweep's table.

One row per combination of the swept keys; the seeds of a combination are folded into a mean and its standard error,
each counted once however often it ran. Rows without any run that is done stand at the end. NLLs of different data
say nothing about each other (an NLL has the entropy of its data in it), so where the data differ each data set has
its own ranks, from 1 on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mixfit.leaderboard.ranking import ranked
from mixfit.leaderboard.row import Row, row_of
from mixfit.leaderboard.settings import Setting, order, setting, swept_keys
from mixfit.runs import Run, natural


@dataclass(frozen=True)
class Leaderboard:
    """A sweep's table: the swept keys and the rows, best first within each data set."""

    swept: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def best(self) -> list[Row]:
        """The first row of each data set."""
        return [row for row in self.rows if row.rank == 1]

    @property
    def unfinished(self) -> list[Row]:
        """The rows in which some run is not done."""
        return [row for row in self.rows if row.n_done < row.n_runs]

    @property
    def caption(self) -> str:
        """What the ranks mean."""
        held_out = {row.measure == "nll/val" for row in self.rows if row.rank}
        if not held_out:
            return "no run is done yet"
        by = (
            "nll/val"
            if held_out == {True}
            else "BIC"
            if held_out == {False}
            else "nll/val, or BIC without held-out data"
        )
        apart = ", each data set by itself, for NLLs of different data cannot be compared" if len(self.best) > 1 else ""
        return f"ranked by {by}{apart}{self._spread}"

    @property
    def _spread(self) -> str:
        """What the numbers are that only several seeds have."""
        if all(row.n_done < 2 for row in self.rows):
            return ""
        paired = "; above best: the mean difference to the best row, paired over the seeds that both have done"
        is_paired = any(row.above_best and row.above_best.standard_error is not None for row in self.rows)
        return f"{paired if is_paired else ''}; ± is one standard error over seeds"


def of(runs: Sequence[Run]) -> Leaderboard:
    """The table of some runs, the same for every order of them."""
    swept = swept_keys(runs)
    combinations: dict[tuple[Setting, ...], list[Run]] = {}
    for run in _one_per_seed(runs, swept):
        combinations.setdefault(tuple(setting(run, key) for key in swept), []).append(run)
    rows = sorted((row_of(settings, members) for settings, members in combinations.items()), key=lambda row: row.order)
    done = sorted((row for row in rows if row.n_done), key=_data)
    best_first = [row for _, same_data in groupby(done, key=_data) for row in ranked(list(same_data))]
    return Leaderboard(swept, (*best_first, *(row for row in rows if not row.n_done)))


def _one_per_seed(runs: Sequence[Run], swept: Sequence[str]) -> list[Run]:
    """The runs by seed without repetitions of a seed: one that is done if there is one, else the one named last.

    The same fit twice tells nothing new, but would make its standard error look smaller.
    """
    kept: dict[tuple[Setting, ...], Run] = {}
    for run in sorted(
        runs, key=lambda run: (run.metrics["status"] == "done", natural(run.folder.name), str(run.folder))
    ):
        seed = setting(run, "seed")
        unknown = str(run.folder) if seed is None else None
        kept[(seed, unknown, *(setting(run, key) for key in swept))] = run
    return sorted(kept.values(), key=lambda run: (order(setting(run, "seed")), natural(run.folder.name)))


def _data(row: Row) -> list[Any]:
    return [(key, order(value)) for key, value in row.data.items()]
