"""The composition root: the one module that sees the configuration.

`run` reads top to bottom as the life of an experiment: build, fit, take the best checkpoint, measure, record. Its
folder says truly what it is at any time, through `status` in `metrics.json`.
"""

from __future__ import annotations

import inspect
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import get_object
from lightning_fabric.utilities.exceptions import MisconfigurationException
from lightning_fabric.utilities.rank_zero import rank_zero_only
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.callbacks import ModelCheckpoint
from torch.optim import Optimizer

from mixfit.command_line import nearest
from mixfit.configuration import check
from mixfit.data.module import MixtureDataModule
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.mixture import Mixture
from mixfit.module import MixtureModule
from mixfit.optimizers import Aitken, ClosedForm, Plateau, Stopping
from mixfit.tracking import metrics
from mixfit.tracking.progress import Progress
from mixfit.tracking.record import record
from mixfit.tracking.tensorboard import TensorBoard

TRUSTED = ("mixfit.", "torch.optim.")
"""What a configuration may name: this package's own parts and torch's optimizers."""

VISIT = 2_000_000
"""A full batch is used again until about this many numbers (N·K·D a pass) have been looked at, but at most 50 times,
before Lightning validates, logs and saves: often enough to watch, too seldom to cost."""

TINY = 20_000_000
"""Passes over fewer numbers than this run on one thread."""

THREADS = torch.get_num_threads()
"""What torch chose for this machine, for passes that are not tiny."""


def run(config: DictConfig) -> Mapping[str, metrics.Value]:
    """Runs one experiment in the folder that Hydra made for it, or goes on with an old one in its own folder.

    Returns what the folder's `metrics.json` says.
    """
    hydra = HydraConfig.get()
    if config.resume is None:
        return fit(config, hydra.runtime.choices, Path(hydra.runtime.output_dir))
    folder, config, choices = resumed(Path(config.resume), hydra.overrides.task)
    before = metrics.read(folder)
    if before["converged"] or (before["passes"] or 0) >= config.trainer.max_epochs:
        print(f"{folder} is finished; a larger trainer.max_epochs would go on unless it has converged")
        return before
    return fit(config, choices, folder, folder / "checkpoints" / "last.ckpt")


def fit(
    config: DictConfig, choices: Mapping[str, str | None], folder: Path, checkpoint: Path | None = None
) -> Mapping[str, metrics.Value]:
    """Builds, fits, takes the best checkpoint, measures and records; from a checkpoint if there is one."""
    began = time.perf_counter()
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    with recorded(folder, metrics.read(folder) if checkpoint else {}):
        check(config, choices)
        datamodule = build_datamodule(config)
        use_threads(numbers_per_pass(config, datamodule))
        module = build_module(config, datamodule)
        nll_true = metrics.true_nll(datamodule.dataset)
        board = TensorBoard(folder, OmegaConf.to_yaml(config, resolve=True), nll_true)
        progress = Progress(config.trainer.max_epochs, nll_true)
        trainer = build_trainer(config, folder, module, datamodule, [progress, board])
        fit_began = time.perf_counter()
        trainer.fit(module, datamodule, ckpt_path=checkpoint, weights_only=True)
        seconds_fit = time.perf_counter() - fit_began
        if not trainer.is_global_zero:
            return {}
        best = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)
        module.load_state_dict(best["state_dict"])
        fitted: dict[str, metrics.Value] = {
            "status": "done",
            "steps": trainer.global_step,
            "passes/best": best["fit"]["rows"] / len(datamodule.dataset.train),
            "seconds/fit": seconds_fit,
        }
        return record(folder, module, datamodule.dataset, board, fitted, began)


def resumed(folder: Path, overrides: Sequence[str]) -> tuple[Path, DictConfig, Mapping[str, str | None]]:
    """The folder, its own configuration and its choices; of the overrides only `trainer.max_epochs` may differ."""
    for name in (".hydra/config.yaml", ".hydra/hydra.yaml", "metrics.json", "checkpoints/last.ckpt"):
        if not (folder / name).is_file():
            raise InputError(f"resume={folder}: there is no {name} in it, so there is nothing to go on with")
    config = OmegaConf.load(folder / ".hydra" / "config.yaml")
    for override in overrides:
        key, _, value = override.partition("=")
        if key not in ("resume", "trainer.max_epochs"):
            raise InputError(
                f"{override}: a resumed run keeps its own configuration; only trainer.max_epochs may change"
            )
        if key == "trainer.max_epochs":
            OmegaConf.update(config, key, OmegaConf.from_dotlist([f"value={value}"]).value)
    choices = OmegaConf.load(folder / ".hydra" / "hydra.yaml").hydra.runtime.choices
    check(DictConfig(config), choices)
    return folder, DictConfig(config), choices


def build_datamodule(config: DictConfig) -> MixtureDataModule:
    """The points that `data` names."""
    options = _options(config.data)
    batch_size = options.pop("batch_size")
    return MixtureDataModule(_called("data", _part("data", options, object), options), batch_size, config.seed)


def build_module(config: DictConfig, datamodule: MixtureDataModule) -> MixtureModule:
    """The mixture and the way to fit it that `model`, `covariance`, `init` and `optimizer` name."""
    start = _options(config.init)
    make_optimizer, stopping, family = _optimizer(_options(config.optimizer))
    return MixtureModule(
        n_components=config.model.n_components,
        covariance=family or _part("covariance", _options(config.covariance), Covariance),
        optimizer=make_optimizer,
        stopping=stopping,
        initializer=_part("init", start, FunctionType),
        n_starts=start["n_starts"],
        n_passes=start["n_passes"],
        floor=config.model.floor,
        max_passes=config.trainer.max_epochs,
        passes_per_visit=min(50, max(1, VISIT // numbers_per_pass(config, datamodule))),
        seed=config.seed,
    )


def numbers_per_pass(config: DictConfig, datamodule: MixtureDataModule) -> int:
    """N·K·D: what a pass over the training points looks at."""
    return max(1, datamodule.dataset.train.points.numel() * config.model.n_components)


def use_threads(numbers: int) -> None:
    """One thread for tiny passes, where two would wait for each other; torch's own choice for others."""
    torch.set_num_threads(1 if numbers < TINY else THREADS)


def build_trainer(
    config: DictConfig, folder: Path, module: MixtureModule, datamodule: MixtureDataModule, callbacks: list[pl.Callback]
) -> pl.Trainer:
    """Lightning's trainer with the checkpoints and callbacks of a run."""
    options = _options(config.trainer)
    monitor = "nll/val" if len(datamodule.dataset.val) else "nll/train"
    accelerator = options["accelerator"]
    precision = options["precision"] or ("32-true" if _is_mps(accelerator) else "64-true")
    best = ModelCheckpoint(
        dirpath=folder / "checkpoints",
        filename="best",
        monitor=monitor,
        auto_insert_metric_name=False,
        enable_version_counter=False,
    )
    last = ModelCheckpoint(
        dirpath=folder / "checkpoints", filename="last", save_on_train_epoch_end=True, enable_version_counter=False
    )
    try:
        return pl.Trainer(
            **options | {"precision": precision},
            callbacks=[best, last, *callbacks],
            default_root_dir=folder,
            logger=False,
            num_sanity_val_steps=0,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
    except (MisconfigurationException, ValueError) as error:
        if _is_missing(accelerator):
            raise SkippedError(f"no {accelerator} here; choose trainer=cpu or trainer=auto") from error
        raise InputError(f"trainer: {error}") from error


class SkippedError(InputError):
    """The machine lacks what the run asked for: an error alone, an entry in the table of a sweep."""


@contextmanager
def recorded(folder: Path, before: Mapping[str, metrics.Value]) -> Iterator[None]:
    """Keeps the folder's `status` true: running, then whatever ended the run. Of several processes the first writes.

    The numbers that the folder had before, if the run goes on in it, stay until there are new ones.
    """

    def write(status: str, error: str | None = None) -> None:
        if getattr(rank_zero_only, "rank", 0) == 0:
            metrics.write(folder, {**before, "status": status, "error": error})

    write("running")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_utilities")
            yield
    except SkippedError as error:
        write("skipped", str(error))
        if HydraConfig.get().mode is not RunMode.MULTIRUN:
            raise
    except (KeyboardInterrupt, SystemExit):
        write("interrupted")
        raise
    except BaseException as error:
        write("failed", f"{type(error).__name__}: {error}")
        raise


def _optimizer(options: dict[str, Any]) -> tuple[Callable[[Mixture], Optimizer], Stopping, Any]:
    """What makes the optimizer, when it has converged, and the family that it insists on."""
    target = _part("optimizer", options, Optimizer)
    if issubclass(target, ClosedForm):
        if target.family is not None:
            print(f"{target.__name__} has one covariance of its own, so covariance= is not used")
        return target, _called("optimizer", Aitken, options), target.family
    stopping_keys = inspect.signature(Plateau).parameters
    stopping = _called("optimizer", Plateau, {key: options.pop(key) for key in stopping_keys if key in options})
    build = partial(_called, "optimizer", target)
    return lambda mixture: build(options | {"params": mixture.parameters()}), stopping, None


def _part(group: str, options: dict[str, Any], kind: type) -> Any:
    """The class or function that the group's `_target_` names: our own or torch's, and of the kind the group needs."""
    name = str(options.pop("_target_"))
    known = f"{group}._target_={name}: a configuration may only name parts of {' and '.join(TRUSTED)}"
    if not name.startswith(TRUSTED):
        raise InputError(known)
    try:
        part = get_object(name)
    except ImportError as error:
        raise InputError(f"{group}._target_={name}: there is no such part; choose {group}=... instead") from error
    if not str(getattr(part, "__module__", "")).startswith(TRUSTED):
        raise InputError(known)
    if not (isinstance(part, kind) if kind is FunctionType else isinstance(part, type) and issubclass(part, kind)):
        raise InputError(f"{group}._target_={name} is not what {group} needs; choose {group}=... instead")
    return part


def _called(group: str, target: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    known = list(inspect.signature(target).parameters)
    for key in options:
        if key not in known:
            raise InputError(f"{group}.{key}: {target.__name__} has no such option; {nearest(key, known)}")
    try:
        return target(**options)
    except (TypeError, ValueError, RuntimeError, IndexError) as error:
        raise error if isinstance(error, InputError) else InputError(f"{group}: {error}") from error


def _options(node: DictConfig) -> dict[str, Any]:
    options = OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    assert isinstance(options, dict)  # a group of the configuration is a mapping by its schema
    return {str(key): value for key, value in options.items()}


def _is_mps(accelerator: str) -> bool:
    automatic = accelerator == "auto" and not torch.cuda.is_available() and torch.backends.mps.is_available()
    return accelerator == "mps" or automatic


def _is_missing(accelerator: str) -> bool:
    has = {
        "gpu": torch.cuda.is_available(),
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    return not has.get(accelerator, True)
