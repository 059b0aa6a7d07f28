"""Does a sweep, or a run, keep its hands off what is not its own, and refuse what could not go well?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mixfit.folder import claimed
from tests.running import BEST, CONFIGS, metrics_in, run_experiment, train, train_in_new_process
from tests.test_multirun import statuses

TINY = ["optimizer=em", "data.n_samples=200", "data.n_val=100", "data.n_test=100"]


@pytest.mark.parametrize("name", ["metrics.json", "report.png", "model.safetensors", "checkpoints/mymodel.pt"])
@pytest.mark.parametrize("typed", [[], ["-m", "seed=0"]])
def test_somebody_elses_files_are_left_alone(name: str, typed: list[str], tmp_path: Path) -> None:
    folder = tmp_path / ("seed-0" if typed else "")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text('{"accuracy": 0.9}')
    ended = train(tmp_path, *typed)
    assert ended.status == 1
    assert name.partition("/")[0] in ended.stderr
    assert (folder / name).read_text() == '{"accuracy": 0.9}'


def test_a_finished_run_is_not_written_over_by_another(tmp_path: Path) -> None:
    run_experiment(tmp_path, *TINY)
    before = (metrics_in(tmp_path), (tmp_path / ".hydra" / "config.yaml").read_text(), (tmp_path / BEST).stat().st_ino)
    ended = train(tmp_path, *TINY, "seed=1")
    assert ended.status == 1
    assert "hydra.run.dir" in ended.stderr
    after = (metrics_in(tmp_path), (tmp_path / ".hydra" / "config.yaml").read_text(), (tmp_path / BEST).stat().st_ino)
    assert after == before


def test_a_sweep_waits_for_a_folder_that_somebody_works_in(tmp_path: Path) -> None:
    (tmp_path / "seed-0").mkdir()
    with claimed(tmp_path / "seed-0"):
        ended = train(tmp_path, "-m", "seed=0,1")
    assert ended.status == 1
    assert "another process" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["seed-0"]


@pytest.mark.parametrize(
    ("typed", "clue"),
    [
        (["seed=range(3,0)"], "seed: there is no value"),
        (["optimizer=glob(x*)"], "optimizer: there is no value"),
        (["seed=range(100000000)"], "more values than one sweep runs"),
        (["seed=range(1000)", "model.n_components=range(1,1000)"], "999,000 jobs"),
        (["optimizer.lr=interval(0,1)"], "an interval has no end of values"),
        (["resume=logs/runs/a,logs/runs/b"], "a run is resumed alone"),
        (["hydra.sweeper.max_batch_size=0"], "hydra.sweeper.max_batch_size=0"),
        (["optimizer=adam,em", "optimizer.lr=0.1"], "into the same hydra.sweep.dir"),
        (["seed=range[1,4]"], "'seed=range(1,4)'"),
    ],
)
def test_a_sweep_that_cannot_go_well_does_not_begin(typed: list[str], clue: str, tmp_path: Path) -> None:
    ended = train(tmp_path / "sweep", "-m", *typed)
    assert ended.status == 1
    assert clue in ended.stderr
    assert not (tmp_path / "sweep").exists()


def test_a_folder_that_cannot_be_made_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = train(tmp_path / "file" / "sweep", "-m", "seed=0,1")
    assert ended.status == 1
    assert "hydra.sweep.dir" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A directory of configurations that a user brings along."""
    directory = tmp_path / "my own"
    (directory / "optimizer").mkdir(parents=True)
    (directory / "optimizer" / "mine.yaml").write_text((CONFIGS / "optimizer" / "em.yaml").read_text())
    return directory


@pytest.mark.parametrize(
    ("typed", "clue"),
    [
        (["optimizer=min,mine"], "did you mean mine?"),
        (["optimizer=mine", "model.n_components=2,0"], "model.n_components=0"),
    ],
)
def test_sweeps_of_ones_own_configurations_are_checked_before_the_first_job(
    typed: list[str], clue: str, own: Path, tmp_path: Path
) -> None:
    ended = train(tmp_path / "sweep", "--config-dir", str(own), "-m", *typed)
    assert ended.status == 1
    assert clue in ended.stderr
    assert not (tmp_path / "sweep").exists()


def test_ones_own_configurations_reach_every_process_of_a_job(own: Path, tmp_path: Path) -> None:
    typed = ["--config-dir", str(own), "-m", "optimizer=mine", "trainer=ddp", "seed=0", "hydra.sweep.dir='a b, c'"]
    ended = train_in_new_process(tmp_path, *typed, *TINY[1:])
    assert ended.status == 0, ended.stderr
    assert set(statuses(tmp_path / "a b, c").values()) == {"done"}


def test_a_failing_job_of_two_processes_costs_no_other(tmp_path: Path) -> None:
    ended = train_in_new_process(
        tmp_path, "-m", *TINY, "trainer=ddp", "model.n_components=2000,2", "hydra.sweep.dir=sweep"
    )
    assert ended.status == 1
    assert sorted(statuses(tmp_path / "sweep").values()) == ["done", "failed"]


def test_a_job_that_was_resumed_for_longer_is_another_job(tmp_path: Path) -> None:
    slow = ["data=gaussians", "data.separation=0.5", "data.n_samples=500", "model.n_components=3"]
    typed = ["-m", *slow, "optimizer=em", "optimizer.tolerance=0", "trainer.max_epochs=3,4"]
    assert train(tmp_path / "sweep", *typed).status == 0
    (job,) = (tmp_path / "sweep").glob("*epochs-3")
    assert train(tmp_path / "elsewhere", f"resume={job}", "trainer.max_epochs=6").status == 0
    ended = train(tmp_path / "sweep", *typed)
    assert ended.status == 1
    assert "trainer.max_epochs is 6 there and 3 here" in ended.stderr


def test_a_file_that_changed_after_its_fit_is_pointed_out(tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("x\n" + "\n".join(f"{number % 17}.{number % 7}" for number in range(100)) + "\n")
    typed = ["-m", "data=file", f"data.path={points}", "optimizer=em", "seed=0"]
    assert "younger" not in train(tmp_path / "sweep", *typed).stderr
    (done,) = (tmp_path / "sweep").glob("*/metrics.json")
    os.utime(points, (done.stat().st_mtime + 10,) * 2)
    again = train(tmp_path / "sweep", *typed)
    assert again.status == 0
    assert f"{points} is younger" in again.stderr
