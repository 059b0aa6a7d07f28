"""The rows of a sweep's table, and their rank.

One row per combination of the swept keys; the seeds of a combination are folded into a mean and its standard error,
each counted once however often it ran. Only runs that are done count for a mean, and rows without any stand at the
end. The rank is that of the mean `nll/val`; rows without held-out points follow, by their BIC. NLLs of different data
say nothing about each other (an NLL has the entropy of its data in it), so where the data differ each data set has
its own ranks, from 1 on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import inf
from typing import Any

from mixfit.leaderboard.estimate import Estimate
from mixfit.leaderboard.settings import Setting, data_of, order, setting, swept_keys
from mixfit.runs import Run, natural

MEASURES = (
    *("nll/train", "nll/val", "nll/test", "nll/excess", "bic", "icl", "ari"),
    *("n_points", "n_parameters", "passes", "converged", "seconds/fit", "seconds/total"),
)
"""What is folded over seeds, named as in `metrics.json`; the clock's at the end, for no two runs agree on them."""

STATUSES = ("failed", "interrupted", "skipped", "running", "done")
"""In the order in which a row names them."""


@dataclass(frozen=True)
class Row:
    """One combination of the swept keys.

    Attributes:
        rank: from 1 on among the rows of the same data; None if no run is done.
        settings: the value of each swept key.
        n_done: seeds whose run is done, which the estimates are made of.
        n_runs: all seeds.
        estimates: for each name of `MEASURES`; None where a run that is done has no such number.
        status: `done`, or how many runs ended how.
        error: what the first run that is not done has to say, in one line.
        data: what the runs were fitted to, key by key.
    """

    rank: int | None
    settings: tuple[Setting, ...]
    n_done: int
    n_runs: int
    estimates: Mapping[str, Estimate | None]
    status: str
    error: str | None
    data: Mapping[str, Setting]

    def mean(self, name: str) -> float | None:
        """The mean of a measure, where there is one."""
        estimate = self.estimates[name]
        return None if estimate is None else estimate.mean


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
        ranked = [row for row in self.rows if row.rank]
        held_out = {row.mean("nll/val") is not None for row in ranked}
        if not ranked:
            return "no run is done yet"
        by = (
            "nll/val"
            if held_out == {True}
            else "BIC"
            if held_out == {False}
            else "nll/val, or BIC without held-out data"
        )
        apart = ", each data set by itself, for NLLs of different data cannot be compared" if len(self.best) > 1 else ""
        spread = "; ± is one standard error over seeds" if any(row.n_done > 1 for row in ranked) else ""
        return f"ranked by {by}{apart}{spread}"


def of(runs: Sequence[Run]) -> Leaderboard:
    """The table of some runs, the same for every order of them."""
    swept = swept_keys(runs)
    combinations: dict[tuple[Setting, ...], list[Run]] = {}
    for run in _one_per_seed(runs, swept):
        combinations.setdefault(tuple(setting(run, key) for key in swept), []).append(run)
    rows = sorted((_row(settings, members) for settings, members in combinations.items()), key=_place)
    ranked: list[Row] = []
    for (unranked, _), group in groupby(rows, key=lambda row: _place(row)[:2]):
        ranked += [replace(row, rank=None if unranked else rank) for rank, row in enumerate(group, start=1)]
    return Leaderboard(swept, tuple(ranked))


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


def _row(settings: tuple[Setting, ...], runs: Sequence[Run]) -> Row:
    done = [run for run in runs if run.metrics["status"] == "done"]
    errors = [str(run.metrics["error"]) for run in runs if run not in done and run.metrics["error"]]
    return Row(
        rank=None,
        settings=settings,
        n_done=len(done),
        n_runs=len(runs),
        estimates={name: Estimate.of([run.metrics[name] for run in done]) for name in MEASURES},
        status=_status(Counter(str(run.metrics["status"]) for run in runs)),
        error=" ".join(errors[0].split()) if errors else None,
        data=data_of(runs[0]),
    )


def _status(counts: Mapping[str, int]) -> str:
    """One word where all runs agree, else how many there are of each."""
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{counts[status]} {status}" for status in sorted(counts, key=_severity))


def _severity(status: str) -> tuple[int, str]:
    return STATUSES.index(status) if status in STATUSES else len(STATUSES), status


def _place(row: Row) -> tuple[bool, list[Any], bool, float, list[Any]]:
    """What to sort rows by; ties are in the order of their settings."""
    val, bic = row.mean("nll/val"), row.mean("bic")
    score = val if val is not None else bic if bic is not None else inf
    data = [(key, order(value)) for key, value in row.data.items()] if row.n_done else []
    return row.n_done == 0, data, val is None, score, [order(value) for value in row.settings]
