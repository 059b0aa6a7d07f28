"""Fit a mixture: compose the configuration, then run one experiment, or a sweep of them.

It is a module of its own, and not a part of `train.py` or of `mixfit`, because Lightning's processes and launchers'
workers have to start the same fit whatever was typed to start the first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from omegaconf import DictConfig

from mixfit.command_line import check, command, ending_alone
from mixfit.folder import held
from mixfit.program import lends_a_hand
from mixfit.quick_start import starting_quickly


def main(arguments: Sequence[str] | None = None) -> None:
    """Does what was typed behind the name of the program, or these arguments, which Hydra looks for in `sys.argv`."""
    if arguments is not None:
        sys.argv[1:] = arguments
    command(experiment)


def experiment(config: DictConfig) -> None:
    """Runs the experiment that the configuration describes."""
    with ending_alone():
        check(config)
        with _held(config), starting_quickly():
            from mixfit.experiment import run  # torch and Lightning take seconds; what comes before needs neither

        run(config)


def _held(config: DictConfig) -> AbstractContextManager[None]:
    """Who looks at the folder meanwhile sees a run that is under way; of several processes the first one's."""
    from hydra.core.hydra_config import HydraConfig  # not before it is known that more than help is wanted

    return (
        nullcontext()
        if lends_a_hand() or config.resume is not None
        else held(Path(HydraConfig.get().runtime.output_dir))
    )


if __name__ == "__main__":
    main()
