"""How this program was started, and so what to type to start it again.

The same fit begins with `python train.py` in a checkout and with `mixfit train` wherever the package is installed.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

NAME = "mixfit"


def program() -> str:
    """What begins a fit, in the words of whoever started this process."""
    return "python train.py" if Path(sys.argv[0]).name == "train.py" else f"{NAME} train"


def typed_with(*arguments: str) -> str:
    """A command for the user to type: this program, started as it was, with other arguments.

    `sys.argv` has the arguments behind whatever was typed to start, which `sys.orig_argv` has too.
    """
    start = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv[1:])]
    is_command = len(start) > 1 and Path(start[1]).name == NAME  # whose first line names the interpreter
    return shlex.join([*(start[1:] if is_command else start), *arguments])


def lends_a_hand() -> bool:
    """Whether this process works on a run that another one claims and records, as far as the environment says."""
    return any(int(os.environ.get(name, "0")) for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID"))
