"""`--help` of a fit: what there is to choose, and every key of what is chosen, with its default and meaning.

Made from the YAML files and `mixfit.keys`, so it cannot fall behind them, and without Hydra, so it comes at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

from mixfit import catalogue
from mixfit.keys import KEYS
from mixfit.kinds import written
from mixfit.program import program

WHAT = (
    "mixfit fits mixtures of Gaussians by gradient descent, by EM or by k-means, and judges all of them by one number, "
    "the negative log-likelihood (NLL) of held-out points. A run prints a table and leaves a folder under logs/."
)

USAGE = "[-m] [group=choice ...] [key=value ...]"

EXAMPLES = {
    "": "500 + 500 points of two normal distributions",
    "data=gaussians data.dim=8 data.n_components=5 model.n_components=5 optimizer=em": "a known truth in 8 dimensions",
    "data=file data.path=points.csv model.n_components=4 covariance=diag": "your own points",
    "-m optimizer=adam,em model.n_components=1,2,4 trainer=cpu": "a sweep: every combination, and a table of them",
    "-m data=gaussians model.n_components=3 seed=0,1,2,3,4 hydra/launcher=joblib": "the jobs of a sweep side by side",
    "experiment=old_faithful": "one of the experiments below",
}
"""Overrides, and what they do."""

FURTHER = {
    "optimizer=em --help": "the keys of another choice; several choices may be given",
    "--cfg job": "the configuration that a command comes to, without running it",
    "resume=FOLDER": "goes on with a run that was cut short; a larger trainer.max_epochs may be given with it",
    "-m ... hydra.sweep.dir=FOLDER": "a sweep in a folder of your choice; typed again, it runs what is not done yet",
    "hydra/launcher=joblib": "runs the jobs of a sweep side by side, once mixfit[parallel] is installed; with "
    "mixfit[slurm] there are submitit_local and submitit_slurm, with mixfit[ray] there is ray",
    "hydra.run.dir=FOLDER": "the folder of a run",
    "--hydra-help": "Hydra's own options",
}
"""What to type, and what for."""


def show(arguments: Sequence[str]) -> None:
    """Prints the help for the choices among the arguments; a reader that has seen enough may hang up."""
    width = min(max(get_terminal_size((100, 24)).columns, 80), 120)
    try:
        sys.stdout.write(text(arguments, width))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it ends


def text(arguments: Sequence[str], width: int) -> str:
    """The whole help, in lines of at most `width` characters.

    Raises `InputError` if an argument names a choice that there is not.
    """
    choices, experiments = _chosen(arguments)
    sections = [
        *wrap(WHAT, width),
        f"\n  {program()} {USAGE}",
        "\nExamples",
        *(
            line
            for overrides, what in EXAMPLES.items()
            for line in _row(f"{program()} {overrides}".rstrip(), what, 52, width)
        ),
        "\nGroups and their choices, with * where one is chosen",
        *(
            line
            for group in catalogue.groups()
            for line in _group(group, [*choices.get(group, []), *experiments], width)
        ),
        "\nKeys of these choices, with the values they have",
        *_keys(choices, experiments, width),
        "\nFurther",
        *(line for typed, what in FURTHER.items() for line in _row(typed, what, 36, width)),
        "\nSee every run in a browser: tensorboard --logdir logs",
    ]
    return "\n".join(sections) + "\n"


def _chosen(arguments: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The choices of each group, of which a sweep has several, and the experiments."""
    typed = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    asked = {
        group: typed[group].strip("[]").split(",") for group in catalogue.groups() if typed.get(group, "null") != "null"
    }
    for group, names in asked.items():
        for name in names:
            catalogue.check_choice(group, name)
    experiments = asked.pop("experiment", [])
    chosen = {group: [choice] for group, choice in catalogue.default_choices().items() if choice}
    for experiment in experiments:
        chosen |= {group: [choice] for group, choice in catalogue.experiment(experiment)[0].items()}
    return chosen | asked, experiments


def _group(group: str, chosen: Sequence[str], width: int) -> Iterator[str]:
    for i, choice in enumerate(catalogue.options(group)):
        mark = "*" if choice in chosen else " "
        yield from _row(f"{group if i == 0 else '':10} {mark} {choice}", catalogue.headline(group, choice), 32, width)


def _keys(choices: Mapping[str, Sequence[str]], experiments: Sequence[str], width: int) -> Iterator[str]:
    changed = {key: value for name in experiments for key, value in catalogue.experiment(name)[1].items()}
    yield from _section("", catalogue.defaults_of_no_group(), changed, width)
    for group, names in choices.items():
        for name in names:
            yield from _section(f"  {group}={name}", catalogue.defaults_of(group, name), changed, width)


def _section(title: str, defaults: Mapping[str, Any], changed: Mapping[str, Any], width: int) -> Iterator[str]:
    keys = [key for key in defaults if key in KEYS]
    if keys and title:
        yield title
    for key in keys:
        value = changed.get(key, defaults[key])
        shown = "..." if value == catalogue.MISSING else written(value)
        yield from _row(f"  {key}={shown}", f"{KEYS[key].meaning}: {KEYS[key]}", 38, width)


def _row(left: str, right: str, column: int, width: int) -> Iterator[str]:
    """Something and its meaning, which stands in a column of its own from `column` on."""
    first, *more = wrap(right, width - column)
    if len(left) + 2 > column - 2:
        yield f"  {left}"
        left, more = "", more
    yield f"  {left:{column - 2}}{first}"
    yield from (f"{'':{column}}{line}" for line in more)
