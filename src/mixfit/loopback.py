"""Processes that share a fit on one machine talk over its loopback interface, which nobody else can reach.

Left to itself, torch listens on every interface of the machine: its meeting point has no door to close, and who can
reach it can read and write what the processes tell each other. So the meeting point is opened here, on 127.0.0.1, and
torch is told that it is there already. Whoever sets these variables has a network of their own, and keeps it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import Trainer

ADDRESS = "127.0.0.1"
INTERFACES = ("lo", "lo0")
"""What Linux and macOS call the loopback interface."""


@contextmanager
def loopback_only(trainer: Trainer) -> Iterator[None]:
    """Opens the meeting point of a trainer's processes on this machine alone, and names it in the environment."""
    if not _meets_here(trainer):
        yield
        return
    from torch.distributed import TCPStore  # type: ignore[attr-defined]  # which not every build of torch has

    with socket.create_server((ADDRESS, 0)) as door:
        port = door.getsockname()[1]
        store = TCPStore(ADDRESS, port, is_master=True, wait_for_workers=False, master_listen_fd=door.detach())
    told = {"MASTER_ADDR": ADDRESS, "MASTER_PORT": str(port), "TORCHELASTIC_USE_AGENT_STORE": "True"} | _interfaces()
    os.environ.update(told)
    try:
        yield
    finally:
        for name in told:
            os.environ.pop(name, None)
        del store


def _meets_here(trainer: Trainer) -> bool:
    """Whether Lightning starts several processes on this machine, and nobody has said where they meet."""
    is_lightnings = isinstance(getattr(trainer.strategy, "cluster_environment", None), LightningEnvironment)
    return is_lightnings and trainer.num_nodes == 1 < trainer.world_size and "MASTER_ADDR" not in os.environ


def _interfaces() -> dict[str, str]:
    """What tells gloo and NCCL which interface to use, for as far as it is not told already."""
    here = [name for _, name in socket.if_nameindex() if name in INTERFACES][:1]
    return {key: name for name in here for key in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME") if key not in os.environ}
