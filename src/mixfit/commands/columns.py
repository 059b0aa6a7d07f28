"""Which columns of a file are a model's axes, and how columns are named in a sentence.

A file that is not the run's own is matched by the names of its columns. Where it has none of the run's names the
order has to do, which is right for a file without names and may be wrong for one with others; so that is said.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mixfit.errors import InputError


def columns_among(
    names: Sequence[str], ours: Sequence[str], options: Mapping[str, Any], typed: Collection[str]
) -> dict[str, Any]:
    """`columns` and `label` for a file with columns of these names.

    What was typed holds. Otherwise the columns are the run's own where the file has them all, and None, which means
    all but the label, where it has none of them; the label is the run's own, where the file has it.

    Args:
        names: of the file's columns.
        ours: the names of the model's axes; empty where it has none.
        options: of the data, `path`, `columns` and `label` among them.
        typed: the options that were given by hand.

    Raises:
        InputError: if the file has some of the run's columns and lacks others.
    """
    label = options["label"]
    if "label" not in typed and not _has(names, label):
        label = None
    if "columns" in typed:
        return {"columns": options["columns"], "label": label}
    lacking = [name for name in ours if name not in names]
    if lacking and len(lacking) < len(ours):
        raise InputError(
            f"data.path={options['path']}: lacks {counted(lacking)} of the run's {counted(ours)}; "
            f"it has {counted(names)}; say which to use: data.columns=[...]"
        )
    return {"columns": None if lacking or not ours else list(ours), "label": label}


def renaming(columns: Sequence[str], ours: Sequence[str]) -> str:
    """A line that says which columns stand for which, if both have names and other ones; else nothing."""
    if not _are_names(ours) or not _are_names(columns) or set(columns) & set(ours):
        return ""
    return f"columns {shown(columns)} are taken as {shown(ours)}; data.columns=[...] chooses others"


def counted(names: Sequence[str]) -> str:
    """How many columns there are, and their names if they are few."""
    return f"{len(names)} column{'' if len(names) == 1 else 's'} ({shown(names)})"


def shown(names: Sequence[str]) -> str:
    """The names, or the first ones of many."""
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _are_names(columns: Sequence[str]) -> bool:
    """Whether somebody named them: without names, columns go by their numbers."""
    return not all(name.isdecimal() for name in columns)


def _has(names: Sequence[str], column: str | int | None) -> bool:
    """Whether a file with columns of these names has this one, by name or by number."""
    text = str(column)
    return column in names or (text.isdecimal() and int(text) < len(names))
