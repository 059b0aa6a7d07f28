"""One row of a sweep's table: the runs of one combination of the swept keys, folded over their seeds.

Only runs that are done count for a mean. The numbers that rank are also kept seed by seed, for a seed often makes the
data too: two settings are then compared seed by seed, where what the data do to both cancels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mixfit.leaderboard.estimate import Estimate
from mixfit.leaderboard.settings import Setting, data_of, order, setting
from mixfit.runs import Run, natural

MEASURES = (
    *("nll/train", "nll/val", "nll/test", "nll/excess", "bic", "icl", "ari"),
    *("n_points", "n_parameters", "components_on_floor", "passes", "converged", "seconds/fit", "seconds/total"),
)
"""What is folded over seeds, named as in `metrics.json`; the clock's at the end, for no two runs agree on them."""

STATUSES = ("failed", "interrupted", "skipped", "running", "done")
"""In the order in which a row names them."""


@dataclass(frozen=True)
class Row:
    """One combination of the swept keys.

    Attributes:
        settings: the value of each swept key.
        endings: how many seeds have each status.
        estimates: for each name of `MEASURES`, over the runs that are done; None where one has no such number.
        scores: the measure that ranks, for each seed whose run is done.
        error: what the first run that is not done has to say, in one line.
        data: what the runs were fitted to, key by key.
        folders: the names of the runs' folders, in their natural order.
        rank: from 1 on among the rows of the same data; None if no run is done.
        above_best: the paired difference of the measure that ranks to the best row of the same data; None where the
            two have no seed or no measure in common.
    """

    settings: tuple[Setting, ...]
    endings: Mapping[str, int]
    estimates: Mapping[str, Estimate | None]
    scores: Mapping[Setting, float]
    error: str | None
    data: Mapping[str, Setting]
    folders: tuple[str, ...]
    rank: int | None = None
    above_best: Estimate | None = None

    @property
    def n_done(self) -> int:
        """Seeds whose run is done, which the estimates are made of."""
        return self.endings.get("done", 0)

    @property
    def n_runs(self) -> int:
        """All seeds."""
        return sum(self.endings.values())

    @property
    def status(self) -> str:
        """One word where all runs agree, else how many there are of each."""
        if len(self.endings) == 1:
            return next(iter(self.endings))
        return ", ".join(f"{self.endings[status]} {status}" for status in sorted(self.endings, key=_severity))

    @property
    def measure(self) -> str | None:
        """The name of the measure that ranks the row: `nll/val`, or `bic` without held-out points."""
        return _measure(self.estimates)

    @property
    def order(self) -> list[Any]:
        """A key to sort rows by their settings."""
        return [order(value) for value in self.settings]

    @property
    def is_on_floor(self) -> bool:
        """Whether a run of it has components on the floor, where its likelihood measures the floor."""
        return bool(self.mean("components_on_floor"))

    def mean(self, name: str) -> float | None:
        """The mean of a measure, where there is one."""
        estimate = self.estimates[name]
        return None if estimate is None else estimate.mean


def row_of(settings: tuple[Setting, ...], runs: Sequence[Run]) -> Row:
    """The row of some runs, one for each seed, before it is ranked."""
    done = [run for run in runs if run.metrics["status"] == "done"]
    errors = [str(run.metrics["error"]) for run in runs if run not in done and run.metrics["error"]]
    estimates = {name: Estimate.of([run.metrics[name] for run in done]) for name in MEASURES}
    return Row(
        settings=settings,
        endings=Counter(str(run.metrics["status"]) for run in runs),
        estimates=estimates,
        scores=_scores(done, _measure(estimates)),
        error=" ".join(errors[0].split()) if errors else None,
        data=data_of(runs[0]),
        folders=tuple(sorted((run.folder.name for run in runs), key=natural)),
    )


def _measure(estimates: Mapping[str, Estimate | None]) -> str | None:
    return next((name for name in ("nll/val", "bic") if estimates[name] is not None), None)


def _scores(done: Sequence[Run], measure: str | None) -> dict[Setting, float]:
    """The numbers by seed; a run whose seed cannot be read has no partner in another row."""
    numbers = {setting(run, "seed"): run.metrics[measure] for run in done} if measure else {}
    return {seed: float(x) for seed, x in numbers.items() if seed is not None and isinstance(x, int | float)}


def _severity(status: str) -> tuple[int, str]:
    return STATUSES.index(status) if status in STATUSES else len(STATUSES), status
