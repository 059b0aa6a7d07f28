"""Does a fit of two processes that was killed go on with both, and end where it ends when it is left alone?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.running import LAST, TRAIN, train_in_new_process
from tests.same_end import assert_same_end

FIT = [
    *("data=gaussians", "data.n_samples=2001", "data.separation=0.5", "model.n_components=3", "moves=none"),
    *("init.n_passes=0", "optimizer.tolerance=0", "trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"),
    "trainer.max_epochs=200",
]
RUN, JOB = ["hydra.run.dir=run"], ["-m", "hydra.sweep.dir=run"]


def killed(folder: Path, *typed: str) -> Path:
    """Starts it, and ends all its processes at once as soon as there is a checkpoint; returns the folder of the run."""
    fit = subprocess.Popen(
        [sys.executable, str(TRAIN), *typed],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (checkpoints := list(folder.rglob(LAST.name))):
        assert fit.poll() is None, "the fit ended before it could be killed"
        time.sleep(0.02)
    os.killpg(fit.pid, signal.SIGKILL)
    fit.wait()
    return checkpoints[0].parents[1]


@pytest.fixture(scope="module")
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An optimizer, and the run that nobody disturbed."""
    folder = tmp_path_factory.mktemp(request.param)
    ended = train_in_new_process(folder, *FIT, f"optimizer={request.param}", *RUN)
    assert ended.status == 0, ended.stderr
    return request.param, folder / "run"


@pytest.mark.parametrize(
    ("whole", "first", "then"),
    [("em", RUN, None), ("em", JOB, None), ("adam", RUN, ["resume=run"])],
    ids=["em, same command", "em, sweep", "adam, resume"],
    indirect=["whole"],
)
def test_both_processes_go_on(
    whole: tuple[str, Path], first: list[str], then: list[str] | None, tmp_path: Path
) -> None:
    optimizer, undisturbed = whole
    typed = [*FIT, f"optimizer={optimizer}", *first]
    run = killed(tmp_path, *typed)
    ended = train_in_new_process(tmp_path, *(then or typed))
    assert ended.status == 0, ended.stderr
    assert_same_end(run, undisturbed)
