"""Where a command writes what it found: looked at before any work is done, and nobody's file is written over.

What is made here is the type of an argument, as argparse has it, so a mistake is answered like any other on the line.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

from mixfit.errors import InputError
from mixfit.spelling import listed

TAKEN = "is there already, and would be written over; choose another name"


def new_file(*suffixes: str) -> Callable[[str], Path]:
    """The path of a file that is to be made, which has one of these suffixes."""

    def checked(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() not in suffixes:
            raise ArgumentTypeError(f"{path}: the suffix says what is written; give {listed(suffixes, 'or')}")
        if path.exists():
            raise ArgumentTypeError(f"{path}: {TAKEN}")
        if not path.absolute().parent.is_dir():
            raise ArgumentTypeError(f"{path}: there is no folder {path.absolute().parent}; make it, or choose another")
        return path

    return checked


def check_is_new(path: Path) -> None:
    """Raises `InputError` if somebody has made the file while a command was at work."""
    if path.exists():
        raise InputError(f"{path}: {TAKEN}")


def folder_of(*names: str) -> Callable[[str], Path]:
    """The path of a folder, new or not, where files of these names are to be made; older ones of all names may go."""

    def checked(text: str) -> Path:
        path = Path(text)
        if path.exists() and not path.is_dir():
            raise ArgumentTypeError(f"{path}: is a file; give a folder")
        taken = [name for name in names if (path / name).exists()]
        if taken and len(taken) < len(names):
            raise ArgumentTypeError(
                f"{path}: holds {listed(taken)}, which would be written over; choose another folder"
            )
        return path

    return checked
