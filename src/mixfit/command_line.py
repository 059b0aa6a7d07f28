"""What happens between a typed command and the experiment: help, checks, and errors as sentences.

What is mistyped never ends in a traceback, and leaves no folder behind. Nothing heavy is imported before the check
has passed, and Hydra not before it is known that more than help is wanted.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mixfit.catalogue import CONFIGS, known_keys
from mixfit.disk import refusing_plainly
from mixfit.errors import InputError
from mixfit.program import lends_a_hand
from mixfit.signals import ENDING, end_with_parent, ending_by_exception, exit_status, interrupts_unwrapped
from mixfit.spelling import nearest

EXTRAS = {"joblib": "parallel", "submitit_local": "slurm", "submitit_slurm": "slurm", "ray": "ray"}
"""Launchers, and the extra of this package that brings each."""


SECONDS_TO_SPEAK = 2
"""That an error of a process that lends a hand waits: what befalls all of them, the first one says."""


def folder_of_run(resume: str | None, fresh: str) -> str:
    """Where Hydra notes what was asked: the fresh folder of a run, or a corner of the folder that is resumed."""
    return fresh if resume is None or not Path(resume).is_dir() else str(Path(resume) / "resumed" / Path(fresh).name)


OmegaConf.register_new_resolver("folder_of_run", folder_of_run, replace=True)  # in a launcher's new processes as well


def command(main: Callable[[DictConfig], None]) -> None:
    """Does what was typed: prints help, or refuses, or hands the composed configuration to `main` for every job."""
    is_a_later_one = int(os.environ.get("LOCAL_RANK", "0")) > 0
    if is_a_later_one:  # and ends when the first process ends it
        for signum in (signal.SIGINT, *ENDING):
            signal.signal(signum, signal.SIG_IGN)
        end_with_parent()
    with speaking_plainly(), ending_by_exception(), letting_the_first_speak() if is_a_later_one else nullcontext():
        if {"-h", "--help"} & set(sys.argv[1:]):
            from mixfit.help import show

            show([argument for argument in sys.argv[1:] if not argument.startswith("-")])
            return
        import hydra

        sys.argv[1:] = _checked(sys.argv[1:])
        os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # Hydra then raises its errors instead of printing them
        with refusing_plainly(None, "choose another hydra.run.dir or hydra.sweep.dir"):
            hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train")(main)()


def check(config: DictConfig) -> None:
    """Refuses a composed configuration that cannot run, before torch is imported; its folder then says `failed`.

    A resumed run is checked with the configuration that it had.
    """
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from mixfit import configuration
    from mixfit.tracking import metrics_file

    hydra = HydraConfig.get()
    if config.get("resume") is not None:
        return
    try:
        configuration.check(config, hydra.runtime.choices)
    except InputError as error:
        folder = Path(hydra.runtime.output_dir)
        if not (folder / "metrics.json").exists():
            metrics_file.write(folder, {"status": "failed", "error": str(error)})
        if hydra.mode is RunMode.MULTIRUN:  # Hydra keeps what a job raises
            sys.stderr.write(f"error: {folder.name}: {error}\n")
        raise


@contextmanager
def speaking_plainly() -> Iterator[None]:
    """Prints what a user can mend as one message and exits with status 1; lets real bugs keep their traceback."""
    try:
        with interrupts_unwrapped():
            yield
    except KeyboardInterrupt as interrupt:  # what is said about it was said where it happened
        sys.exit(exit_status(interrupt))
    except InputError as error:
        _exit(str(error))
    except OmegaConfBaseException as error:
        _exit(without_advice(error))
    except Exception as error:
        from hydra.errors import HydraException  # imported by now, if one of them is raised

        if not isinstance(error, HydraException):
            raise
        _exit(without_advice(error))


@contextmanager
def letting_the_first_speak() -> Iterator[None]:
    """Holds an error back: a first process that has broken off, which closes connections, ends this one before."""
    try:
        yield
    except Exception:
        time.sleep(SECONDS_TO_SPEAK)
        raise


@contextmanager
def ending_alone() -> Iterator[None]:
    """Speaks plainly of a run that is no job of a sweep before Hydra speaks of it, which would list what was typed."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    with nullcontext() if HydraConfig.get().mode is RunMode.MULTIRUN else speaking_plainly():
        yield


def _checked(typed: Sequence[str]) -> list[str]:
    """The arguments in a form that Hydra takes; `InputError` if the overrides among them cannot be right.

    With a directory of the user's own there may be other choices and keys than ours: the composed configuration is
    checked then. A bare -m may stand anywhere, though Hydra wants it before or behind all overrides.
    """
    from hydra._internal.utils import get_args_parser

    from mixfit.overrides import SEARCHED, checked

    flags = [argument for argument in typed if argument in ("-m", "--multirun")]
    arguments = [*flags, *(argument for argument in typed if argument not in flags)]
    read = get_args_parser().parse_args(arguments)
    _check_flags(read)
    if read.hydra_help:
        return arguments
    _check_folders(read.overrides)
    overrides = checked(read.overrides, sweeps=read.multirun, own_directories=read.config_dir is not None)
    if read.config_dir or any(SEARCHED in argument for argument in read.overrides):
        from mixfit.own_directories import check_directories

        check_directories(read.config_dir, read.overrides)
    for_hydra = dict(zip(read.overrides, overrides, strict=True))
    return [for_hydra.get(argument, argument) for argument in arguments]


def _check_folders(overrides: Sequence[str]) -> None:
    """A run that is resumed keeps the notes that it has; a process that lends it a hand writes none."""
    given = dict(override.partition("=")[::2] for override in overrides)
    resume, folder = (given.get(key, "").strip("'\"") for key in ("resume", "hydra.run.dir"))
    if not lends_a_hand() and resume and folder and Path(resume).resolve() == Path(folder).resolve():
        raise InputError(f"resume={resume}: goes on in that folder by itself; leave hydra.run.dir out")


def _check_flags(read: Namespace) -> None:
    if read.multirun and read.cfg:
        raise InputError("--cfg shows the configuration of one run; leave -m out, and give one value of each key")
    if read.experimental_rerun:
        raise InputError(
            "--experimental-rerun reads a pickle, which may run anything; go on with a run by resume=FOLDER, or type "
            "its .hydra/overrides.yaml again"
        )
    if read.config_path or read.config_name:
        raise InputError(
            "--config-path and --config-name would take the place of all configurations here; add your own with "
            "--config-dir=DIRECTORY, in a folder for each group, as DIRECTORY/experiment/mine.yaml"
        )


def _unknown_choice(file: str, options: Sequence[str]) -> str:
    """Of Hydra's own groups, or where the user's directories are searched as well."""
    group, _, choice = file.rpartition("/")
    extra = EXTRAS.get(choice) if group == "hydra/launcher" else None
    remedy = f"it comes with .venv/bin/pip install -e '.[{extra}]'" if extra else nearest(choice, [*options])
    return f"{group}={choice}: there is no such choice; {remedy}"


def without_advice(error: Exception) -> str:
    """Hydra's message without its advice to developers; with the nearest key or choice if one is wrong."""
    from hydra.errors import MissingConfigException

    if isinstance(error, MissingConfigException):
        return _unknown_choice(error.missing_cfg_file or "", error.options or [])
    lines = [line.rstrip(".") for line in str(error).splitlines()]
    told = [line for line in lines if line and "HYDRA_FULL_ERROR" not in line and "use +" not in line]
    key = re.search(r"Could not override '(?!hydra)([^']+)'", str(error))
    return "; ".join(told + ([nearest(key.group(1), list(known_keys()))] if key else []))


def _exit(message: str) -> None:
    sys.stderr.write(f"error: {message}\n")
    sys.exit(1)
