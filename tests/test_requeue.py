"""Does a run that a scheduler puts back into its queue go on when it is started again?

SLURM is played by its variables and by a `scontrol` that does what the real one does: it takes note of the job, and
asks the process to end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.running import LAST, TRAIN, metrics_in
from tests.same_end import assert_same_end

FIT = [
    *("data=gaussians", "data.n_samples=300", "data.separation=0.5", "model.n_components=4", "optimizer=em"),
    *("optimizer.tolerance=0", "data.batch_size=100", "trainer=cpu", "trainer.max_epochs=60", "moves=none"),
]
SLURM = {
    **{"SLURM_JOB_ID": "4242", "SLURM_JOB_NAME": "fit", "SLURM_NNODES": "1", "SLURM_NTASKS": "1"},
    **{"SLURM_NTASKS_PER_NODE": "1", "SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0"},
}
SCONTROL = """#!/bin/sh
echo "$@" >> "$REQUESTS"
kill -TERM $PPID
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    scontrol = tmp_path / "bin" / "scontrol"
    scontrol.parent.mkdir()
    scontrol.write_text(SCONTROL)
    scontrol.chmod(0o755)
    searched = f"{scontrol.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **SLURM, "PATH": searched, "REQUESTS": str(tmp_path / "requests")}


def started(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    typed = [sys.executable, str(TRAIN), *FIT, "hydra.run.dir=run"]
    pipe = subprocess.PIPE
    return subprocess.Popen(typed, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True)


def test_a_requeued_run_ends_where_one_that_was_left_alone_does(tmp_path: Path, environment: dict[str, str]) -> None:
    first = started(tmp_path, environment)
    while not (tmp_path / "run" / LAST).exists():
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    first.send_signal(signal.SIGUSR1)
    _, told = first.communicate()
    assert first.returncode == 143, told
    assert (tmp_path / "requests").read_text() == "requeue 4242\n"
    assert metrics_in(tmp_path / "run")["status"] == "interrupted"

    second = started(tmp_path, environment | {"SLURM_RESTART_COUNT": "1"})
    said, told = second.communicate()
    assert second.returncode == 0, told
    assert "goes on where it was interrupted" in said
    assert not list((tmp_path / "run").glob("hpc_ckpt_*"))

    (tmp_path / "elsewhere").mkdir()
    whole = started(tmp_path / "elsewhere", dict(os.environ))
    _, told = whole.communicate()
    assert whole.returncode == 0, told
    assert_same_end(tmp_path / "run", tmp_path / "elsewhere" / "run")
