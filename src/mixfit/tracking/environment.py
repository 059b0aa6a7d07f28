"""Where something was computed: without it a number is a rumour.

What cannot change while a process lives is looked up once, so that a sweep of many short jobs does not ask git and the
system again for each.
"""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
"""The repository, where mixfit is installed from one in editable mode."""

MEASURED = ("src", "configs", "scripts", "train.py", "pyproject.toml")
"""Where a change that is not committed makes the commit's name an incomplete answer."""


def environment() -> dict[str, str | int]:
    """What a run should be able to tell later: versions, commit, machine and number of threads."""
    import torch

    packages = ("mixfit", "torch", "pytorch-lightning", "hydra-core", "numpy")
    accelerator = {"gpu": torch.cuda.get_device_name()} if torch.cuda.is_available() else {}
    return {
        **versions(*packages),
        "commit": _own_commit(),
        "cpu": cpu(),
        **accelerator,
        "cores": os.cpu_count() or 1,
        "torch threads": torch.get_num_threads(),
        "system": system(),
    }


@cache
def versions(*packages: str) -> dict[str, str]:
    """Of Python and of the packages."""
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def commit(root: Path) -> str:
    """The commit's short name, with a plus if what is measured differs from it; `unknown` if no checkout is there."""
    if not (root / ".git").exists():  # git would answer for any repository around it
        return "unknown"
    try:
        name = _git(root, "rev-parse", "--short", "HEAD")
        return f"{name}+" if _git(root, "status", "--porcelain", "--", *MEASURED) else name
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


@cache
def cpu() -> str:
    """The processor's model, as well as the system knows it."""
    if platform.system() == "Linux":
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        return names[0] if names else platform.machine()
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
    return platform.processor() or platform.machine()


def system() -> str:
    """The operating system and the kind of machine."""
    return f"{platform.system()} {platform.machine()}"


@cache
def _own_commit() -> str:
    return commit(CHECKOUT)


def _git(root: Path, *arguments: str) -> str:
    finished = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True, text=True)
    return finished.stdout.strip()
