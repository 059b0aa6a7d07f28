"""The same command on several machines: here two processes that only know that they are on two."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

FIT = ("data=gaussians", "data.n_samples=501", "data.n_val=33", "data.n_test=33", "model.n_components=3")
ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def typed_on_two_machines(folder: Path, starts: list[list[str]], variables: list[dict[str, str]]) -> None:
    """Types the same command on both, and waits for both."""
    arguments = ["trainer=ddp", "trainer.devices=1", "trainer.num_nodes=2", *FIT]
    started = [
        subprocess.Popen(
            [sys.executable, *start, str(ROOT / "train.py"), *arguments, f"hydra.run.dir={folder / str(number)}"],
            env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", **told},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number, (start, told) in enumerate(zip(starts, variables, strict=True))
    ]
    for process in started:
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0, printed


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the loopback interface has this name on Linux")


@on_linux
@pytest.mark.parametrize("by", ["torchrun", "hand"])
def test_two_machines_equal_one_and_the_first_one_writes(by: str, tmp_path: Path) -> None:
    port = str(free_port())
    if by == "torchrun":
        meeting = ["--nnodes=2", "--nproc_per_node=1", "--master_addr=127.0.0.1", f"--master_port={port}"]
        starts = [["-m", "torch.distributed.run", *meeting, f"--node_rank={number}"] for number in range(2)]
        variables: list[dict[str, str]] = [{}, {}]
    else:
        starts = [[], []]
        meeting_point = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        variables = [{**meeting_point, "NODE_RANK": str(number)} for number in range(2)]
    typed_on_two_machines(tmp_path, starts, variables)
    alone = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *FIT, f"hydra.run.dir={tmp_path / 'alone'}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert alone.returncode == 0, alone.stderr
    one, two = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("alone", "0"))
    for name in ("nll/train", "nll/val", "nll/test", "bic"):
        assert two[name] == pytest.approx(one[name], rel=1e-9, abs=0)
    assert two["passes"] == one["passes"]
    assert not (tmp_path / "1" / "metrics.json").exists()


@on_linux
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_first_machine_that_waits_for_one_that_never_comes_can_be_ended(
    sent: signal.Signals, status: int, tmp_path: Path
) -> None:
    port = free_port()
    typed = ["trainer=ddp", "trainer.devices=1", "trainer.num_nodes=2", *FIT, f"hydra.run.dir={tmp_path / 'run'}"]
    waiting = subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *typed],
        env={**os.environ, "NODE_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while True:
        assert waiting.poll() is None, waiting.communicate()
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.1)
    waiting.send_signal(sent)
    printed, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == status
    assert "waits for another one" in printed


STARTS_AND_WAITS = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"


@on_linux
def test_a_second_process_does_not_outlive_the_one_that_started_it(tmp_path: Path) -> None:
    """It waits for an answer from the first one, which is killed."""
    with socket.create_server(("127.0.0.1", 0)) as meeting_point:
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(meeting_point.getsockname()[1])}
        typed = ["trainer=ddp", "trainer.devices=2", *FIT, f"hydra.run.dir={tmp_path / 'run'}"]
        first = subprocess.Popen(
            [sys.executable, "-c", STARTS_AND_WAITS, sys.executable, str(ROOT / "train.py"), *typed],
            env={**os.environ, **place, "NODE_RANK": "0", "LOCAL_RANK": "1", "WORLD_SIZE": "2"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        meeting_point.settimeout(120)
        connection, _ = meeting_point.accept()  # the second process is there
        with connection, first:
            first.kill()
            first.communicate(timeout=60)  # returns when both have ended and nobody can print any more
