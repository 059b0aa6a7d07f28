"""An experiment's command: where it stands, how it is typed, and which runs are its own.

A sweep's folder may hold more than one command left there: somebody tried another seed, or the experiment was once
larger. So the runs of a command are the jobs that it comes to, found by the names that the sweep gives them.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode

from mixfit import runs
from mixfit.catalogue import CONFIGS
from mixfit.overrides import checked
from mixfit.runs import Run
from mixfit.sweep import Job, jobs_of


def command_of(experiment: str) -> str:
    """The command that the experiment's YAML file begins with, as in `python train.py experiment=demo`."""
    text = (CONFIGS / "experiment" / f"{experiment}.yaml").read_text(encoding="utf-8")
    found = re.search(r"\A# @package _global_\n# (python train\.py .+)\n", text)
    if found is None:
        raise ValueError(f"configs/experiment/{experiment}.yaml does not begin with Hydra's line and its command")
    return found.group(1)


def ask(command: str, folder: Path, more: Sequence[str] = ()) -> list[Run]:
    """Types the command for this sweep folder, with more overrides, and returns its runs in the order of its jobs.

    What is done already is not done again. Raises `CalledProcessError`, after showing why, if a job does not end well.
    """
    arguments = [*arguments_of(command), *more, f"hydra.sweep.dir={folder}"]
    ended = subprocess.run(
        [sys.executable, "-m", "mixfit.commands.train", *arguments], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        sys.stderr.write(ended.stderr[-4000:])
        ended.check_returncode()
    return [runs.read(folder / job.name) for job in jobs(arguments)]


def arguments_of(command: str) -> list[str]:
    """What stands behind `python train.py`."""
    python, script, *arguments = shlex.split(command)
    if (python, script) != ("python", "train.py"):
        raise ValueError(f"{command}: expected a command that begins with python train.py")
    return arguments


def jobs(arguments: Sequence[str]) -> list[Job]:
    """The jobs of a sweep that is typed so, with the experiment's own sweep."""
    overrides = checked([argument for argument in arguments if not argument.startswith("-")], sweeps=True)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        parser = OverridesParser.create(loader)
        fixed = [override for override in parser.parse_overrides(overrides) if not override.is_sweep_override()]
        chosen = [str(override.input_line) for override in fixed if override.key_or_group == "experiment"]
        config = loader.load_configuration("train", chosen, RunMode.MULTIRUN)
        params = [f"{key}={value}" for key, value in config.hydra.sweeper.params.items()]
        return jobs_of(parser.parse_overrides([*params, *overrides]))
