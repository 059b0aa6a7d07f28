"""Where and when something was measured."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mixfit.tracking.environment import commit, cpu, system, versions

PACKAGES = ("torch", "pytorch-lightning", "hydra-core", "numpy", "pyarrow", "scikit-learn")
PEERS = ("pomegranate", "torchgmm", "tgmm")
"""Named where they are installed."""


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
            "system": system(),
        },
        "versions": versions(*PACKAGES, *filter(find_spec, PEERS)),
    }


def in_words(facts: Mapping[str, Any]) -> str:
    """The same in one line."""
    machine = "{cpu}, {cores} cores, {system}".format(**facts["machine"])
    numbers = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return f"{machine}; {numbers}; commit {facts['commit']}; {facts['date'][:10]}"
