"""What a command over runs was asked: the folders of runs, its own flags, and which points to look at.

Folders come first because everybody types them first, but nothing depends on the order. Whatever is mistyped is
answered before torch is imported; only then is the model read.
"""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentError, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixfit import catalogue, runs
from mixfit.commands.points import Points, points_asked_for
from mixfit.errors import InputError
from mixfit.spelling import nearest

if TYPE_CHECKING:
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
        return self.model.columns or tuple(f"x{axis}" for axis in range(self.model.density.means.shape[1]))

    def source(self) -> Source:
        """Where the points come from; of a file that is not the run's own, the columns that the run knows."""
        from mixfit.parts import called, part

        options = {key: value for key, value in self.options.items() if key != "batch_size"}
        if "columns" in options and not self.own:
            from mixfit.data.tables import column_names

            options |= self.columns_among(column_names(options["path"], options["header"]))
        return called("data", part("data", options, object), options)

    def columns_among(self, names: Sequence[str]) -> dict[str, Any]:
        """`columns` and `label` for a file with columns of these names.

        What was typed holds. Otherwise the columns are the run's own where the file has them all, and None, which
        means all but the label, where it has none of them; the label is the run's own, where the file has it.

        Raises:
            InputError: if the file has some of the run's columns and lacks others.
        """
        label = self.options["label"]
        if "label" not in self.typed and not _has(names, label):
            label = None
        if "columns" in self.typed:
            return {"columns": self.options["columns"], "label": label}
        ours = self.model.columns or ()
        lacking = [name for name in ours if name not in names]
        if lacking and len(lacking) < len(ours):
            raise InputError(
                f"data.path={self.options['path']}: lacks {counted(lacking)} of the run's {counted(ours)}; "
                f"it has {counted(names)}; say which to use: data.columns=[...]"
            )
        return {"columns": None if lacking or not ours else list(ours), "label": label}

    def check_dimension(self, columns: Sequence[str]) -> None:
        """Raises `InputError` if points with these columns do not live where the model does."""
        if len(columns) != len(self.columns):
            raise InputError(
                f"{self.run}: the run has {counted(self.columns)}, the data {counted(columns)}; "
                "choose as many with data.columns=[...], or other data"
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
        if not folder.is_dir():
            raise InputError(f"{folder}: there is no such folder; give the folder of a run, as logs/runs/...")
    from mixfit.commands.typed import checked  # Hydra's grammar, which no folder needs

    overrides = checked([word for word in words if Path(word) not in folders])
    if not folders:
        raise InputError(f"no run is given; give the folder of one, as in {parser.prog} logs/runs/...")
    return folders, overrides, flags


def _flags(parser: ArgumentParser, arguments: Sequence[str] | None) -> Namespace:
    try:
        flags, unknown = parser.parse_known_intermixed_args(arguments)
    except ArgumentError as error:
        raise InputError(str(error)) from error
    if unknown:
        known = [flag for action in parser._actions for flag in action.option_strings if action.help != SUPPRESS]
        raise InputError(f"{unknown[0]}: there is no such flag; {nearest(unknown[0], known)}")
    return flags


def _has(names: Sequence[str], column: str | int | None) -> bool:
    """Whether a file with columns of these names has this one, by name or by number."""
    text = str(column)
    return column in names or (text.isdecimal() and int(text) < len(names))


def counted(names: Sequence[str]) -> str:
    """How many columns there are, and their names if they are few."""
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"{len(names)} column{'' if len(names) == 1 else 's'} ({shown})"
