"""Can anything that is typed, or that a folder or a file holds, import or call what it names? Each attack is armed.

A module that leaves a mark when it is imported, and a class of it that leaves one when it is made, stand where Python
finds them. An attack that reaches either has won, whatever is said about it afterwards.
"""

from __future__ import annotations

import importlib
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
import yaml
from pyarrow import parquet

import mixfit
from mixfit.build import options_of
from mixfit.data.tables import read_table
from mixfit.errors import InputError
from mixfit.hydra_settings import check_composed
from mixfit.mixtures.covariances import Covariance
from mixfit.parts import PACKAGES, part
from mixfit.plain_yaml import parsed
from mixfit.runs import find, read
from mixfit.tracking import metrics_file
from tests.running import BEST, LAST, REPOSITORY, TRAIN, metrics_in, run_experiment, train

TINY = ["optimizer=em", "data.n_samples=60", "data.n_val=20", "data.n_test=20", "trainer=cpu"]
EVIL = """
open({mark!r}, 'w').close()
class Sprung:
    def __init__(self, *_, **__):
        open({mark!r}, 'w').close()
"""


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file that is there as soon as `evil` has been imported, or `evil.Sprung` been made."""
    home, mark = tmp_path / "evil home", tmp_path / "mark"
    (home / "evil").mkdir(parents=True)
    (home / "evil" / "__init__.py").write_text(EVIL.format(mark=str(mark)))
    monkeypatch.syspath_prepend(str(home))
    importlib.invalidate_caches()
    yield mark
    sys.modules.pop("evil", None)


def test_the_trap_is_armed(mark: Path) -> None:
    importlib.import_module("evil")
    assert mark.exists()


# What is typed

TYPED = [
    ["optimizer._target_=evil.Sprung"],
    ["+data._target_=evil.Sprung"],
    ["init._target_=os.system"],
    ["covariance={_target_: evil.Sprung}"],
    ["+hydra.callbacks.x._target_=evil.Sprung"],
    ["+hydra.callbacks={x: {_target_: evil.Sprung}}"],
    ["hydra.job_logging.handlers.file.class=evil.Sprung"],
    ["+hydra.job_logging.handlers.x={class: evil.Sprung}"],
    ["++hydra.job_logging.formatters.dated.class=evil.Sprung"],
    ["hydra.hydra_logging.handlers.terminal.stream=ext://evil.Sprung"],
    ["hydra.hydra_logging={version: 1, handlers: {x: {class: evil.Sprung}}, root: {handlers: [x]}}"],
    ["hydra.searchpath=[pkg://evil]"],
    ["hydra.searchpath=[file:///tmp,pkg://evil]"],
    ["+hydra.job.env_set.LD_PRELOAD=/tmp/evil.so"],
    ["hydra.job.env_set={PYTHONPATH: /tmp}"],
    ["hydra.launcher._target_=evil.Sprung", "-m"],
    ["+hydra.launcher.x._target_=evil.Sprung", "-m"],
    ["hydra/launcher=joblib", "hydra.launcher.n_jobs={_target_: evil.Sprung}", "-m"],
    ["hydra/launcher=submitit_slurm", "hydra.launcher.setup=[touch mark]", "-m"],
    ["hydra/launcher=submitit_slurm", "+hydra.launcher.additional_parameters.wrap=evil", "-m"],
    ["hydra/launcher=submitit_slurm", "hydra.launcher.comment='a\nevil'", "-m"],
    ["hydra.sweeper._target_=evil.Sprung", "-m"],
    ["+hydra.sweeper.params.x={_target_: evil.Sprung}", "-m"],
    ["+hydra.sweeper.x._target_=evil.Sprung", "-m"],
    ["+hydra/launcher@hydra.callbacks=basic"],
    ["~hydra.run"],
]


@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: typed[-2] if typed[-1] == "-m" else typed[-1])
def test_nothing_typed_imports_or_calls_what_it_names(typed: list[str], mark: Path, tmp_path: Path) -> None:
    ended = train(tmp_path / "run", *TINY, *typed)
    assert ended.status == 1
    assert not mark.exists()
    message = ended.stderr.rpartition("error: ")[2]
    key = typed[-2] if typed[-1] == "-m" else typed[-1]
    assert key.lstrip("+~").partition("=")[0].partition("@")[0].partition(".")[0] in message
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "flag", ["--experimental-rerun={}/config.pickle", "--config-path=pkg://evil", "--config-dir=pkg://evil"]
)
def test_no_flag_of_hydras_reads_a_pickle_or_a_package(flag: str, mark: Path, tmp_path: Path) -> None:
    (tmp_path / "config.pickle").write_bytes(pickle.dumps(Trap(mark)))
    ended = train(tmp_path / "run", flag.format(tmp_path), *TINY)
    assert (ended.status, mark.exists()) == (1, False)
    assert ended.stderr.startswith("error: ")


@pytest.mark.parametrize(
    "typed",
    [
        ["hydra/job_logging=stdout"],
        ["hydra.verbose=true", "hydra.job.name=mine"],
        ["hydra/launcher=joblib", "hydra.launcher.n_jobs=1", "-m"],
    ],
)
def test_what_hydra_may_be_told_still_works(typed: list[str], tmp_path: Path) -> None:
    assert train(tmp_path / "run", *TINY, *typed).status == 0


def test_a_refusal_stands_alone(tmp_path: Path) -> None:
    ended = train(tmp_path / "run", "data=file", f"data.path={tmp_path}/none.csv")
    assert ended.stderr == f"error: data.path={tmp_path}/none.csv: there is no such file. Correct data.path\n"


# What a part may be

NO_PARTS = [
    ("optimizer", "torch.optim.optimizer.os.system"),
    ("optimizer", "torch.optim.optimizer.defaultdict"),
    ("optimizer", "torch.optim.swa_utils.AveragedModel"),
    ("optimizer", "torch.optimevil.Sprung"),
    ("optimizer", "mixfit.optimizers.closed_form.Mixture"),
    ("data", "mixfit.chosen.catalogue.Path"),
    ("data", "mixfit.data.file.Path"),
    ("data", "mixfit.tracking.tensorboard.TensorBoard"),
    ("data", "mixfit.__main__.main"),
    ("data", "mixfit.data"),
    ("data", "mixfit.data..File"),
    ("data", ""),
    ("init", "mixfit.folder.clear"),
    ("init", "mixfit.mixtures.initializers.kmeans.torch"),
    ("covariance", "mixfit.mixtures.covariances.full.Tensor"),
]


@pytest.mark.parametrize(("group", "name"), NO_PARTS)
def test_a_part_is_of_its_groups_own_packages(group: str, name: str) -> None:
    kind: dict[str, type] = {"optimizer": torch.optim.Optimizer, "covariance": Covariance, "data": object}
    with pytest.raises(InputError, match=f"{group}._target_={name}"):
        part(group, {"_target_": name}, kind.get(group, type(test_the_trap_is_armed)))


def test_what_is_no_part_is_not_even_imported() -> None:
    with pytest.raises(InputError):
        part("data", {"_target_": "mixfit.__main__.main"}, object)
    assert "mixfit.__main__" not in sys.modules


def test_every_group_with_parts_says_where_they_live() -> None:
    groups = {path.parent.name for path in (REPOSITORY / "configs").glob("*/*.yaml") if "_target_" in path.read_text()}
    assert groups == set(PACKAGES)


# A directory of configurations that somebody sent


@pytest.mark.parametrize(
    "content",
    [
        "# @package _global_\nhydra:\n  callbacks:\n    x:\n      _target_: evil.Sprung\n",
        "# @package hydra.callbacks.x\n_target_: evil.Sprung\n",
        "# @package _global_\nhydra:\n  job_logging:\n    handlers:\n      file:\n        class: evil.Sprung\n",
        "# @package _global_\nhydra:\n  job_logging:\n    handlers:\n      file:\n        (): evil.Sprung\n",
        "# @package _global_\nhydra:\n  job_logging:\n    handlers:\n      file:\n        filename: /tmp/evil\n",
        "# @package _global_\nhydra:\n  hydra_logging:\n    handlers:\n      terminal:\n        stream: ext://evil.x\n",
        "# @package _global_\nhydra:\n  launcher:\n    x: ${evil}\nevil:\n  _target_: evil.Sprung\n",
        "# @package _global_\nhydra:\n  launcher:\n    n_jobs: ${evil}\nevil:\n  _target_: evil.Sprung\n",
        "# @package _global_\nhydra:\n  job:\n    env_set:\n      LD_PRELOAD: /tmp/evil.so\n",
        "# @package _global_\nhydra:\n  sweeper:\n    params:\n      +hydra.callbacks.x._target_: evil.Sprung\n",
        "# @package _global_\nhydra:\n  sweeper:\n    x:\n    - _target_: evil.Sprung\n",
    ],
)
def test_a_directory_of_configurations_tells_hydra_nothing_to_run(content: str, mark: Path, tmp_path: Path) -> None:
    check_directory(content, ["--config-dir", "{}", "experiment=theirs"], mark, tmp_path)


@pytest.mark.parametrize(
    "typed",
    [
        ["--config-dir", "{}", "-m", "experiment=theirs,null"],
        ["hydra.searchpath=['{}']", "experiment=theirs"],
        ["hydra.searchpath=['file://{}']", "-m", "experiment=null,theirs"],
    ],
)
def test_nor_does_it_where_it_is_swept_or_searched(typed: list[str], mark: Path, tmp_path: Path) -> None:
    content = "# @package _global_\nhydra:\n  job_logging:\n    handlers:\n      file:\n        class: evil.Sprung\n"
    check_directory(content, typed, mark, tmp_path)


def check_directory(content: str, typed: list[str], mark: Path, tmp_path: Path) -> None:
    directory = tmp_path / "theirs"
    (directory / "experiment").mkdir(parents=True)
    (directory / "experiment" / "theirs.yaml").write_text(content)
    ended = train(tmp_path / "run", *(word.format(directory) for word in typed), *TINY)
    assert (ended.status, mark.exists()) == (1, False)
    assert "error: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_hydra_composes_for_every_launcher_is_taken() -> None:
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    launchers = ["basic", "joblib", "submitit_local", "submitit_slurm"]
    with initialize_config_dir(str(REPOSITORY / "configs"), version_base="1.3"):
        for launcher in launchers:
            config = compose("train", [f"hydra/launcher={launcher}"], return_hydra_config=True)
            check_composed(OmegaConf.to_container(config.hydra, resolve=False))  # type: ignore[arg-type]
            assert options_of(config.optimizer)


# The folder of a run


class Trap:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has more to do."""
    folder = tmp_path_factory.mktemp("trust") / "run"
    run_experiment(folder, *TINY, "optimizer=adam", "trainer.max_epochs=20", "optimizer.tolerance=0")
    return folder


@pytest.fixture
def theirs(run: Path, tmp_path: Path) -> Path:
    """The same, in the hands of somebody else."""
    return Path(shutil.copytree(run, tmp_path / "theirs"))


def resumed(folder: Path, tmp_path: Path) -> str:
    """What going on with a run that is refused says."""
    ended = train(tmp_path / "elsewhere", f"resume={folder}", "trainer.max_epochs=40")
    assert ended.status == 1, ended.stdout
    assert "Traceback" not in ended.stderr
    message = ended.stderr.rpartition("error: ")[2]
    assert len(message.splitlines()) == 1
    return message


def change(path: Path, key: str, value: object) -> None:
    """Writes another value of a dotted key into a YAML file."""
    content = place = yaml.safe_load(path.read_text())
    *levels, last = key.split(".")
    for level in levels:
        place = place[level]
    place[last] = value
    path.write_text(yaml.safe_dump(content, sort_keys=False))


@pytest.mark.parametrize("group", ["data", "covariance", "init", "optimizer"])
@pytest.mark.parametrize("name", ["evil.Sprung", "mixfit.main.main"])
def test_a_runs_configuration_names_no_part_but_ours(
    group: str, name: str, theirs: Path, mark: Path, tmp_path: Path
) -> None:
    change(theirs / ".hydra" / "config.yaml", f"{group}._target_", name)
    message = resumed(theirs, tmp_path)
    assert name in message or ".hydra/config.yaml" in message
    assert not mark.exists()


@pytest.mark.parametrize("name", ["config", "hydra", "overrides"])
@pytest.mark.parametrize(
    "content",
    [
        "!!python/object/apply:evil.Sprung []\n",
        "seed: !!python/name:evil.Sprung\nresume: null\n",
        "!!python/module:evil\n",
    ],
)
def test_yaml_makes_plain_values_or_nothing(content: str, name: str, theirs: Path, mark: Path, tmp_path: Path) -> None:
    (theirs / ".hydra" / f"{name}.yaml").write_text(content)
    read(theirs)
    train(tmp_path / "elsewhere", f"resume={theirs}", "trainer.max_epochs=40")
    assert not mark.exists()


def test_a_runs_configuration_learns_nothing_of_this_machine(
    theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "sesame")
    for value in ("${oc.env:SECRET}", "${${oc.env:SECRET}}", "x${seed}", "${nothing}"):
        change(theirs / ".hydra" / "config.yaml", "data.n_test", value)
        message = resumed(theirs, tmp_path)
        assert "write the value itself there" in message
        assert "sesame" not in message


def test_a_few_lines_of_yaml_take_no_memory_and_no_stack() -> None:
    laughs = "\n".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    for text in (f"a0: &a0 [1]\n{laughs}\n", "[" * 10**6, "- " * 10**6, "{a: " * 10**6, "a" * 10**7):
        with pytest.raises((ValueError, yaml.YAMLError)):
            parsed(text)


@pytest.mark.parametrize("content", [b"[" * 10**6, b"9" * 10**4, b'{"status": 1}', b"\xff\xfe", b"null", b"1e999"])
def test_numbers_of_a_run_that_are_none_are_a_row_with_an_error(content: bytes, theirs: Path) -> None:
    (theirs / "metrics.json").write_bytes(content)
    (found,) = find([theirs])
    assert found.metrics["status"] == "failed"
    with pytest.raises(InputError, match=r"metrics\.json"):
        mixfit.load(theirs)


CHECKPOINT = [
    ("loops", {"fit_loop": {"epoch_progress": "none"}}),
    ("loops", {"fit_loop": 7}),
    ("loops", {}),
    ("optimizer_states", []),
    ("optimizer_states", [{"state": 1, "param_groups": "x"}]),
    ("fit", {"rows": 1.0}),
    ("fit", {"rows": "many"}),
    ("fit", {}),
    ("callbacks", {"Provenance": {"config": "a: &a [*a]"}}),
    ("global_step", "many"),
    ("epoch", None),
    ("pytorch-lightning_version", [1]),
    ("lr_schedulers", 3),
]


@pytest.mark.parametrize(("key", "value"), CHECKPOINT)
@pytest.mark.filterwarnings("ignore:.*checkpoint.*")
def test_a_checkpoint_of_another_shape_is_a_sentence_or_no_matter(
    key: str, value: Any, theirs: Path, tmp_path: Path
) -> None:
    for name in (BEST, LAST):
        content = torch.load(theirs / name, weights_only=True)
        torch.save(content | {key: value}, theirs / name)
    ended = train(tmp_path / "elsewhere", f"resume={theirs}", "trainer.max_epochs=40")
    assert "Traceback" not in ended.stderr
    assert ended.status == 0 or "checkpoints/" in ended.stderr
    assert metrics_in(theirs)["status"] in ("done", "failed")


def test_a_checkpoint_names_no_file_that_lightning_would_remove(theirs: Path, tmp_path: Path) -> None:
    victim = tmp_path / "precious"
    victim.mkdir()
    folder = theirs / "checkpoints"
    for path in (f"{folder}/../../precious", "dir::file://" + str(victim), f"{folder}/../best.ckpt"):
        content = torch.load(theirs / LAST, weights_only=True)
        for state in content["callbacks"].values():
            if "dirpath" in state:
                worst = torch.tensor(1e9, dtype=torch.float64)
                state |= {"dirpath": str(folder), "kth_best_model_path": path, "best_k_models": {path: worst}}
                state |= {"kth_value": worst, "best_model_path": path}
        torch.save(content, theirs / LAST)
        assert "which Lightning would remove" in resumed(theirs, tmp_path)
    assert victim.is_dir()


# A file of points


def object_array(path: Path, trap: Trap) -> None:
    np.save(path.with_suffix(".npy"), np.array([trap], object))


def object_array_in_an_archive(path: Path, trap: Trap) -> None:
    np.savez(path.with_suffix(".npz"), x=np.ones(3), y=np.array([trap], object))


def bare_pickle(path: Path, trap: Trap) -> None:
    for suffix in (".npy", ".npz", ".csv", ".parquet"):
        path.with_suffix(suffix).write_bytes(pickle.dumps(trap))


def pickled_extension(path: Path, trap: Trap) -> None:
    """As pyarrow itself once unpickled it (CVE-2023-47248)."""
    kept = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": pickle.dumps(trap)}
    schema = pa.schema([pa.field("x", pa.float64(), metadata=kept)])
    parquet.write_table(pa.table({"x": [1.0, 2.0]}, schema=schema), path.with_suffix(".parquet"))


def pickled_pandas_index(path: Path, trap: Trap) -> None:
    schema = pa.schema([pa.field("x", pa.float64())], metadata={b"pandas": pickle.dumps(trap)})
    parquet.write_table(pa.table({"x": [1.0, 2.0]}, schema=schema), path.with_suffix(".parquet"))


@pytest.mark.parametrize(
    "attack", [object_array, object_array_in_an_archive, bare_pickle, pickled_extension, pickled_pandas_index]
)
def test_no_file_of_points_is_unpickled(attack: Callable[[Path, Trap], None], tmp_path: Path) -> None:
    trap = Trap(tmp_path / "mark")
    attack(tmp_path / "points", trap)
    for path in tmp_path.glob("points.*"):
        with suppress(InputError):
            assert read_table(path).points.shape == (2, 1)
    assert not trap.path.exists()


# The network


LISTENS = "0A"
"""What the kernel calls the state of a socket that waits for others."""


def family_of(pid: int) -> list[int]:
    """A process and its children, theirs included."""
    children = [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in words_in(path)]
    return [pid, *(one for child in children for one in family_of(child))]


def words_in(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:  # it has ended
        return []


def sockets_of(pid: int) -> set[str]:
    try:
        return {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return set()


def listening(pid: int) -> set[str]:
    """The addresses, as the kernel writes them, at which a process and its children wait for others."""
    sockets = {socket for one in family_of(pid) for socket in sockets_of(one)}
    entries = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    return {
        entry[1].partition(":")[0] for entry in entries if entry[3] == LISTENS and f"socket:[{entry[9]}]" in sockets
    }


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who listens")
def test_processes_that_share_a_fit_listen_on_this_machine_alone(tmp_path: Path) -> None:
    typed = ["trainer=ddp", "optimizer=em"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MASTER_", "GLOO_"))}
    fit = subprocess.Popen(
        [sys.executable, str(TRAIN), *typed], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL, text=True
    )
    seen: set[str] = set()
    while fit.poll() is None:
        seen |= listening(fit.pid)
        time.sleep(0.05)
    assert fit.returncode == 0
    assert seen == {"0100007F"}  # 127.0.0.1


def test_a_finished_run_says_done(run: Path) -> None:
    """The attacks above began from a sound folder."""
    assert metrics_file.status(run) == "done"
