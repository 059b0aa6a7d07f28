"""Runs Python and keeps its exit status, seconds and peak memory: `launch.py REPORT WORDS...`.

A process's peak, as Linux counts it, is never below what its parent held when it was started. The benchmark holds
torch and points; this file holds next to nothing, so what it starts is counted as it is.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    report, *words = sys.argv[1:]
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *words])
    _, status, usage = os.wait4(process.pid, 0)
    seconds, process.returncode = time.perf_counter() - began, os.waitstatus_to_exitcode(status)
    ended = {"status": process.returncode, "seconds": seconds, "peak": usage.ru_maxrss}
    Path(report).write_text(json.dumps(ended), encoding="utf-8")
