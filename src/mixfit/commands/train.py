"""Fit a mixture: compose the configuration, then run one experiment, or a sweep of them.

It is a module of its own, and not a part of `train.py` or of `mixfit`, because Lightning's processes and launchers'
workers have to start the same fit whatever was typed to start the first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from omegaconf import DictConfig

from mixfit.command_line import check, command, starting_quickly


def main(arguments: Sequence[str] | None = None) -> None:
    """Does what was typed behind the name of the program, or these arguments, which Hydra looks for in `sys.argv`."""
    if arguments is not None:
        sys.argv[1:] = arguments
    command(experiment)


def experiment(config: DictConfig) -> None:
    """Runs the experiment that the configuration describes."""
    check(config)
    with starting_quickly():
        from mixfit.experiment import run  # torch and Lightning take seconds, and what comes before needs neither

    run(config)


if __name__ == "__main__":
    main()
