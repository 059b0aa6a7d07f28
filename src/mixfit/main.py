"""The command `mixfit`: a fit, and everything that can be done with one.

Each command is a module of `mixfit.commands` with a `main(arguments)`, and only the one that was named is imported:
the list of them answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from mixfit.errors import InputError
from mixfit.program import NAME
from mixfit.spelling import nearest

COMMANDS = {
    "train": "fit a mixture, or sweep over many fits",
    "evaluate": "judge a run's model on its own points or others",
    "predict": "groups, responsibilities and log-densities, row by row; outliers",
    "sample": "draw new points from a run's model",
    "compare": "several runs on the same points: tables and a picture",
    "leaderboard": "rank runs that are already there",
}
"""Names, and what each does."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command that the first argument names with the others, or says what there is."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if not typed or typed[0] in ("-h", "--help"):
        print(text())
        return
    from mixfit.command_line import speaking_plainly

    with speaking_plainly():
        name, *others = typed
        import_module(f"mixfit.commands.{checked(name)}").main(others)


def text() -> str:
    """What there is."""
    rows = [f"  {name:12} {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            f"usage: {NAME} COMMAND ...",
            "",
            "Fits mixtures of Gaussians, and uses them.",
            "",
            *rows,
            "",
            f"{NAME} COMMAND --help tells how to call each.",
        ]
    )


def checked(name: str) -> str:
    """The name, if a command has it; raises `InputError`, which says what may be meant, if none has."""
    if name in COMMANDS:
        return name
    if "=" in name or name in ("-m", "--multirun"):
        raise InputError(f"{name}: the command comes first, as in {NAME} train {name}")
    raise InputError(f"{name}: there is no such command; {nearest(name, list(COMMANDS))}")
