"""Does a sweep give the same table whoever runs its jobs?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher

from mixfit.tracking import metrics_file
from tests.running import TRAIN, sweep_in_new_process, train, train_in_new_process
from tests.test_multirun import jobs, table

SWEEP = ["-m", "model.n_components=1,2", "optimizer=em", "seed=0,1", "data.n_samples=300"]
LAUNCHERS = {
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
    "submitit_local": ["hydra/launcher=submitit_local"],
}


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweep_in_new_process(tmp_path_factory.mktemp("basic") / "sweep", *SWEEP)


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_every_launcher_gives_the_same_table(launcher: str, one_by_one: Path, tmp_path: Path) -> None:
    folder = sweep_in_new_process(tmp_path / "sweep", *SWEEP, *LAUNCHERS[launcher])
    assert jobs(folder) == jobs(one_by_one)
    assert table(folder) == table(one_by_one)
    assert [path.name for path in tmp_path.iterdir()] == ["sweep"]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_failing_job_is_a_row_whoever_runs_it(launcher: str, tmp_path: Path) -> None:
    typed = ["-m", "model.n_components=2,2000", "optimizer=em", *LAUNCHERS[launcher], "hydra.sweep.dir=sweep"]
    ended = train_in_new_process(tmp_path, *typed)
    assert ended.status == 1
    assert "Traceback" not in ended.stderr
    assert [row["status"] for row in table(tmp_path / "sweep")] == ["done", "failed"]


def test_a_worker_that_is_killed_costs_nothing_but_time(tmp_path: Path) -> None:
    slow = ["data=gaussians", "data.separation=0.5", "model.n_components=6", "optimizer.tolerance=0", "moves=none"]
    typed = ["-m", *slow, "optimizer=em", "trainer.max_epochs=600", "seed=0,1,2"]
    sweep = subprocess.Popen(
        [sys.executable, str(TRAIN), *typed, *LAUNCHERS["joblib"], "hydra.sweep.dir=sweep"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert sweep.stderr is not None
    while "passes" not in (read := os.read(sweep.stderr.fileno(), 4096).decode()):
        assert read, "the sweep ended before its first pass"
    (victim, *_) = workers_of(sweep.pid)
    os.kill(victim, signal.SIGKILL)
    _, said = sweep.communicate()
    assert sweep.returncode == 0, said
    assert "TerminatedWorkerError" in said
    whole = train(tmp_path / "whole", *typed)
    assert jobs(tmp_path / "sweep") == jobs(whole.folder)


def test_a_job_that_kills_its_worker_is_a_row_and_the_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The basic launcher with a worker that dies whenever it has begun on the job with two components."""

    def launch(self: Launcher, job_overrides: list[list[str]], initial_job_idx: int) -> None:
        whole(self, job_overrides, initial_job_idx)
        if "model.n_components=2" in job_overrides[0]:
            (folder,) = (tmp_path / "sweep").glob("*n_components-2*/")
            metrics_file.write(folder, {"status": "running"})
            raise ChildProcessError("the worker is gone")

    launchers: list[Any] = Plugins.instance().discover(Launcher)
    (basic,) = (launcher for launcher in launchers if launcher.__name__ == "BasicLauncher")
    whole = basic.launch
    monkeypatch.setattr(basic, "launch", launch)
    ended = train(tmp_path / "sweep", "-m", "model.n_components=1,2,3", "optimizer=em", "data.n_samples=300")
    assert ended.status == 1
    assert "Traceback" not in ended.stderr
    assert {row["model.n_components"]: row["status"] for row in table(ended.folder)} == {
        "1": "done",
        "2": "failed",
        "3": "done",
    }
    (error,) = (row["error"] for row in table(ended.folder) if row["error"])
    assert error == "its process died twice: ChildProcessError"


def workers_of(parent: int) -> list[int]:
    """The processes that fit: joblib's workers, not the one that watches over their memory."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    return [int(pid) for pid, ppid, args in rows if int(ppid) == parent and "loky" in args and "process" in args]
