"""How a test types `python train.py ...`.

In this process, because a new one imports torch and Lightning for seconds. A run finds torch as a new process would,
and what it changes for the whole process (arguments, environment, log handlers, number of threads) is put back.
"""

from __future__ import annotations

import json
import logging
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

import torch

from mixfit.catalogue import parts
from mixfit.chosen import draws
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.standardization import Standardization

REPOSITORY = Path(__file__).resolve().parents[1]
CONFIGS = REPOSITORY / "configs"
TRAIN = REPOSITORY / "train.py"
BEST, LAST = (Path("checkpoints") / f"{name}.ckpt" for name in ("best", "last"))


def choices(group: str) -> list[str]:
    """What a configuration group offers."""
    return sorted(path.stem for path in (CONFIGS / group).glob("*.yaml"))


def families() -> list[str]:
    """The choices of `covariance` that are a family, and not a choice between some."""
    return [*parts("covariance")]


def drawn_starts() -> list[str]:
    """The choices of `init` that need nothing but the points."""
    return [choice for choice in choices("init") if draws(choice)]


@dataclass(frozen=True)
class Ended:
    """What a command leaves behind: its exit status, what it printed, and the folder it was given."""

    status: int
    stdout: str
    stderr: str
    folder: Path

    @property
    def metrics(self) -> dict[str, Any]:
        """Its `metrics.json`, which may not hold NaN or infinity."""
        return metrics_in(self.folder)


def train(folder: Path, *arguments: str) -> Ended:
    """`python train.py ARGUMENTS` with `folder` as the folder of the run, or of the sweep."""
    where = [f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}"]
    stdout, stderr, status = StringIO(), StringIO(), 0
    with _process_like_new(["train.py", *arguments, *where]), redirect_stdout(stdout), redirect_stderr(stderr):
        try:
            runpy.run_path(str(TRAIN), run_name="__main__")
        except SystemExit as end:
            status = int(end.code or 0)
    return Ended(status, stdout.getvalue(), stderr.getvalue(), folder)


def train_in_new_process(folder: Path, *arguments: str, options: tuple[str, ...] = ()) -> Ended:
    """The same as anybody would type it, in `folder` as the current one; `options` are the interpreter's."""
    command = [sys.executable, *options, str(TRAIN), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return Ended(done.returncode, done.stdout, done.stderr, folder)


def sweep_in_new_process(folder: Path, *overrides: str) -> Path:
    """The folder, once a sweep has ended well in it."""
    ended = train_in_new_process(folder.parent, *overrides, f"hydra.sweep.dir={folder}")
    assert ended.status == 0, ended.stderr
    return folder


def run_experiment(folder: Path, *overrides: str) -> dict[str, Any]:
    """The metrics of a run that has to succeed."""
    ended = train(folder, *overrides)
    assert ended.status == 0, ended.stderr
    metrics = ended.metrics
    assert metrics["status"] == "done"
    return metrics


def refusal(folder: Path, *overrides: str) -> str:
    """What a run that has to fail tells its user; its folder, if there is one, must not look finished."""
    ended = train(folder, *overrides)
    assert ended.status == 1, ended.stdout
    assert "Traceback" not in ended.stderr
    assert not (folder / BEST).exists()
    assert not folder.exists() or ended.metrics["status"] == "failed"
    message = ended.stderr.rpartition("error: ")[2]
    assert message.strip(), ended.stderr
    return message


def metrics_in(folder: Path) -> dict[str, Any]:
    """A folder's `metrics.json`, which may not hold NaN or infinity."""
    content: dict[str, Any] = json.loads((folder / "metrics.json").read_text(), parse_constant=_not_a_number)
    return content


def density_in(checkpoint: Path, family: Covariance) -> Density:
    """The density that a checkpoint holds."""
    density = Density(Mixture(family).double(), Standardization.identity(family.dim))
    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    density.load_state_dict({name.removeprefix("density."): value for name, value in state.items()})
    return density


def _not_a_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} in metrics.json")


@contextmanager
def _process_like_new(arguments: list[str]) -> Iterator[None]:
    root, n_threads, dtype = logging.getLogger(), torch.get_num_threads(), torch.get_default_dtype()
    handlers, level = root.handlers[:], root.level
    with patch.dict(os.environ), patch.object(sys, "argv", arguments):
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            for handler in root.handlers:
                if handler not in handlers:
                    handler.close()
            root.handlers[:] = handlers
            root.setLevel(level)
            torch.set_num_threads(n_threads)
            torch.set_default_dtype(dtype)
