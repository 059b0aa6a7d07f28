"""The sweeper that Hydra finds: it runs the jobs that are not done, and always leaves a table.

Hydra's own sweeper tries the same combinations, but stops when a batch has a job that failed, starts from the
beginning when it is typed again, and never sums up. How and where the jobs run stays the launcher's business.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from mixfit import configuration
from mixfit.command_line import without_advice
from mixfit.errors import InputError
from mixfit.plain_yaml import dotted
from mixfit.program import typed_with
from mixfit.restart import is_left
from mixfit.sweep import Job, jobs_of, quoted, swept_keys

OURS = ("hydra", "main", "schema")
"""Where Hydra finds configurations if the user has no directory of their own."""

ENDED = ("done", "skipped", "failed")
"""What a job says that needs no further launch."""


class MixfitSweeper(Sweeper):
    """Runs every combination of the values given that is not done yet.

    Args:
        params: an experiment's own sweep; what is typed wins over it.
        max_batch_size: how many jobs the launcher gets at once; None for all.
        swept: set for the jobs, not by the user.
    """

    def __init__(self, params: DictConfig, max_batch_size: int | None, swept: Sequence[str]) -> None:
        if max_batch_size is not None and (not isinstance(max_batch_size, int) or max_batch_size < 1):
            raise InputError(f"hydra.sweeper.max_batch_size={max_batch_size}: expected a whole number, at least 1")
        self.params = [f"{key!s}={value}" for key, value in params.items()]
        self.max_batch_size = max_batch_size

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keeps what a sweep needs of Hydra."""
        self.config: DictConfig = config
        self.loader = hydra_context.config_loader
        self.folder = Path(str(config.hydra.sweep.dir)).absolute()
        self.launcher: Launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Runs the jobs that are left, and sums up whatever happened.

        Raises `InputError` before anything runs if a job would write over a run of another configuration, and at the
        end if a job did not end well.
        """
        overrides = OverridesParser.create(self.loader).parse_overrides([*self.params, *arguments])
        jobs = jobs_of(overrides)
        if any(source.provider not in OURS for source in self.loader.get_sources()):
            self._check(jobs)
        swept = swept_keys(overrides)
        left = [job for job in jobs if is_left(self.folder / job.name, partial(self._composed, job))]
        if len(left) < len(jobs):
            print(f"{len(jobs) - len(left)} of {len(jobs)} jobs are done already")
        self._make_folder()
        try:
            self._run(left, swept)
        except KeyboardInterrupt:
            again = [typed for typed in sys.argv[1:] if not typed.startswith("hydra.sweep.dir=")]
            command = typed_with(*again, f"hydra.sweep.dir={quoted(str(self.folder))}")
            sys.stderr.write(f"\ninterrupted; to go on, type\n{command}\n")
            raise
        finally:
            self._sum_up()
            waiting = sum(not (self.folder / job.name).exists() for job in jobs)
            if waiting:
                print(f"{waiting} of {len(jobs)} jobs have not started")
        unwell = [job.name for job in jobs if self._status(job) not in ("done", "skipped")]
        if unwell:
            more = f" and {len(unwell) - 3} more" if len(unwell) > 3 else ""
            raise InputError(f"{len(unwell)} of {len(jobs)} jobs did not end well: {', '.join(unwell[:3])}{more}")

    def _check(self, jobs: Sequence[Job]) -> None:
        """Composes and checks every job, which is slow, but the user's own choices cannot be known before."""
        for job in jobs:
            try:
                config = self.loader.load_sweep_config(self.config, list(job.overrides))
                choices = config.hydra.runtime.choices
                configuration.check_hydra(config)
                configuration.check(_without_hydra(config), choices)
            except (HydraException, OmegaConfBaseException, InputError) as error:
                raise InputError(f"{job.name}: {without_advice(error)}") from error

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            OmegaConf.save(self.config, self.folder / "multirun.yaml")
        except OSError as error:
            raise InputError(f"{error.filename}: {error.strerror}; choose another hydra.sweep.dir") from error

    def _composed(self, job: Job) -> dict[str, Any]:
        config = self.loader.load_sweep_config(self.config, list(job.overrides))
        content = OmegaConf.to_container(_without_hydra(config), resolve=False)
        assert isinstance(content, dict)  # a configuration is a mapping
        return dict(dotted(content))

    def _run(self, jobs: Sequence[Job], swept: Sequence[str]) -> None:
        """Launches the jobs until each has ended somehow.

        What a job raises stays in its folder; what a launcher raises means that a worker died, and others with it.
        Those that were under way then run one by one, so that the one that kills its worker is known.
        """
        one_by_one = self.config.hydra.runtime.choices["hydra/launcher"] == "basic"  # keeps what jobs of a batch return
        left = list(jobs)
        while left:
            try:
                self._launch(left, swept, self.max_batch_size or (1 if one_by_one else len(left)))
                return
            except Exception as error:
                sys.stderr.write(f"error: {type(error).__name__}: {error}\n")
                for job in filter(self._has_died, left):
                    self._run_suspect(job, swept)
                before, left = left, [job for job in left if self._status(job) not in ENDED]
                if len(left) == len(before):
                    raise InputError("the launcher runs none of the jobs that are left; see what it said") from error

    def _launch(self, jobs: Sequence[Job], swept: Sequence[str], size: int) -> None:
        for first in range(0, len(jobs), size):
            batch = [self._typed(job, swept) for job in jobs[first : first + size]]
            self.launcher.launch(batch, initial_job_idx=first)

    def _run_suspect(self, job: Job, swept: Sequence[str]) -> None:
        """Runs a job whose process died once more, alone; if it dies again, it has failed."""
        from mixfit.tracking import metrics_file

        try:
            self._launch([job], swept, size=1)
        except Exception as error:
            if not self._has_died(job):
                raise
            folder, reason = self.folder / job.name, f"its process died twice: {type(error).__name__}"
            metrics_file.write(folder, {**metrics_file.read(folder), "status": "failed", "error": reason})

    def _typed(self, job: Job, swept: Sequence[str]) -> list[str]:
        """The job's overrides with what Hydra has to know of its place in the sweep."""
        folder = quoted(str(self.folder / job.name))
        place = {"sweep.subdir": quoted(job.name), "run.dir": folder, "sweeper.swept": f"[{','.join(swept)}]"}
        return [*job.overrides, *(f"hydra.{key}={value}" for key, value in place.items())]

    def _has_died(self, job: Job) -> bool:
        """Whether the job had begun, and no process is at work on it."""
        return self._status(job) == "interrupted"

    def _status(self, job: Job) -> str:
        from mixfit import runs

        return str(runs.read(self.folder / job.name).metrics["status"])

    def _sum_up(self) -> None:
        """Writes and prints the table of everything in the sweep's folder."""
        try:
            from mixfit import leaderboard, runs

            if not (found := runs.find([self.folder])):
                return
            leaderboard.show(leaderboard.of(found))
            leaderboard.write(self.folder, found)
            print(self.folder)
        except (OSError, ImportError) as error:  # a library that was interrupted while it loaded cannot load again
            sys.stderr.write(f"error: {self.folder}: the table cannot be written: {error}\n")


def _without_hydra(config: DictConfig) -> DictConfig:
    """What a job sees of its configuration."""
    with open_dict(config):
        return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
