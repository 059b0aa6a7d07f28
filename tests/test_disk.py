"""Does a folder that cannot be written say so before the fit, and a disk that fills cost nothing that was there?"""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from tensorboard.summary.writer.record_writer import RecordWriter

from mixfit import checkpoint_files, disk
from mixfit.disk import check_space, refusing_plainly
from mixfit.errors import InputError
from mixfit.folder import checkpoint_of
from tests.running import BEST, LAST, TRAIN, Ended, metrics_in, run_experiment, train
from tests.same_end import assert_same_end

FIT = [
    *("data=gaussians", "data.n_samples=300", "data.separation=0.5", "model.n_components=3", "optimizer=adam"),
    *("data.batch_size=100", "trainer=cpu", "trainer.max_epochs=20"),
]


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def after(n_calls: int, instead: Callable[..., Any]) -> Callable[..., Any]:
    """A function that works so often, and then finds the disk full."""
    left = iter(range(n_calls))
    return lambda *arguments: full() if next(left, None) is None else instead(*arguments)


def assert_said_in_a_sentence(ended: Ended, clue: str) -> None:
    assert ended.status == 1
    assert "Traceback" not in ended.stderr
    (told,) = (line for line in ended.stderr.splitlines() if "error: " in line)
    assert clue in told


@pytest.mark.parametrize(
    ("name", "clue"),
    [("/proc/run", "No such file or directory"), ("file", "File exists"), ("file/run", "Not a directory")],
)
def test_a_folder_that_cannot_be_made_is_refused_before_the_fit(name: str, clue: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_said_in_a_sentence(train(tmp_path / name, *FIT), f"{clue}; choose another hydra.run.dir")
    assert not list(tmp_path.rglob(".hydra"))


def test_a_folder_that_takes_no_file_is_refused_before_the_fit(tmp_path: Path) -> None:
    (tmp_path / "run" / ".hydra" / "config.yaml").mkdir(parents=True)
    assert_said_in_a_sentence(train(tmp_path / "run", *FIT), "Is a directory; choose another hydra.run.dir")


class Usage(NamedTuple):
    free: int


def test_too_little_room_is_refused_before_the_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixfit.disk.shutil.disk_usage", lambda folder: Usage(300_000))
    assert_said_in_a_sentence(train(tmp_path / "run", *FIT), "has 0.3 MB free, and this run writes at least 0.4 MB")
    assert metrics_in(tmp_path / "run")["status"] == "failed"
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_the_room_that_a_run_needs_grows_with_its_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixfit.disk.shutil.disk_usage", lambda folder: Usage(disk.SMALLEST + 1000))
    check_space(tmp_path, 1000)
    with pytest.raises(InputError, match="make room there"):
        check_space(tmp_path, 1001)


@pytest.mark.parametrize("n_saves", [0, 1, 2, 9, 10])
def test_a_disk_that_fills_during_the_fit_costs_no_checkpoint(
    n_saves: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_experiment(tmp_path / "whole", *FIT)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", after_checkpoints(n_saves, Path.write_bytes))
        ended = train(tmp_path / "run", *FIT)
    assert_said_in_a_sentence(ended, f"No space left on device; make room there, and go on with resume={tmp_path}")
    assert metrics_in(tmp_path / "run")["status"] == "failed"
    assert not list((tmp_path / "run").rglob(".*.part"))
    assert bool(checkpoint_of(tmp_path / "run")) == (n_saves > 0)
    if n_saves:
        assert train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}").status == 0
        assert_same_end(tmp_path / "run", tmp_path / "whole")


def after_checkpoints(n_saves: int, write: Callable[[Path, bytes], int]) -> Callable[[Path, bytes], int]:
    """Writing files on a disk that takes so many checkpoints, everything else, and half of the next checkpoint."""
    left = iter(range(n_saves))

    def written(path: Path, content: bytes) -> int:
        if path.parent.name == "checkpoints" and next(left, None) is None:
            write(path, content[: len(content) // 2])
            full()
        return write(path, content)

    return written


@pytest.mark.parametrize("n_events", [0, 1, 30])
def test_a_disk_that_takes_no_more_events_ends_the_run_in_a_sentence(
    n_events: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(RecordWriter, "write", after(n_events, RecordWriter.write))
        ended = train(tmp_path / "run", *FIT)
    assert_said_in_a_sentence(ended, "No space left on device")
    assert metrics_in(tmp_path / "run")["status"] == "failed"


def test_a_disk_so_full_that_not_even_the_status_can_be_written_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_files, "write_in_one_move", full)
    monkeypatch.setattr("mixfit.tracking.metrics_file.write_in_one_move", after(1, lambda *_: None))
    assert_said_in_a_sentence(train(tmp_path / "run", *FIT), "No space left on device")


def limited() -> None:
    """No file may be larger: the checkpoints are smaller, the report is larger."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))


def test_a_limit_that_the_system_sets_is_told_and_the_run_can_be_gone_on_with(tmp_path: Path) -> None:
    run_experiment(tmp_path / "whole", *FIT)
    typed = [sys.executable, str(TRAIN), *FIT, f"hydra.run.dir={tmp_path / 'run'}"]
    ended = subprocess.run(typed, capture_output=True, text=True, check=False, preexec_fn=limited)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "File too large; make room there, and go on with resume=" in ended.stderr
    assert metrics_in(tmp_path / "run")["status"] == "failed"
    assert train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}").status == 0
    assert_same_end(tmp_path / "run", tmp_path / "whole")


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, path = checkpoint_files.WholeFiles(), tmp_path / "checkpoints" / "last.ckpt"
    files.save_checkpoint({"state_dict": {"a": torch.ones(3)}}, path)
    monkeypatch.setattr(Path, "write_bytes", after_checkpoints(0, Path.write_bytes))
    with pytest.raises(OSError, match="No space left"):
        files.save_checkpoint({"state_dict": {"a": torch.zeros(3)}}, path)
    assert files.load_checkpoint(path, weights_only=True)["state_dict"]["a"].tolist() == [1, 1, 1]
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_checkpoints_are_written_beside_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not where the system keeps temporary files, from where a move may be a copy."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    run_experiment(tmp_path / "run", *FIT)
    assert all((tmp_path / "run" / name).is_file() for name in (BEST, LAST))


def test_an_error_that_is_not_the_operating_system_s_stays_what_it_is() -> None:
    with pytest.raises(OSError, match="no such library"), refusing_plainly(None, ""):
        raise OSError("no such library")
