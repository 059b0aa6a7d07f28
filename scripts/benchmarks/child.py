"""A Python process of its own: what it printed, how long it took, and the most memory it ever had."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = Path(__file__).with_name("launch.py")
UNIT = 1024 if sys.platform == "linux" else 1  # bytes in a unit of ru_maxrss


class Ended(NamedTuple):
    """What came of it; its peak is the resident memory that the operating system counted, in bytes."""

    printed: str
    seconds: float
    peak_bytes: int


def run(*words: object) -> Ended:
    """Runs Python with these words in the repository; raises `RuntimeError` with its last words where it fails."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-S", str(LAUNCH), str(report), *map(str, words)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        ended = json.loads(report.read_text(encoding="utf-8"))
    if ended["status"]:
        raise RuntimeError(f"{words[0]} ended with status {ended['status']}:\n{done.stderr[-2000:]}")
    return Ended(done.stdout, ended["seconds"], ended["peak"] * UNIT)
