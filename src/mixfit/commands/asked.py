"""What a command over runs was asked: the folders of runs, its own flags, and which points to look at.

Folders come first because everybody types them first, but nothing depends on the order. Whatever is mistyped is
answered before torch is imported; only then is the model read.
"""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentError, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixfit import catalogue, runs
from mixfit.commands.columns import columns_among, counted, renaming
from mixfit.commands.points import Points, points_asked_for
from mixfit.errors import InputError
from mixfit.spelling import nearest

if TYPE_CHECKING:
    from mixfit.data.dataset import Dataset
    from mixfit.data.module import Source
    from mixfit.portable import Model

OVERRIDES = (
    "points:\n"
    "  by default those that the run was given, in their three parts; others as for a fit:\n"
    "  data.path=new.csv, data=gaussians data.dim=2 seed=1, 'data.columns=[a,b]'\n"
    "  (mixfit train data=file --help lists the keys of a choice)\n"
)


@dataclass(frozen=True)
class Asked:
    """One run and what to do with it.

    Attributes:
        run: its folder.
        model: what was fitted.
        choice: of the data group.
        options: every key of that choice without its group, `_target_` and `batch_size` among them.
        seed: of synthetic points and of the partition.
        own: whether the points are the very ones that the run was given, in the same parts.
        typed: the options that were given by hand.
        flags: the command's own.
    """

    run: Path
    model: Model
    choice: str
    options: Mapping[str, Any]
    seed: int
    own: bool
    typed: frozenset[str]
    flags: Namespace

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the model's D axes, or x0, x1, ... where it has none."""
        return self.model.axes

    @property
    def about(self) -> str:
        """Which points are looked at, as one types it."""
        path = self.options.get("path")
        return f"data={self.choice}" if path is None else f"data={self.choice} data.path={path}"

    def dataset(self) -> Dataset:
        """The points in their parts; `InputError` if they are none of the model's, or no longer those of the run."""
        dataset = self.source().load(self.seed)
        self.check_dimension(dataset.columns)
        self.check_unchanged(len(dataset.train))
        return dataset

    def source(self) -> Source:
        """Where the points come from; of a file that is not the run's own, the columns that the run knows."""
        from mixfit.parts import called, part

        options = {key: value for key, value in self.options.items() if key != "batch_size"}
        if "columns" in options:
            options |= self.chosen_columns()
        return called("data", part("data", options, object), options)

    def chosen_columns(self) -> dict[str, Any]:
        """`columns` and `label` of a file: the run's own choice for its own file, and for another what it has."""
        if self.own:
            return {key: self.options[key] for key in ("columns", "label")}
        from mixfit.data.tables import column_names

        names = column_names(self.options["path"], self.options["header"])
        return columns_among(names, self.model.columns or (), self.options, self.typed)

    def check_dimension(self, columns: Sequence[str]) -> None:
        """Raises `InputError` if points with these columns do not live where the model does; tells of other names."""
        if len(columns) != len(self.columns):
            raise InputError(
                f"{self.run}: the run has {counted(self.columns)}, the data {counted(columns)}; "
                "choose as many with data.columns=[...], or other data"
            )
        is_by_place = "path" in self.options and not self.own and "columns" not in self.typed
        if is_by_place and (line := renaming(columns, self.model.columns or ())):
            sys.stderr.write(f"{line}\n")

    def check_unchanged(self, n_points: int) -> None:
        """Raises `InputError` if the run's own points have another number of training points than were fitted."""
        fitted = runs.read(self.run).metrics["n_points"]
        if self.own and fitted is not None and fitted != n_points:
            raise InputError(
                f"{self.run}: the data changed since the fit: {fitted} points were fitted, {n_points} are there now; "
                "give data.path=... to look at other data"
            )


def parser(
    command: str, what: str, examples: Sequence[str], runs: str = "RUN", looks_at_points: bool = True
) -> ArgumentParser:
    """The command line of a command over runs, to which it adds its own flags.

    Args:
        command: its name.
        what: a few lines that say what it does.
        examples: what one may type behind the name.
        runs: how many runs it takes, as its usage shows them.
        looks_at_points: whether points can be given to it.
    """
    points = "[data=...] [data.KEY=...] [seed=...] " if looks_at_points else ""
    shown = "\n".join(f"  mixfit {command} {example}" for example in examples)
    parser = ArgumentParser(
        prog=f"mixfit {command}",
        usage=f"mixfit {command} {runs} {points}[--FLAG ...]",
        description=what,
        epilog=f"{OVERRIDES + chr(10) if looks_at_points else ''}examples:\n{shown}\n",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
        exit_on_error=False,
    )
    parser.add_argument(
        "words", nargs="*", metavar=runs.partition(" ")[0], help="the folder of a run, as logs/runs/..."
    )
    parser.add_argument("-m", "--multirun", action="store_true", help=SUPPRESS)
    return parser


def asked(parser: ArgumentParser, arguments: Sequence[str] | None = None) -> Asked:
    """What was asked of a command that takes one run; `InputError` for whatever is mistyped."""
    folders, overrides, flags = _read(parser, arguments)
    folder = _only(folders)
    return _asked(folder, points_asked_for(runs.read(folder), overrides), flags)


def asked_of_model(parser: ArgumentParser, arguments: Sequence[str] | None = None) -> tuple[Path, Model, Namespace]:
    """The run's folder, its model and the flags, of a command that looks at no points."""
    folders, overrides, flags = _read(parser, arguments)
    folder = _only(folders)
    if overrides:
        raise InputError(f"{', '.join(overrides)}: this looks at the model alone and at no points; leave it out")
    from mixfit import portable

    return folder, portable.read(folder), flags


def asked_of_several(parser: ArgumentParser, arguments: Sequence[str] | None = None) -> list[Asked]:
    """What was asked of each run; all of them look at the points of the first one, or those typed."""
    folders, overrides, flags = _read(parser, arguments)
    points = points_asked_for(runs.read(folders[0]), overrides)
    return [_asked(folder, points, flags) for folder in folders]


def _only(folders: Sequence[Path]) -> Path:
    if len(folders) > 1:
        raise InputError(
            f"{len(folders)} runs, {', '.join(map(str, folders))}: this takes one; `mixfit compare` takes several"
        )
    return folders[0]


def _asked(folder: Path, points: Points, flags: Namespace) -> Asked:
    from mixfit import portable

    return Asked(folder, portable.read(folder), **vars(points), flags=flags)


def _read(parser: ArgumentParser, arguments: Sequence[str] | None) -> tuple[list[Path], dict[str, Any], Namespace]:
    """Folders, overrides and flags, all of them right by themselves."""
    flags = _flags(parser, arguments)
    if flags.multirun:
        raise InputError("-m: a sweep fits runs, and this looks at what is fitted; leave -m out, and give one value")
    words, known = vars(flags).pop("words"), [*catalogue.known_keys(), *catalogue.groups()]
    folders = [
        Path(word) for word in words if Path(word).is_dir() or ("=" not in word and word.lstrip("~+") not in known)
    ]
    for folder in folders:
        _check_is_folder(folder)
    from mixfit.commands.typed import checked  # Hydra's grammar, which no folder needs

    overrides = checked([word for word in words if Path(word) not in folders])
    if not folders:
        raise InputError(f"no run is given; give the folder of one, as in {parser.prog} logs/runs/...")
    for folder in folders:
        _check_has_model(folder)
    return folders, overrides, flags


def _check_is_folder(path: Path) -> None:
    if path.is_file():
        run = runs.around(path)
        raise InputError(f"{path}: is a file; give the folder of {f'its run, {run}' if run else 'a run'}")
    if not path.is_dir():
        raise InputError(f"{path}: there is no such folder; give the folder of a run, as in logs/runs/...")


def _check_has_model(folder: Path) -> None:
    """Says what a folder without a model is, before anybody is asked for its points."""
    if not (folder / "model.json").exists():
        from mixfit import portable

        portable.read(folder)


def _flags(parser: ArgumentParser, arguments: Sequence[str] | None) -> Namespace:
    try:
        flags, unknown = parser.parse_known_intermixed_args(arguments)
    except ArgumentError as error:
        raise InputError(str(error)) from error
    if unknown:
        known = [flag for action in parser._actions for flag in action.option_strings if action.help != SUPPRESS]
        raise InputError(f"{unknown[0]}: there is no such flag; {nearest(unknown[0], known)}")
    return flags
