"""A process that has torch and Lightning imported, and forks a `train.py` whenever it is told to.

A new process imports for seconds and writes nothing meanwhile, so killing it there shows nothing and costs most. A
fork is the same program from its first line on, with its own process id, signals, files and lock.

It reads one order a line, `{"arguments": [...], "said": "...", "kill_after": seconds or null, "signal": number}`, and
answers each with one line, `{"status": ..., "seconds": ...}`, where the status is negative for a process that a signal
killed, as in `subprocess`.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

TRAIN = Path(__file__).resolve().parents[2] / "train.py"


def main() -> None:
    """Imports, says so, and serves until nobody asks any more."""
    from mixfit.quick_start import starting_quickly

    with starting_quickly():
        import hydra  # noqa: F401

        import mixfit.experiment  # noqa: F401
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(served(json.loads(line))), flush=True)


def served(order: dict[str, Any]) -> dict[str, Any]:
    """Lets a fork run until it ends or its time is over."""
    began = time.monotonic()
    process = os.fork()
    if process == 0:
        run(order["arguments"], Path(order["said"]))
    ended = waited_for(process, began, order["kill_after"])
    if ended is None:
        os.kill(process, order["signal"])
        ended = waited_for(process, began, None)
    return {"status": ended, "seconds": time.monotonic() - began}


def waited_for(process: int, began: float, seconds: float | None) -> int | None:
    """The status of a process that has ended; None if its time is over."""
    while True:
        found, status = os.waitpid(process, 0 if seconds is None else os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if seconds is not None and time.monotonic() - began >= seconds:
            return None
        time.sleep(0.001)


def run(arguments: list[str], said: Path) -> NoReturn:
    """Becomes `python train.py ARGUMENTS`, with what it says in a file."""
    status = 70  # of a process that could not even say what was wrong
    try:
        file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for descriptor in (1, 2):
            os.dup2(file, descriptor)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = [str(TRAIN), *arguments]
        sys.orig_argv = [sys.executable, *sys.argv]
        status = exit_status_of_train()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def exit_status_of_train() -> int:
    """What a shell would see."""
    try:
        runpy.run_path(str(TRAIN), run_name="__main__")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


if __name__ == "__main__":
    main()
