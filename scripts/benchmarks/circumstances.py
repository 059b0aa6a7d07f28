"""Where and when something was measured: without it a number is a rumour."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "pytorch-lightning", "hydra-core", "numpy", "scikit-learn")

MEASURED = ("src", "configs", "scripts", "train.py", "pyproject.toml")
"""Where a change that is not committed makes the commit's name an incomplete answer."""


def circumstances(root: Path) -> dict[str, Any]:
    """Machine, versions, commit of the repository at `root`, and the time, in words and plain numbers."""
    import torch

    return {
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": commit(root),
        "machine": {
            "cpu": cpu(),
            "cores": os.cpu_count(),
            "torch_threads": torch.get_num_threads(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }


def commit(root: Path) -> str:
    """The commit's short name, with a plus if what is measured differs from it; `unknown` outside a repository."""
    try:
        name = _git(root, "rev-parse", "--short", "HEAD")
        return f"{name}+" if _git(root, "status", "--porcelain", "--", *MEASURED) else name
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


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


def _git(root: Path, *arguments: str) -> str:
    finished = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True, text=True)
    return finished.stdout.strip()
