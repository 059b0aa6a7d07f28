"""Which of several runs describes the same points best, by how much, and where do they differ?

The points are the first run's test points, because none of the runs that share its data has seen them; all of its
points where it has no test points; or those that are given.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mixfit import runs
from mixfit.commands.asked import Asked, asked_of_several, parser
from mixfit.commands.columns import counted
from mixfit.commands.output import folder_of
from mixfit.commands.points import are_same, own_points
from mixfit.errors import InputError
from mixfit.one_move import write_in_one_move

if TYPE_CHECKING:
    from mixfit.commands.comparison import Line
    from mixfit.data.dataset import Dataset, Rows

FILES = ("compare.csv", "compare.md", "compare.png")


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the tables, and writes them with a picture where there is a folder for them."""
    found = asked_of_several(command_line(), arguments)
    names = names_of([each.run for each in found])
    check_columns(found)
    dataset = found[0].dataset()
    parts = judging(dataset)
    from mixfit.commands import comparison_text
    from mixfit.commands.comparison import compared

    lines = compared({name: each.model for name, each in zip(names, found, strict=True)}, parts)
    note = _note(found, names, dataset, sum(map(len, parts)))
    comparison_text.show(lines, note)
    folder: Path | None = found[0].flags.output
    if folder:
        write(folder, lines, note, parts, dataset.columns)
        print(f"{', '.join(FILES)} are in {folder}")
    else:
        print(f"printed only; --output FOLDER also writes {', '.join(FILES)}")


def command_line() -> ArgumentParser:
    """The command line."""
    command = parser(
        "compare",
        "Compare runs on the same points: the first run's test points (all where it has none), or others.\n"
        "Prints what sets the runs apart, NLL with the paired difference to the best, BIC, AIC, ICL, the\n"
        "adjusted Rand index with the label and between the runs; draws the densities over the points.",
        ["logs/runs/a logs/runs/b", "logs/sweeps/try/*/ --output comparison", "A B data.path=new.csv"],
        runs="RUN [RUN ...]",
    )
    command.add_argument(
        "--output", type=folder_of(*FILES), metavar="FOLDER", help=f"where to write {', '.join(FILES)}"
    )
    return command


def names_of(folders: Sequence[Path]) -> list[str]:
    """What to call each run: the last part of its path, or the path where two would look alike."""
    last = [folder.resolve().name for folder in folders]
    names = [name if last.count(name) == 1 else str(folder) for name, folder in zip(last, folders, strict=True)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{twice}: is given twice; a run that is compared with itself has nothing to tell")
    return names


def check_columns(found: Sequence[Asked]) -> None:
    """Raises `InputError` unless all models live in one space, its axes in one order."""
    first = found[0]
    for other in found[1:]:
        ours, theirs = first.columns, other.columns
        shared = set(ours) & set(theirs)
        if len(ours) != len(theirs) or (shared and ours != theirs):
            raise InputError(
                f"{other.run}: was fitted to {counted(theirs)}, {first.run} to {counted(ours)}; "
                "only densities of the same columns in the same order can be compared"
            )


def judging(dataset: Dataset) -> list[Rows]:
    """The test points, or all points where there are none."""
    return [dataset.test] if len(dataset.test) else [part for part in (dataset.train, dataset.val) if len(part)]


def write(folder: Path, lines: Sequence[Line], note: str, parts: Sequence[Rows], columns: Sequence[str]) -> None:
    """Writes the tables and the picture into the folder, which is made if it is not there."""
    import numpy as np

    from mixfit.commands import comparison_text
    from mixfit.tracking.matching import drawable
    from mixfit.tracking.pictures.overlay import overlay_figure
    from mixfit.tracking.pictures.png import drawn, png

    mixtures = {comparison_text.in_words(line): drawable(line.density, None) for line in lines}
    points = np.concatenate([part.sample.points.numpy() for part in parts])
    picture = overlay_figure(points, mixtures, columns)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_in_one_move(folder / "compare.csv", comparison_text.csv_of(lines).encode())
        write_in_one_move(folder / "compare.md", comparison_text.markdown_of(lines, note).encode())
        write_in_one_move(folder / "compare.png", png(drawn(picture)))
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}, so not all was written; choose another --output") from error


def _note(found: Sequence[Asked], names: Sequence[str], dataset: Dataset, n_points: int) -> str:
    """Which points these are, and which of the runs may have been fitted to some of them."""
    first, which = found[0], "test " if len(dataset.test) else ""
    if not first.own:
        return f"{n_points:,} {which}points of {first.about}"
    ours = own_points(runs.read(first.run))
    theirs = {name: own_points(runs.read(each.run)) for name, each in zip(names, found, strict=True)}
    strangers = [name for name, points in theirs.items() if not are_same(points, ours)]
    warning = f"; fitted to other data or another partition: {', '.join(strangers)}" if strangers else ""
    return f"{n_points:,} {which}points of {names[0]}{warning}"
