"""What may be told to Hydra itself: where a run goes and who runs its jobs, but never what is run.

Much of Hydra's own configuration names something that Hydra then imports and calls: callbacks, handlers of logging, a
launcher and whatever stands in its options, directories inside packages, variables of the environment. None of it is
needed to fit a mixture, and a command or a directory of YAML files may come from somebody else. So what is typed must
be in a short list of keys, and what a directory of one's own adds up to is looked through for names of that kind.
Launchers and sweepers are chosen by their names, among those that are installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mixfit.errors import InputError
from mixfit.kinds import written
from mixfit.spelling import listed

GROUPS = ("hydra/launcher", "hydra/sweeper", "hydra/job_logging", "hydra/hydra_logging")
"""Of Hydra's own groups those that can be chosen from."""

KEYS = (
    *("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir", "hydra.mode", "hydra.verbose", "hydra.searchpath"),
    *("hydra.job.name", "hydra.job.chdir", "hydra.output_subdir"),
    *("hydra.sweeper.max_batch_size", "hydra.sweeper.swept"),
)

LAUNCHING = "hydra.launcher."

LAUNCHER_KEYS = frozenset(
    f"{LAUNCHING}{key}"
    for key in (
        *("n_jobs", "backend", "prefer", "require", "verbose", "timeout", "pre_dispatch", "batch_size", "temp_folder"),
        *("max_nbytes", "mmap_mode", "submitit_folder", "timeout_min", "cpus_per_task", "gpus_per_node", "nodes"),
        *("tasks_per_node", "mem_gb", "name", "stderr_to_stdout", "partition", "qos", "comment", "constraint"),
        *("exclude", "gres", "cpus_per_gpu", "gpus_per_task", "mem_per_gpu", "mem_per_cpu", "account"),
        *("signal_delay_s", "max_num_timeout", "array_parallelism"),
        *(f"ray.{part}.num_{unit}" for part in ("init", "remote") for unit in ("cpus", "gpus")),
        *("ray.init.address", "ray.remote.max_calls", "ray.remote.max_retries"),
    )
)
"""How many and how long, where and in whose name; not what a shell runs before a job, as `setup` would be."""

PLUGINS = ("hydra._internal.core_plugins.", "hydra_plugins.")
"""Where Hydra looks for launchers and sweepers, and for nothing else."""

INSTANTIATED = ("_target_", "_args_", "_partial_", "_recursive_", "_convert_")
"""Keys that make an object of a mapping."""

HANDLERS = ("logging.StreamHandler", "logging.FileHandler", "logging.NullHandler")
STREAMS = ("ext://sys.stdout", "ext://sys.stderr")
LOG_FILES = ("${hydra.runtime.output_dir}/run.log", "${hydra.runtime.output_dir}/${hydra.job.name}.log")

KNOWN_REFERENCES = re.compile(r"\$\{hydra\.(run\.dir|sweep\.dir|job\.name)\}")
"""What a launcher's options stand for by default: all of them texts, which no mapping can take the place of."""


def check_typed(text: str, key: str, value: Any) -> None:
    """Raises `InputError` unless an override of Hydra's own gives a plain value to a key that may have one.

    Args:
        text: the override as it was typed.
        key: dotted, or a group.
        value: the one value, or a mapping for the keys below.
    """
    for name, part in _leaves(value, key):
        if name not in GROUPS and name not in KEYS and name not in LAUNCHER_KEYS:
            raise InputError(
                f"{text}: {name} is not a key that can be given here, because Hydra would import, call or start what "
                f"some of them name; of Hydra's own there are {listed([*KEYS, *GROUPS])}, and what a launcher says of "
                "how many and how long"
            )
        if reason := _problem(name, part):
            raise InputError(f"{text}: {reason}")


def check_composed(hydra: Mapping[str, Any]) -> None:
    """Raises `InputError` if Hydra's own configuration, composed but not resolved, names anything to be run."""
    for name, value in _leaves(hydra, "hydra"):
        if reason := _problem(name, value):
            raise InputError(f"{name}={written(value)}: {reason}; take it out of your own files")


def _problem(name: str, value: Any) -> str | None:
    """Why a key of Hydra's cannot have a value; None if it can, and if it has none."""
    last, nothing = name.rpartition(".")[2], value is None or value in ([], {}, "", "???")
    if nothing:
        return None
    if name in ("hydra.launcher._target_", "hydra.sweeper._target_"):
        kind = name.split(".")[1]
        is_plugin = str(value).startswith(PLUGINS)
        return None if is_plugin else f"a {kind} is chosen by its name, as in hydra/{kind}=..., among the installed"
    if last in INSTANTIATED:
        return "a configuration makes no objects of Hydra's"
    if name.startswith(("hydra.callbacks", "hydra.job.env_set")):
        return "a configuration calls nothing and changes no environment"
    if name.startswith("hydra.searchpath") and any("://" in path for path in _texts(value) if not _is_file(path)):
        return "configurations are looked for in folders, and in no packages, which would be imported"
    if name.startswith(("hydra.job_logging.", "hydra.hydra_logging.")):
        return _problem_of_logging(last, str(value))
    if name.startswith("hydra.sweeper.params."):
        typed = name.removeprefix("hydra.sweeper.params.").lstrip("+~")
        return "a sweep goes over keys of a fit" if typed.partition("/")[0].partition(".")[0] == "hydra" else None
    return _problem_of_launcher(name, value) if name.startswith(LAUNCHING) else None


def _problem_of_logging(key: str, value: str) -> str | None:
    """Python's logging calls what stands as `()` or `class`, and imports what begins with `ext:`."""
    taken = {"class": HANDLERS, "stream": STREAMS, "filename": LOG_FILES}
    if value in taken.get(key, ()):
        return None
    if key in (*taken, "()", ".", "factory") or "://" in value:
        return f"what is logged goes to the terminal or the run's folder; choose {listed(GROUPS[2:], 'or')}"
    return None


def _problem_of_launcher(name: str, value: Any) -> str | None:
    if name not in LAUNCHER_KEYS:
        return "of a launcher's options only those that say how many and how long can be given"
    for text in _texts(value):
        if "${" in KNOWN_REFERENCES.sub("", text) or not text.isprintable():  # a shell script has lines
            return "expected a plain value on one line"
    return None


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every value at any level with its dotted name; of a list each element by the name of the list, then the list."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, f"{name}.{key}")
        return
    if isinstance(value, list):
        for part in value:
            if isinstance(part, (Mapping, list)):
                yield from _leaves(part, name)
    yield name, value


def _texts(value: Any) -> Sequence[str]:
    return [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)]


def _is_file(path: str) -> bool:
    return path.startswith("file://")
