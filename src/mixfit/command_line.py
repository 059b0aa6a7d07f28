"""Errors as sentences: what a user typed wrong never ends in a traceback, and the nearest right word is named.

Imports nothing heavy, so that a mistyped override is answered at once.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from hydra.errors import HydraException, MissingConfigException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mixfit.errors import InputError

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@contextmanager
def speaking_plainly() -> Iterator[None]:
    """Prints what a user can mend as one message and exits with status 1; lets real bugs keep their traceback."""
    OmegaConf.register_new_resolver("folder_of_run", folder_of_run, replace=True)
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # Hydra then raises its errors instead of printing them
    try:
        yield
    except InputError as error:
        _exit(str(error))
    except MissingConfigException as error:
        _exit(_unknown_choice(error))
    except (HydraException, OmegaConfBaseException) as error:
        _exit(_bad_override(error))


@contextmanager
def starting_quickly() -> Iterator[None]:
    """Imports without `scipy.signal`, which torchmetrics would load for one old name that nobody here uses.

    It takes a second of the five that Lightning's imports take. The stand-in is gone when the imports are done.
    """
    if "scipy.signal" in sys.modules:
        yield
        return
    stand_in = ModuleType("scipy.signal")
    vars(stand_in)["hamming"] = None  # the old name
    sys.modules["scipy.signal"] = stand_in
    try:
        yield
    finally:
        del sys.modules["scipy.signal"]


def folder_of_run(resume: str | None, fresh: str) -> str:
    """Where Hydra notes what was asked: the fresh folder of a run, or a corner of the folder that is resumed."""
    return fresh if resume is None or not Path(resume).is_dir() else str(Path(resume) / "resumed" / Path(fresh).name)


def nearest(name: str, known: Sequence[str]) -> str:
    """A clause that names the closest of the known words, or all of them if none is close and they are few."""
    words = sorted(word for word in known if not word.endswith("_target_"))
    inside = sorted(
        (word for word in words if word.endswith(f".{name}")), key=lambda word: not word.startswith("model.")
    )
    close = inside or get_close_matches(name, words, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are: {', '.join(words)}" if 0 < len(words) <= 12 else "python train.py --help shows what there is"


def known_keys() -> list[str]:
    """Every key of every choice of every group, dotted."""
    keys: set[str] = set()
    for path in sorted(CONFIGS.glob("*.yaml")) + sorted(CONFIGS.glob("*/*.yaml")):
        content = OmegaConf.to_container(OmegaConf.load(path))
        if isinstance(content, dict) and path.parent.name != "experiment":
            ours = {key: value for key, value in content.items() if key not in ("hydra", "defaults")}
            keys.update(key for key, _ in dotted(ours, "" if path.parent == CONFIGS else f"{path.parent.name}."))
    groups = {path.name for path in CONFIGS.iterdir() if path.is_dir()} - {"hydra"}
    return sorted(key for key in keys | groups if not key.endswith("_target_"))


def dotted(content: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a nested mapping, its levels joined by dots, with its value."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _unknown_choice(error: MissingConfigException) -> str:
    group, _, choice = (error.missing_cfg_file or "").rpartition("/")
    options = [option for option in error.options or [] if "/" not in option]
    return f"{group}={choice}: there is no such choice; {nearest(choice, options)}"


def _bad_override(error: Exception) -> str:
    found = re.search(r"[Cc]ould not override '([^']+)'", str(error))
    if found:
        key = found.group(1)
        if key in known_keys():
            group = key.partition(".")[0]
            return f"{key}: the chosen {group} has no such option, though another choice of {group} has"
        return f"{key}: there is no such key; {nearest(key, known_keys())}"
    return "\n".join(line for line in str(error).splitlines() if "HYDRA_FULL_ERROR" not in line).strip()


def _exit(message: str) -> None:
    sys.stderr.write(f"error: {message}\n")
    sys.exit(1)
