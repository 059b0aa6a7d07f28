"""Processes that wait with their points, make a pass when they are told to, and add up their statistics by gloo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor

from scripts.benchmarks.passes.one_pass import Outcome, Start

PATIENCE = timedelta(minutes=5)


class Team:
    """A pipe to each process."""

    def __init__(self, pipes: Sequence[Connection]) -> None:
        self.pipes = pipes

    def run(self) -> None:
        """One pass over everybody's points, from wherever the last one ended."""
        self._tell("run")

    def reset(self) -> None:
        """Everybody back to the start."""
        self._tell("reset")

    def outcome(self) -> Outcome:
        """What the first process has; the others have the same."""
        nll, *parameters = self._tell("outcome")[0]
        return Outcome(nll, *(torch.tensor(part, dtype=torch.float64) for part in parameters))

    def _tell(self, word: str) -> list[list[float]]:
        for pipe in self.pipes:
            pipe.send(word)
        return [pipe.recv() for pipe in self.pipes]


@contextmanager
def team(points: Tensor, start: Start, n_processes: int) -> Iterator[Team]:
    """That many processes with one thread and an equal share of the points each, until the block ends."""
    context = mp.get_context("spawn")  # a fork would share torch's threads, which do not survive it
    with TemporaryDirectory() as folder:
        pairs = [context.Pipe() for _ in range(n_processes)]
        shares = points.chunk(n_processes)
        meeting = (n_processes, str(Path(folder) / "meeting"))
        processes = [
            context.Process(target=_work, args=(theirs, share.clone(), start, rank, *meeting))
            for rank, (share, (_, theirs)) in enumerate(zip(shares, pairs, strict=True))
        ]
        for process in processes:
            process.start()
        try:
            yield Team([ours for ours, _ in pairs])
        finally:
            for ours, _ in pairs:
                ours.send("end")
            for process in processes:
                process.join()


def _work(pipe: Connection, points: Tensor, start: Start, rank: int, n_processes: int, meeting: str) -> None:
    """What a process does until it is told to end."""
    from scripts.benchmarks.passes.ours import Ours

    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{meeting}", PATIENCE, n_processes, rank)
    one = Ours(points, start, "full", over_processes=_sum)
    while (word := pipe.recv()) != "end":
        found = getattr(one, word)()
        pipe.send([part.tolist() if isinstance(part, Tensor) else part for part in found or ()])
    dist.destroy_process_group()


def _sum(part: Tensor) -> Tensor:
    total = part.clone()
    dist.all_reduce(total)
    return total
