"""A Python process of its own: what it printed, how long it took, and the most memory it ever had."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
UNIT = 1024 if sys.platform == "linux" else 1  # bytes in a unit of ru_maxrss


class Ended(NamedTuple):
    """What came of it; its peak is the resident memory that the operating system counted, in bytes."""

    printed: str
    seconds: float
    peak_bytes: int


def run(*words: object) -> Ended:
    """Runs Python with these words in the repository; raises `RuntimeError` with its last words where it fails."""
    began = time.perf_counter()
    with TemporaryFile("w+") as printed, TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, *map(str, words)], cwd=ROOT, stdout=printed, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds, process.returncode = time.perf_counter() - began, os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{words[0]} ended with status {process.returncode}:\n{_whole(said)[-2000:]}")
        return Ended(_whole(printed), seconds, usage.ru_maxrss * UNIT)


def _whole(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
