"""Does a process that is asked to end say so, leave something to go on with, and end at a second request?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mixfit import signals
from mixfit.errors import InputError
from mixfit.folder import checkpoint_of
from mixfit.signals import Terminated, ending_by_exception, exit_status, interrupts_unwrapped
from tests.running import LAST, TRAIN, metrics_in
from tests.test_multirun import statuses, table

SLOW = [
    *("data=gaussians", "data.separation=0.5", "model.n_components=6", "optimizer=em", "optimizer.tolerance=0"),
    *("moves=none", "trainer.max_epochs=100000"),
]


def fit(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A fit that never ends, once it has begun, in a group of its own."""
    process = subprocess.Popen(
        [sys.executable, str(TRAIN), *SLOW, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list(folder.rglob(str(LAST))):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_fit_that_is_asked_to_end_leaves_a_checkpoint_and_the_command_to_go_on(
    sent: signal.Signals, status: int, tmp_path: Path
) -> None:
    process = fit(tmp_path, "hydra.run.dir=run", "trainer=cpu")
    process.send_signal(sent)
    _, said = process.communicate()
    assert process.returncode == status
    assert "Traceback" not in said
    assert said.splitlines()[-1] == f"{sys.executable} {TRAIN} resume={tmp_path / 'run'}"
    assert metrics_in(tmp_path / "run")["status"] == "interrupted"
    assert checkpoint_of(tmp_path / "run")


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("to", [os.kill, os.killpg], ids=["the first", "all"])
def test_a_fit_of_two_processes_ends_as_one_of_one_does(
    to: Callable[[int, int], None], sent: signal.Signals, status: int, tmp_path: Path
) -> None:
    """A terminal and `timeout` send a signal to all processes, a scheduler perhaps to the first one."""
    process = fit(tmp_path, "hydra.run.dir=run", "trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2")
    to(process.pid, sent)
    _, said = process.communicate()
    assert process.returncode == status
    assert "Traceback" not in said
    assert said.splitlines()[-1] == f"{sys.executable} {TRAIN} resume={tmp_path / 'run'}"
    assert metrics_in(tmp_path / "run")["status"] == "interrupted"


def test_a_sweep_that_is_asked_to_end_leaves_a_table_and_the_command_to_go_on(tmp_path: Path) -> None:
    process = fit(tmp_path, "-m", "seed=0,1", "hydra.sweep.dir=sweep", "trainer=cpu")
    process.send_signal(signal.SIGTERM)
    said, told = process.communicate()
    assert process.returncode == 143
    assert "Traceback" not in told
    assert f"hydra.sweep.dir={tmp_path / 'sweep'}" in told
    assert "1 of 2 jobs have not started" in said
    assert list(statuses(tmp_path / "sweep").values()) == ["interrupted"]
    assert [row["status"] for row in table(tmp_path / "sweep")] == ["interrupted"]


def test_a_signal_is_an_exception_that_ctrl_c_would_be() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, ending_by_exception():
        signal.raise_signal(signal.SIGTERM)
    assert isinstance(caught.value, Terminated)
    assert exit_status(caught.value) == 143
    assert exit_status(KeyboardInterrupt()) == 130
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_signal_that_a_library_made_an_error_of_its_own_of_is_still_a_signal() -> None:
    def imports() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except Terminated as interrupt:
            raise ImportError("initialization failed") from interrupt

    def opens() -> None:
        try:
            imports()
        except ImportError as error:
            raise InputError("no checkpoint") from error

    with pytest.raises(Terminated) as caught, ending_by_exception(), interrupts_unwrapped():
        opens()
    assert exit_status(caught.value) == 143
    with pytest.raises(InputError, match="no file"), interrupts_unwrapped():
        raise InputError("no file") from OSError("gone")
    own_cause = InputError("no key")
    with pytest.raises(InputError, match="no key"), interrupts_unwrapped():
        raise own_cause from own_cause


def test_what_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_by_exception():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


TIDIES_FOR_EVER = """
import time
from mixfit.signals import ending_by_exception
with ending_by_exception():
    try:
        print("ready", flush=True)
        time.sleep(1000)
    finally:
        print("tidying", flush=True)
        time.sleep(1000)
"""


def test_a_second_request_ends_what_the_first_one_does_not() -> None:
    command = [sys.executable, "-c", TIDIES_FOR_EVER]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    assert process.stdout.readline() == "tidying\n"
    process.terminate()  # the same request, sent to the process and to its group
    time.sleep(2 * signals.SECONDS_OF_ONE)
    assert process.poll() is None
    process.terminate()
    process.communicate()
    assert process.returncode == -signal.SIGTERM
