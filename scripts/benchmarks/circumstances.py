"""Where and when something was measured."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from mixfit.tracking.environment import commit, cpu, system, versions

PACKAGES = ("torch", "pytorch-lightning", "hydra-core", "numpy", "pyarrow", "scikit-learn")


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
        "versions": versions(*PACKAGES),
    }
