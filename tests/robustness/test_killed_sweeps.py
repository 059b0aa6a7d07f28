"""Is a sweep that was killed, as often as you like, the same in the end as one that was left alone?

SIGKILL gives a process no chance to tidy up, so the moments are drawn at random over the whole life of a sweep: while
it starts, composes, fits, writes a checkpoint, a picture, a table.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import TRAIN, sweep_in_new_process
from tests.test_multirun import inodes, jobs, table

SWEEP = ["-m", "model.n_components=1,2,3", "optimizer=adam,em", "seed=0,1", "data.n_samples=300", "moves=none"]
KILLS = 6
SECONDS_OF_A_START = 3.5


def killed(folder: Path, seconds: float) -> bool:
    """Whether the sweep had to be killed after that time, or had ended by itself."""
    typed = [sys.executable, str(TRAIN), *SWEEP, f"hydra.sweep.dir={folder}"]
    sweep = subprocess.Popen(typed, cwd=folder.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        sweep.wait(seconds)
    except subprocess.TimeoutExpired:
        sweep.kill()
        sweep.wait()
        return True
    return False


def done(folder: Path) -> dict[str, int]:
    """Which file each finished job's checkpoint is."""
    return {job: inodes(folder)[job] for job, metrics in jobs(folder).items() if metrics["status"] == "done"}


@pytest.fixture(scope="module")
def left_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweep_in_new_process(tmp_path_factory.mktemp("whole") / "sweep", *SWEEP)


def test_killing_a_sweep_changes_nothing_but_the_time_it_takes(left_alone: Path, tmp_path: Path) -> None:
    moments, kills, rounds = random.Random(0), 0, 0
    while kills < KILLS:
        folder, finished, patience = tmp_path / f"sweep{rounds}", dict[str, int](), SECONDS_OF_A_START
        rounds += 1
        while killed(folder, patience + 4 * moments.random()):
            kills += 1
            assert finished.items() <= done(folder).items(), "a job that was done ran again"
            patience *= 1 if len(finished) < len(done(folder)) else 1.5  # a busy machine starts slowly
            finished = done(folder)
        assert jobs(folder) == jobs(left_alone)
        assert table(folder) == table(left_alone)
