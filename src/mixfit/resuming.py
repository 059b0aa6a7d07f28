"""May a run go on where it stopped, with which configuration, and with which points?

Going on ends where never stopping would have ended, so it is offered wherever the folder holds the same run cut off:
to `resume=`, to a job of a sweep, and to the same command typed again in the same folder, which is what a scheduler
does that puts a job back into its queue. What does not belong together is refused, or begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from yaml import YAMLError

from mixfit import runs
from mixfit.checkpoint import loaded
from mixfit.configuration import check, check_from_folder
from mixfit.errors import InputError
from mixfit.folder import BEST, LAST, checkpoint_of, was_cut_off
from mixfit.one_move import write_in_one_move
from mixfit.plain_yaml import parsed
from mixfit.provenance import config_text_in
from mixfit.tracking import metrics_file

CAP = "trainer.max_epochs"
"""The one key that may change when a run is gone on with."""


def left_by(folder: Path, config: DictConfig) -> Path | None:
    """The checkpoint of the same run, if it began in this folder and was cut off; None if there is none."""
    checkpoint = checkpoint_of(folder) if was_cut_off(folder) else None
    if checkpoint is None:
        return None
    noted = config_text_in(loaded(checkpoint))
    return checkpoint if noted is not None and _agree(noted, config) else None


def resumed(folder: Path, overrides: Sequence[str]) -> tuple[Path, DictConfig]:
    """The folder and its own configuration, checked; of the overrides only `trainer.max_epochs` may differ."""
    if not folder.is_dir():
        raise InputError(
            f"resume={folder}: there is no such folder; give the folder of a run, as in resume=logs/runs/..."
        )
    found = runs.read(folder)
    if not found.config or not found.choices:
        raise InputError(
            f"resume={folder}: there is no whole .hydra/config.yaml and hydra.yaml in it, so nothing says what to go "
            "on with; type the first command again"
        )
    if (folder / "metrics.json").is_file() and metrics_file.status(folder) is None:
        raise InputError(f"resume={folder}: its metrics.json is damaged, so nothing says how far it came; run it again")
    check_from_folder(found.config, folder / ".hydra" / "config.yaml")
    config = OmegaConf.load(folder / ".hydra" / "config.yaml")
    for override in overrides:
        key, _, value = override.partition("=")
        if key not in ("resume", CAP):
            raise InputError(f"{override}: a resumed run keeps its own configuration; only {CAP} may change")
        if key == CAP:
            OmegaConf.update(config, key, OmegaConf.from_dotlist([f"value={value}"]).value)
    check(DictConfig(config), found.choices)
    return folder, DictConfig(config)


def never_began(folder: Path) -> bool:
    """Whether the run ended before its first checkpoints; raises `InputError` if something is gone since."""
    missing = [str(name) for name in (BEST, LAST) if not (folder / name).is_file()]
    is_noted = metrics_file.status(folder) is not None
    if missing and is_noted and metrics_file.read(folder)["passes"] is not None:
        raise InputError(f"resume={folder}: there is no {missing[0]} in it, so there is nothing to go on with")
    if not missing and not is_noted:
        raise InputError(f"resume={folder}: there is no metrics.json in it, so nothing says how far it came")
    return bool(missing)


def is_finished(folder: Path, config: DictConfig) -> bool:
    """Whether the run in the folder has converged, or made as many passes as it may."""
    if metrics_file.status(folder) is None:
        return False
    before = metrics_file.read(folder)
    return bool(before["converged"]) or (before["passes"] or 0) >= config.trainer.max_epochs


def check_belongs(checkpoint: Path, config: DictConfig) -> None:
    """Raises `InputError` if the checkpoint is of a run with another configuration than the folder's."""
    noted = config_text_in(loaded(checkpoint))
    if noted is not None and not _agree(noted, config, but=CAP):
        raise InputError(
            f"{checkpoint}: is of a run with another configuration than .hydra/config.yaml beside it; put back the one "
            "that the run wrote, or run again in another folder"
        )


def with_own_path(config: DictConfig, folder: Path) -> DictConfig:
    """The configuration, in which relative paths lead from where the run was first started."""
    for key in ("data.path", "init.folder"):
        path = OmegaConf.select(config, key)
        if path is not None:
            group, _, name = key.partition(".")
            config = DictConfig(OmegaConf.merge(config, {group: {name: runs.path_from(runs.read(folder), path)}}))
    return config


def keep(config: DictConfig, folder: Path) -> None:
    """Writes the configuration that a resumed run has from now on to where a sweep looks for it, in one move."""
    write_in_one_move(folder / ".hydra" / "config.yaml", OmegaConf.to_yaml(config).encode())


def text_of(config: DictConfig) -> str:
    """What was asked for, in YAML; the same run again is the same text."""
    return OmegaConf.to_yaml(config)


def _agree(noted: str, config: DictConfig, but: str | None = None) -> bool:
    """Whether a checkpoint's configuration is this one, one key aside."""
    try:
        content = parsed(noted)
    except (ValueError, YAMLError):  # a checkpoint may come from a stranger too
        return False
    if not isinstance(content, dict):
        return False
    there = DictConfig(OmegaConf.create(content))
    if but is not None:
        OmegaConf.update(there, but, OmegaConf.select(config, but))
    return OmegaConf.to_container(there) == OmegaConf.to_container(config)
