"""Is what was typed right? Known before Hydra composes anything or makes a folder, for every value of a sweep.

Hydra's own grammar reads the words; what they may say stands in `mixfit.keys` and in the YAML files. A sweep of a
thousand jobs takes no longer than one: each value is checked once, and each combination of choices once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override, RangeSweep

from mixfit import catalogue
from mixfit.errors import InputError
from mixfit.grammar import chooses, is_hydras, pairs_of, parsed, typed, values_of
from mixfit.hydra_settings import check_typed
from mixfit.keys import key_of, refusal
from mixfit.program import lends_a_hand
from mixfit.spelling import listed, nearest

MOST_JOBS = 100_000
"""Each takes half a second at least, and a folder."""

SEARCHED = "hydra.searchpath"
"""Names directories of the user's own."""


def checked(arguments: Sequence[str], sweeps: bool, own_directories: bool = False) -> list[str]:
    """The overrides in a form that Hydra takes; `InputError` for whatever is wrong with them.

    With directories of the user's own there may be other choices than ours: then only what Hydra is told is checked.
    """
    overrides = parsed(arguments)
    for override in filter(is_hydras, overrides):
        _check_hydras(override)
    if own_directories or any(override.key_or_group == SEARCHED for override in overrides):
        return list(arguments)
    if not sweeps and _mode(overrides) != "MULTIRUN":
        check_overrides(overrides)
        _check_folder(overrides)
        return list(arguments)
    check_overrides([*_params(overrides), *overrides], sweeps=True)
    return _as_sweep(overrides)


def _check_hydras(override: Override) -> None:
    """Whether Hydra is told something that it may be told."""
    text = typed(override)
    if override.package is not None or override.is_delete():
        raise InputError(f"{text}: of Hydra's own keys none is moved or left out; leave this one as it is")
    for value in values_of(override):
        check_typed(text, override.key_or_group, value)


def check_overrides(overrides: Sequence[Override], sweeps: bool = False) -> None:
    """Raises `InputError` for whatever is wrong with the overrides of one run, or of a whole sweep.

    Every value of a sweep is checked, and whether every combination of choices has all the keys that are given: this
    is all there is to check of any job, however many there are. What belongs to Hydra is left to it.
    """
    chosen, given = checked_each([override for override in overrides if not is_hydras(override)], sweeps)
    if sweeps and any(value is not None for value in given.get("resume", [])):
        raise InputError("resume: a run is resumed alone; leave -m out, and give one folder")
    if all(value is None for value in given.get("resume", [None])):  # a resumed run keeps the configuration it had
        for choices, values_given in _combinations(chosen):
            _check_keys(choices, given.keys() | values_given)


def checked_each(
    overrides: Sequence[Override], sweeps: bool = False
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """What is chosen of each group, and the values given to each key, all of them right by themselves.

    Raises `InputError` for a key or a choice that there is not, and for a value that its key cannot hold.
    """
    for override in overrides:
        _check_form(override, sweeps)
    chosen = {override.key_or_group: list(values_of(override)) for override in overrides if chooses(override)}
    given = dict(pair for override in overrides if not chooses(override) for pair in pairs_of(override))
    _check_number({**chosen, **given})
    for group, values in chosen.items():
        for choice in (one for value in values for one in (_each(value) if group == "experiment" else [value])):
            catalogue.check_choice(group, choice)
    for key, values in given.items():
        _check_values(key, values)
    return chosen, given


def _check_number(given: Mapping[str, Sequence[Any]]) -> None:
    """Whether there is a job at all, and not more than anybody waits for."""
    for key, values in given.items():
        if not values:
            raise InputError(f"{key}: there is no value among those that are asked for")
    n_jobs = prod(len(values) for values in given.values())
    if n_jobs > MOST_JOBS:
        raise InputError(f"{n_jobs:,} jobs are more than one sweep runs ({MOST_JOBS:,}); give fewer values")


def _check_folder(overrides: Sequence[Override]) -> None:
    """Whether the folder that is asked for holds another run, before Hydra writes into it.

    One that is finished is another; so is one that was cut off, unless it was asked for in the same words. A process
    that lends a hand is in the folder of its run.
    """
    if lends_a_hand():
        return
    for override in (override for override in overrides if override.key_or_group == "hydra.run.dir"):
        from mixfit.folder import checkpoint_of, was_cut_off  # a run without a folder of its own need not wait for them
        from mixfit.tracking import metrics_file

        folder = Path(str(override.value()))
        if metrics_file.status(folder) == "done":
            raise InputError(
                f"hydra.run.dir={folder}: holds a finished run, which this one would write over; choose another, "
                f"move it away, or go on with it: resume={folder} trainer.max_epochs=..."
            )
        if was_cut_off(folder) and checkpoint_of(folder) and not _is_same(folder, overrides):
            raise InputError(
                f"hydra.run.dir={folder}: holds an interrupted run that was asked for in other words, and this one "
                f"would remove its checkpoints; go on with it: resume={folder}, or choose another, or move it away"
            )


def _is_same(folder: Path, overrides: Sequence[Override]) -> bool:
    """Whether the run in the folder was asked for by the same overrides, in any order; unless nobody can tell."""
    from mixfit import runs

    run = runs.read(folder)
    try:
        before = parsed(run.overrides)
    except InputError:  # not Hydra's words, so somebody else's
        return True
    is_known = bool(run.config or run.overrides)
    return not is_known or _asked_for(before) == _asked_for(overrides)


def _asked_for(overrides: Sequence[Override]) -> dict[str, str]:
    return {override.key_or_group: str(override.value()) for override in overrides if not is_hydras(override)}


def _as_sweep(overrides: Sequence[Override]) -> list[str]:
    """The same overrides, of which those wait for the jobs that the master configuration has no place for.

    Hydra composes that one without what is swept. `optimizer.momentum=0.5` has no place there, although each job of
    `optimizer=sgd,rmsprop` has it. A choice of one value counts as swept.
    """
    single = [override for override in overrides if not override.is_sweep_override() and not is_hydras(override)]
    fixed = {override.key_or_group: list(values_of(override)) for override in single if chooses(override)}
    choices, _ = next(_combinations(fixed))
    waiting = catalogue.known_keys() - catalogue.defaults(choices).keys()
    return [
        f"{override.key_or_group}=choice({typed(override).partition('=')[2]})"
        if override in single and override.key_or_group in waiting
        else typed(override)
        for override in overrides
    ]


def _combinations(chosen: Mapping[str, list[Any]]) -> Iterator[tuple[dict[str, str | None], set[str]]]:
    """Every combination of choices that a sweep comes to, and the keys that its experiment gives a value."""
    for experiment in chosen.get("experiment", [None]):
        choices: dict[str, list[Any]] = {group: [choice] for group, choice in catalogue.default_choices().items()}
        keys: set[str] = set()
        for name in filter(None, _each(experiment)):
            asked_for, values, _ = catalogue.experiment(name)
            choices |= {group: [choice] for group, choice in asked_for.items()}
            keys |= values.keys()
            for key, value in values.items():
                _check_values(key, [value])
        choices |= chosen
        groups = [group for group in choices if group != "experiment"]
        for combination in product(*(choices[group] for group in groups)):
            yield dict(zip(groups, combination, strict=True)), keys


def _check_keys(choices: Mapping[str, str | None], given: set[str]) -> None:
    """Whether the choices have all the keys that are given, and whether any is missing."""
    known = catalogue.defaults(choices)
    for key in given - known.keys():
        group = key.partition(".")[0]
        having = catalogue.choices_with(key)
        have = f"{listed(having)} {'has' if len(having) == 1 else 'have'}"
        raise InputError(
            f"{key}: {group}={choices[group]} has no such option; {have}. Sweep choices that have options "
            "of their own one after the other, into the same hydra.sweep.dir"
        )
    for key, default in known.items():
        if default == catalogue.MISSING and key not in given:
            group = key.partition(".")[0]
            raise InputError(f"{key} is missing: {group}={choices[group]} needs it; give {key}=...")


def _check_form(override: Override, sweeps: bool) -> None:
    """Whether the override changes a value, and one value unless a sweep is asked for."""
    text, key = typed(override), override.key_or_group
    if not key:
        raise InputError(f"{text}: expected a key before the equals sign")
    if not isinstance(override.value(), dict):  # a mapping gives values to the keys below it
        _check_known(key)
    if override.package is not None:
        raise InputError(f"{text}: a package after @ moves a choice to where nothing reads it; write {key}=...")
    if override.is_delete():
        raise InputError(f"{text}: no key can be left out; give {key} another value, or leave it as it is")
    if override.is_add() and not override.is_force_add():
        raise InputError(f"{text}: {key} is there already; leave the + out")
    if override.is_interval_sweep():
        raise InputError(f"{text}: an interval has no end of values; list some, as in {key}=0.1,0.2")
    swept = override.value()
    if isinstance(swept, RangeSweep) and abs((swept.stop or 0) - (swept.start or 0)) > MOST_JOBS * abs(swept.step):
        raise InputError(f"{text}: more values than one sweep runs ({MOST_JOBS:,})")
    if override.is_sweep_override() and not sweeps:
        one_list = f", or write {key}=[{text.partition('=')[2]}] for one list" if _takes_lists(key) else ""
        raise InputError(f"{text}: several values for one run; add -m to run with each{one_list}")


def _check_known(key: str) -> None:
    known, groups = catalogue.known_keys(), catalogue.groups()
    if key in known or key in groups or (key.endswith("._target_") and catalogue.choices_with(key)):
        return
    inside = [name for name in sorted(known) if name.startswith(f"{key}.")]
    if inside:
        raise InputError(f"{key} is not one key but several; give {listed(inside, 'or')}")
    raise InputError(f"{key}: there is no such key; {nearest(key, [*known, *groups])}")


def _check_values(key: str, values: Sequence[Any]) -> None:
    _check_known(key)
    for value in values:
        is_interpolated = isinstance(value, str) and "${" in value  # what it comes to is known when it is composed
        wrong = None if is_interpolated else refusal(key, value)
        if wrong is not None:
            raise InputError(wrong)


def _each(choice: Any) -> Sequence[Any]:
    """The choices in a list of them, which Hydra merges one after the other, or the one that there is."""
    return choice if isinstance(choice, list) else [choice]


def _takes_lists(key: str) -> bool:
    entry = key_of(key)
    return entry is not None and "list" in str(entry.kind)


def _mode(overrides: Sequence[Override]) -> Any:
    """Hydra's mode as an experiment or the user asks for it."""
    given = [override.value() for override in overrides if override.key_or_group == "hydra.mode"]
    return [None, *(asked.get("mode") for asked in _asked_of_hydra(overrides)), *given][-1]


def _params(overrides: Sequence[Override]) -> list[Override]:
    """The sweep that an experiment describes; what is typed wins over it."""
    prefix = "sweeper.params."
    params = {
        key: value for asked in _asked_of_hydra(overrides) for key, value in asked.items() if key.startswith(prefix)
    }
    return parsed([f"{key.removeprefix(prefix)}={value}" for key, value in params.items()])


def _asked_of_hydra(overrides: Sequence[Override]) -> Iterator[dict[str, Any]]:
    """What each experiment that is chosen, and exists, asks of Hydra itself."""
    for override in overrides:
        if override.key_or_group == "experiment" and not override.is_sweep_override():
            for name in _each(override.value()):
                if name in catalogue.options("experiment"):
                    yield catalogue.experiment(name)[2]
