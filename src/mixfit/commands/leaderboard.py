"""Ranks runs that are already there.

A sweep writes its own table when it ends; this makes it again, earlier, or for several sweeps together. It reads
`metrics.json` and `.hydra/*.yaml` only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mixfit import leaderboard, runs
from mixfit.errors import InputError


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table of the runs that were found, and writes it where there is a folder for it."""
    asked = parser().parse_args(arguments)
    found = found_in(asked.path)
    folder = asked.output or folder_for(asked.path, found)
    leaderboard.show(written(folder, found) if folder else leaderboard.of(found))
    if folder:
        print(f"leaderboard.csv, leaderboard.md and sweep.png are in {folder}")
    else:
        print("printed only; --output FOLDER also writes leaderboard.csv, leaderboard.md and sweep.png")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="mixfit leaderboard",
        description="Rank the runs in some folders: one row per combination of what was swept, seeds folded into\n"
        "mean ± standard error, best held-out NLL first. Prints the table; writes leaderboard.csv,\n"
        "leaderboard.md and sweep.png into the folder, if one was given.",
        epilog="examples:\n"
        "  mixfit leaderboard logs/sweeps/2026-01-31_12-00-00-000000\n"
        "  mixfit leaderboard logs/sweeps/*em* logs/sweeps/*adam* --output comparison\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", nargs="+", type=Path, metavar="PATH", help="a sweep, a run, or a folder of such")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where to write; PATH by default, if it is one")
    return parser


def found_in(paths: Sequence[Path]) -> list[runs.Run]:
    """The runs in the folders; an error if there is no such folder or no run at all."""
    for path in paths:
        if not path.is_dir():
            raise InputError(f"{path}: there is no such folder; give the folder of a sweep or of a run")
    found = runs.find(paths)
    if not found:
        raise InputError(
            f"{', '.join(map(str, paths))}: there is no run in it, which is a folder with metrics.json or "
            ".hydra/config.yaml; give a folder such as logs/sweeps"
        )
    return found


def folder_for(paths: Sequence[Path], found: Sequence[runs.Run]) -> Path | None:
    """The one folder that was given, unless it is a run itself, where a table does not belong."""
    return paths[0] if len(paths) == 1 and paths[0].resolve() != found[0].folder else None


def written(folder: Path, found: Sequence[runs.Run]) -> leaderboard.Leaderboard:
    """The table, after it was written into the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return leaderboard.write(folder, found)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}, so nothing was written; choose another --output") from error
