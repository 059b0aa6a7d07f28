"""Is a run's folder read truly, however the run ended?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from mixfit import runs
from mixfit.errors import InputError
from mixfit.folder import claimed
from mixfit.plain_yaml import dotted
from tests.run_folders import write_run
from tests.running import train

FILES = ("config", "hydra", "overrides")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run: `python train.py data.n_samples=50 ... optimizer=em`."""
    small = ["data.n_samples=50", "data.n_val=20", "data.n_test=20"]
    ended = train(tmp_path_factory.mktemp("runs") / "run", *small, "optimizer=em", "optimizer.tolerance=1e-6")
    assert ended.status == 0, ended.stderr
    return ended.folder


def loaded(folder: Path, name: str) -> dict[str, Any]:
    """The file as OmegaConf reads it, flat."""
    config = OmegaConf.load(folder / ".hydra" / f"{name}.yaml")
    assert isinstance(config, DictConfig)
    content = OmegaConf.to_container(config, resolve=False)
    assert isinstance(content, dict)
    return dict(dotted(content))


def copy(folder: Path, to: Path) -> Path:
    (to / ".hydra").mkdir(parents=True)
    for name in ("metrics.json", *(f".hydra/{file}.yaml" for file in FILES)):
        (to / name).write_bytes((folder / name).read_bytes())
    return to


def test_a_run_is_what_omegaconf_and_its_metrics_say(folder: Path) -> None:
    run = runs.read(folder)
    assert run.config == loaded(folder, "config")
    assert run.choices == OmegaConf.load(folder / ".hydra" / "hydra.yaml").hydra.runtime.choices
    assert run.overrides[-2:] == ("optimizer=em", "optimizer.tolerance=1e-6")
    assert run.metrics["status"] == "done"
    assert run.metrics["n_points"] == 50


def test_hydra_writes_the_keys_last_that_tell_a_whole_file(folder: Path) -> None:
    assert list(loaded(folder, "config"))[-1] == runs.LAST_OF_CONFIG
    assert list(loaded(folder, "hydra"))[-1] == f"hydra.{runs.LAST_OF_HYDRA}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_says_nothing_wrong(name: str, folder: Path, tmp_path: Path) -> None:
    whole, cut = runs.read(folder), copy(folder, tmp_path / "cut")
    path = cut / ".hydra" / f"{name}.yaml"
    content = path.read_bytes()
    for length in range(0, len(content), 1 if name == "config" else 7):
        path.write_bytes(content[:length])
        run = runs.read(cut)
        assert run.config == (whole.config if name != "config" else {})
        assert run.choices == (whole.choices if name != "hydra" else {})
        assert set(run.overrides) <= set(whole.overrides)
        assert run.metrics == whole.metrics


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\n", b"a: [\n", b"- {}: [a]\n", b"7\n", b"a: &a\n  b: *a\nresume: 1\n"]
)
def test_a_damaged_file_says_nothing(name: str, content: bytes, folder: Path, tmp_path: Path) -> None:
    damaged = copy(folder, tmp_path / "damaged")
    (damaged / ".hydra" / f"{name}.yaml").write_bytes(content)
    run = runs.read(damaged)
    told = {"config": run.config, "hydra": run.choices, "overrides": run.overrides}
    assert [file for file in FILES if not told[file]] in ([name], [])
    assert name == "overrides" or not told[name]


def test_a_run_without_metrics_is_running_while_a_process_holds_its_folder(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", {"optimizer": "sgd"}, None)
    assert runs.read(folder).metrics["status"] == "interrupted"
    with claimed(folder):
        run = runs.read(folder)
    assert run.metrics["status"] == "running"
    assert run.metrics["nll/val"] is None
    assert run.choices["optimizer"] == "sgd"


def test_a_run_that_says_running_is_running_while_a_process_holds_its_folder(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", {"optimizer": "sgd"}, {"status": "running"})
    assert runs.read(folder).metrics["status"] == "interrupted"
    with claimed(folder):
        assert runs.read(folder).metrics["status"] == "running"
    assert runs.read(folder).metrics["status"] == "interrupted"


@pytest.mark.parametrize("content", ["", "{", "[1]", "{}", '{"status": 3}', '{"status": "done", "bic": NaN}', "7"])
def test_metrics_that_cannot_be_read_are_a_failure_that_says_so(content: str, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", {}, {})
    (folder / "metrics.json").write_text(content)
    metrics = runs.read(folder).metrics
    assert metrics["status"] == "failed"
    assert str(metrics["error"]).startswith("metrics.json cannot be read: ")
    assert metrics["bic"] is None


def test_numbers_are_numbers_and_words_are_words(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", {}, {})
    text = "a: 1e-07\nb: 1.0e-07\nc: '1e-07'\nd: 2020-13-45\ne: ${model.floor}\nf: 1e3\ng: e3\nresume: null\n"
    (folder / ".hydra" / "config.yaml").write_text(text)
    assert runs.read(folder).config == loaded(folder, "config")
    assert runs.read(folder).config["a"] == 1e-7


def test_runs_are_found_in_natural_order_at_any_depth_and_once(tmp_path: Path) -> None:
    names = ["a/job10", "a/job2", "b/c/job1", "job3"]
    for name in names:
        write_run(tmp_path / name, {}, {})
    found = runs.find([tmp_path / "a", tmp_path, tmp_path / "a" / "job2"])
    assert [str(run.folder.relative_to(tmp_path.resolve())) for run in found] == [
        "a/job2",
        "a/job10",
        "b/c/job1",
        "job3",
    ]


def test_what_lies_below_a_run_belongs_to_it(tmp_path: Path) -> None:
    write_run(tmp_path / "run", {}, {})
    write_run(tmp_path / "run" / "resumed" / "later", {}, {})
    write_run(tmp_path / "killed", {}, None)
    write_run(tmp_path / "killed" / "resumed" / "later", {}, {})
    assert [run.folder.name for run in runs.find([tmp_path])] == ["killed", "run"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    write_run(tmp_path / "elsewhere" / "run", {}, {})
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "sweep" / "circle").symlink_to(tmp_path, target_is_directory=True)
    assert runs.find([tmp_path / "sweep"]) == []
    assert runs.find([tmp_path / "nowhere"]) == []


def test_a_folder_that_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, onerror: Any) -> list[Any]:
        onerror(PermissionError(13, "Permission denied", str(path)))
        return []

    monkeypatch.setattr("mixfit.runs.os.walk", refused)
    with pytest.raises(InputError, match="Permission denied, so the runs in it would be missing"):
        runs.find([tmp_path])


def test_reading_runs_needs_neither_torch_nor_numpy() -> None:
    command = "import sys, mixfit.runs, mixfit.leaderboard; print({'torch', 'numpy', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
