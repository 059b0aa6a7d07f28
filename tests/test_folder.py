"""Is a run's folder one process's at a time, and does it say truly what became of the run?"""

from __future__ import annotations

from pathlib import Path
from threading import Timer

import pytest
from filelock import FileLock

from mixfit.errors import InputError
from mixfit.folder import LOCK, SkippedError, checkpoint_of, claimed, clear, held, is_claimed, recorded
from mixfit.tracking import metrics_file
from tests.running import LAST, metrics_in, run_experiment, train

ENDS = [
    (InputError("a sentence"), "failed", "a sentence"),
    (ZeroDivisionError("a bug"), "failed", "ZeroDivisionError: a bug"),
    (SkippedError("no gpu here"), "skipped", "no gpu here"),
    (KeyboardInterrupt(), "interrupted", None),
]


@pytest.mark.parametrize(("end", "status", "error"), ENDS)
def test_whatever_ends_a_run_its_folder_says_so(
    end: BaseException, status: str, error: str | None, tmp_path: Path
) -> None:

    def run() -> None:
        assert metrics_in(tmp_path)["status"] == "running"
        raise end

    with pytest.raises(type(end)), recorded(tmp_path, {"passes": 3.0}):
        run()
    found = metrics_in(tmp_path)
    assert (found["status"], found["error"], found["passes"]) == (status, error, 3.0)


def test_an_interrupt_that_a_library_made_an_error_of_is_no_failure(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), recorded(tmp_path, {}):
        raise InputError("no checkpoint") from KeyboardInterrupt()
    assert metrics_in(tmp_path)["status"] == "interrupted"


def test_a_folder_is_one_process_s_at_a_time(tmp_path: Path) -> None:
    assert not is_claimed(tmp_path)
    with claimed(tmp_path):
        assert is_claimed(tmp_path)
        with pytest.raises(InputError, match="another process"), claimed(tmp_path):
            pass
    assert not is_claimed(tmp_path)


def test_a_run_that_only_begins_looks_like_one_that_is_under_way(tmp_path: Path) -> None:
    with held(tmp_path):
        assert is_claimed(tmp_path)
        with held(tmp_path):  # somebody is there already, which is for whoever claims it to say
            pass
        assert is_claimed(tmp_path)
    assert not is_claimed(tmp_path)


def test_somebody_who_looks_does_not_keep_a_run_out(tmp_path: Path) -> None:
    look = FileLock(tmp_path / LOCK, thread_local=False)
    look.acquire()
    Timer(0.2, look.release).start()
    with claimed(tmp_path):
        assert is_claimed(tmp_path)


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    run_experiment(tmp_path, "optimizer=em")
    halves = [tmp_path / ".12.part", tmp_path / "checkpoints" / ".12.part"]
    for half in halves:
        half.write_text("half")
    metrics_file.write(tmp_path, {"status": "interrupted"})
    run_experiment(tmp_path, "optimizer=em")
    assert not [half for half in halves if half.exists()]


def test_a_run_in_a_folder_that_is_taken_is_refused_and_touches_nothing(tmp_path: Path) -> None:
    metrics_file.write(tmp_path, {"status": "running", "passes": 7.0})
    before = metrics_in(tmp_path)
    with claimed(tmp_path):
        ended = train(tmp_path, "optimizer=em")
    assert ended.status == 1
    assert "another process" in ended.stderr
    assert metrics_in(tmp_path) == before


def test_a_checkpoint_that_was_cut_off_is_none(tmp_path: Path) -> None:
    run_experiment(tmp_path, "optimizer=em")
    whole = (tmp_path / LAST).read_bytes()
    assert checkpoint_of(tmp_path) == tmp_path / LAST
    for size in (0, 1, len(whole) // 2, len(whole) - 1):
        (tmp_path / LAST).write_bytes(whole[:size])
        assert checkpoint_of(tmp_path) is None


def test_what_is_not_a_run_s_is_not_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(InputError, match="holds checkpoints, which no run of this program wrote"):
        clear(tmp_path)
    metrics_file.write(tmp_path, {"status": "failed"})
    (tmp_path / "checkpoints" / "mine.ckpt").write_text("")
    clear(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["checkpoints", "mine.ckpt"]


def test_a_run_in_the_folder_of_one_that_failed_leaves_nothing_of_it(tmp_path: Path) -> None:
    run_experiment(tmp_path, "optimizer=em")
    metrics_file.write(tmp_path, {"status": "failed"})
    first = {path.name for path in tmp_path.glob("events.out.tfevents.*")}
    run_experiment(tmp_path, "optimizer=em", "seed=1")
    second = {path.name for path in tmp_path.glob("events.out.tfevents.*")}
    assert len(first) == len(second) == 1
    assert first.isdisjoint(second)
