"""Does a run that is killed, at whatever moment and as often as you like, end where it ends when it is left alone?

Every optimizer, full batches and mini-batches. The moments are drawn at random over the whole life of a run: while it
composes its configuration, makes its points, fits, writes a checkpoint, a picture, its numbers. Most of the signals
give a process no chance to tidy up. What was killed when, and what came of it, is written to the file that the
environment variable MIXFIT_KILL_LOG names.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from mixfit import runs
from mixfit.folder import checkpoint_of
from mixfit.tracking import metrics_file
from tests.running import LAST, choices
from tests.same_end import assert_same_end

KILLS = 3
"""Of each case, so 42 of all."""

SIGNALS = [signal.SIGKILL] * 6 + [signal.SIGTERM, signal.SIGINT]
PLAIN = {signal.SIGTERM: 143, signal.SIGINT: 130}
"""What a process ends with that was asked to end, as shells have it."""

OVERLAPPING = [
    *("data=gaussians", "data.n_samples=300", "data.n_val=100", "data.n_test=100", "data.separation=0.5"),
    *("model.n_components=4", "optimizer.tolerance=0", "trainer=cpu", "moves=none"),
]
PASSES = {"null": 400, "100": 30}
"""For each batch size; in mini-batches a pass costs several steps, and Lightning looks up after each."""


@dataclass(frozen=True)
class Case:
    """An optimizer, and how many rows it looks at in one step."""

    optimizer: str
    batch_size: str

    @property
    def arguments(self) -> list[str]:
        """What is typed for it."""
        sizes = [f"data.batch_size={self.batch_size}", f"trainer.max_epochs={PASSES[self.batch_size]}"]
        return [*OVERLAPPING, f"optimizer={self.optimizer}", *sizes]

    def __str__(self) -> str:
        return f"{self.optimizer}, {'full batch' if self.batch_size == 'null' else f'batches of {self.batch_size}'}"


CASES = [Case(optimizer, batch_size) for optimizer in choices("optimizer") for batch_size in PASSES]


class Forks:
    """Starts `train.py` as a fork of a process that has imported everything."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, str(Path(__file__).with_name("forking.py"))]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, text=True)
        assert self._answer() == "ready"

    def train(
        self, said: Path, *arguments: str, kill_after: float | None = None, by: signal.Signals = signal.SIGKILL
    ) -> dict[str, Any]:
        """The exit status and the seconds; killed after some, if it has not ended by then."""
        assert self.process.stdin is not None
        order = {"arguments": arguments, "said": str(said), "kill_after": kill_after, "signal": by}
        self.process.stdin.write(f"{json.dumps(order)}\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._answer())
        return answer

    def close(self) -> None:
        """Nobody asks any more."""
        self.process.communicate()

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    forks = Forks(tmp_path_factory.mktemp("forks"))
    yield forks
    forks.close()


def stage_of(folder: Path) -> str:
    """How far a run came."""
    status = metrics_file.status(folder)
    if status is None:
        return "configuration" if folder.exists() else "start"
    if status == "done" or (folder / "report.png").exists():
        return "end" if status == "done" else "recording"
    if checkpoint_of(folder) is None:
        return "before the first checkpoints"
    return f"fit, after {torch.load(folder / LAST, weights_only=True)['epoch']} epochs"


def log(line: str) -> None:
    """Appends to the file that somebody wants to read."""
    if path := os.environ.get("MIXFIT_KILL_LOG"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def assert_true(folder: Path, status: int, by: signal.Signals, said: str) -> None:
    """The folder of a killed run says what it is; one that was asked to end says how to go on."""
    assert "Traceback" not in said
    assert status in (-by, PLAIN.get(by, -by))
    if folder.exists():
        assert runs.read(folder).metrics["status"] in ("interrupted", "done")
    if "interrupted; to go on" in said:
        assert f"resume={folder}" in said
        assert metrics_file.status(folder) == "interrupted"


def again(folder: Path, typed: list[str], moments: random.Random) -> list[str]:
    """What goes on with a killed run: its name, or the same command."""
    named = runs.read(folder).config and runs.read(folder).choices and moments.random() < 0.5
    return [f"resume={folder}"] if named else typed


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_killed_run_ends_where_one_that_was_left_alone_does(case: Case, forks: Forks, tmp_path: Path) -> None:
    moments, said, kills, n_runs = random.Random(str(case)), tmp_path / "said.txt", 0, 0
    whole = tmp_path / "whole"
    alone = forks.train(said, *case.arguments, f"hydra.run.dir={whole}")
    assert alone["status"] == 0, said.read_text()
    log(f"{case}: {alone['seconds']:.2f} s when left alone")
    while kills < KILLS:
        n_runs += 1
        folder = tmp_path / f"run{n_runs}"
        typed = [*case.arguments, f"hydra.run.dir={folder}"]
        arguments, ended = typed, False
        while not ended:
            moment, by = moments.random() * alone["seconds"], moments.choice(SIGNALS)
            is_enough = kills >= KILLS
            result = forks.train(said, *arguments, kill_after=None if is_enough else moment, by=by)
            ended = result["status"] == 0
            if not ended:
                kills += 1
                assert_true(folder, result["status"], by, said.read_text())
                log(f"{case}: {signal.Signals(by).name} after {result['seconds']:.2f} s, in {stage_of(folder)}")
                arguments, ended = again(folder, typed, moments), metrics_file.status(folder) == "done"
        assert_same_end(folder, whole)
        log(f"{case}: ended as the one that was left alone, to the last bit")
