"""Does a sweep run its jobs, keep them apart, survive those that fail, and go on where it stopped?"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.running import BEST, TRAIN, Ended, metrics_in, train, train_in_new_process

CLOCK = ("seconds/fit", "seconds/total")


def jobs(sweep: Path) -> dict[str, dict[str, Any]]:
    """What the folder of every job says, by its name, the clock aside."""
    found = {path.parent.name: metrics_in(path.parent) for path in sorted(sweep.glob("*/metrics.json"))}
    return {job: {name: value for name, value in found[job].items() if name not in CLOCK} for job in found}


def statuses(sweep: Path) -> dict[str, str]:
    return {name: metrics["status"] for name, metrics in jobs(sweep).items()}


def table(sweep: Path) -> list[dict[str, str]]:
    """The rows of the leaderboard, the clock aside."""
    with (sweep / "leaderboard.csv").open(newline="") as file:
        return [{name: cell for name, cell in row.items() if "seconds" not in name} for row in csv.DictReader(file)]


def inodes(sweep: Path) -> dict[str, int]:
    """Which file each finished job's checkpoint is: another one if the job ran again."""
    return {path.parents[1].name: path.stat().st_ino for path in sweep.glob(f"*/{BEST}")}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """`python train.py -m model.n_components=1,2 optimizer=em,kmeans` as anybody would type it."""
    return train_in_new_process(
        tmp_path_factory.mktemp("sweep"), "-m", "model.n_components=1,2", "optimizer=em,kmeans", "seed=3"
    )


@pytest.fixture(scope="module")
def folder(sweep: Ended) -> Path:
    assert sweep.status == 0, sweep.stderr
    (folder,) = (sweep.folder / "logs" / "sweeps").iterdir()
    return folder


def test_every_job_has_a_finished_folder_that_says_what_was_typed(folder: Path) -> None:
    assert statuses(folder) == {
        "n_components-1_optimizer-em_seed-3": "done",
        "n_components-1_optimizer-kmeans_seed-3": "done",
        "n_components-2_optimizer-em_seed-3": "done",
        "n_components-2_optimizer-kmeans_seed-3": "done",
    }
    assert all((folder / job / BEST).exists() and (folder / job / "report.png").exists() for job in jobs(folder))


def test_nothing_is_written_outside_the_sweeps_folder(sweep: Ended, folder: Path) -> None:
    assert [path.name for path in sweep.folder.iterdir()] == ["logs"]
    assert [path.name for path in (sweep.folder / "logs").iterdir()] == ["sweeps"]
    files = {path.name for path in folder.iterdir() if path.is_file()}
    assert files == {"multirun.yaml", "leaderboard.csv", "leaderboard.md", "sweep.png"}


def test_jobs_have_their_own_overrides_and_the_same_points(folder: Path) -> None:
    assert [job["n_parameters"] for job in jobs(folder).values()] == [2, 2, 5, 4]
    assert len({job["nll/true"] for job in jobs(folder).values()}) == 1


def test_the_table_is_printed_and_written(sweep: Ended, folder: Path) -> None:
    (best, *_) = table(folder)
    values = {job["nll/val"] for job in jobs(folder).values()}
    assert float(best["nll/val"]) == min(values)
    assert best["model.n_components"] == "2"
    assert "n_components" in sweep.stdout
    assert "kmeans" in sweep.stdout


def test_each_job_tells_tensorboard_what_was_swept_and_no_more(folder: Path) -> None:
    for job, metrics in jobs(folder).items():
        (path,) = (folder / job).glob("events.out.tfevents.*")
        tags = EventAccumulator(str(path)).Reload().SummaryMetadata("_hparams_/session_start_info")
        content = str(tags.plugin_data.content)
        assert "model.n_components" in content
        assert "optimizer" in content
        assert "seed" not in content
        assert metrics["status"] == "done"


def test_a_sweep_that_is_typed_again_runs_nothing_twice(folder: Path) -> None:
    before, rows = inodes(folder), table(folder)
    ended = train(folder, "-m", "optimizer=kmeans,em", "seed=3", "model.n_components=2,1")
    assert ended.status == 0, ended.stderr
    assert inodes(folder) == before
    assert "4 of 4 jobs are done already" in ended.stdout
    assert table(folder) == rows


def test_a_sweep_that_grows_runs_what_is_new(folder: Path, tmp_path: Path) -> None:
    before = inodes(folder)
    ended = train(folder, "-m", "optimizer=em", "seed=3", "model.n_components=2,3")
    assert ended.status == 0, ended.stderr
    assert "1 of 2 jobs are done already" in ended.stdout
    assert before.items() < inodes(folder).items()
    assert {row["model.n_components"] for row in table(folder)} == {"1", "2", "3"}


def test_a_failing_job_is_a_row_and_stops_no_other(tmp_path: Path) -> None:
    ended = train(tmp_path / "sweep", "-m", "model.n_components=2000,2", "optimizer=em")
    assert ended.status == 1
    assert "n_components-2000" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert set(statuses(ended.folder).values()) == {"failed", "done"}
    done, failed = table(ended.folder)
    assert (done["model.n_components"], failed["model.n_components"]) == ("2", "2000")
    assert "cannot hold 2000 components" in failed["error"]


def test_a_job_that_failed_is_tried_again(tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    typed = ["-m", "data=file", f"data.path={points}", "optimizer=em", "seed=0,1"]
    assert train(tmp_path / "sweep", *typed).status == 1
    points.write_text("x\n" + "\n".join(f"{number % 17}.{number % 7}" for number in range(100)) + "\n")
    ended = train(tmp_path / "sweep", *typed)
    assert ended.status == 0, ended.stderr
    assert set(statuses(ended.folder).values()) == {"done"}


def test_a_finished_run_of_another_configuration_is_not_written_over(tmp_path: Path) -> None:
    typed = ["-m", "optimizer=em", "seed=0,1", "data.n_val=100", "data.n_test=100"]
    assert train(tmp_path / "sweep", *typed).status == 0
    job = next((tmp_path / "sweep").glob("*seed-1"))
    config = OmegaConf.load(job / ".hydra" / "config.yaml")
    OmegaConf.update(config, "model.floor", 1e-5)
    OmegaConf.save(config, job / ".hydra" / "config.yaml")
    before = inodes(tmp_path / "sweep")
    ended = train(tmp_path / "sweep", *typed)
    assert ended.status == 1
    assert "model.floor is 1e-05 there and 1e-06 here" in ended.stderr
    assert "hydra.sweep.dir" in ended.stderr
    assert inodes(tmp_path / "sweep") == before


def test_an_accelerator_that_is_not_there_is_skipped(tmp_path: Path) -> None:
    missing = "mps" if torch.cuda.is_available() else "gpu"
    ended = train(tmp_path / "sweep", "-m", f"trainer={missing},cpu", "optimizer=em")
    assert ended.status == 0, ended.stderr
    assert set(statuses(ended.folder).items()) == {
        (f"optimizer-em_trainer-{missing}", "skipped"),
        ("optimizer-em_trainer-cpu", "done"),
    }
    assert f"no {missing} here" in jobs(ended.folder)[f"optimizer-em_trainer-{missing}"]["error"]


def test_a_key_that_only_the_swept_choices_have_can_be_given(tmp_path: Path) -> None:
    ended = train(tmp_path / "sweep", "-m", "optimizer=sgd,rmsprop", "optimizer.momentum=0.5", "trainer.max_epochs=3")
    assert ended.status == 0, ended.stderr
    assert list(statuses(ended.folder)) == [
        "optimizer-rmsprop_momentum-0.5_max_epochs-3",
        "optimizer-sgd_momentum-0.5_max_epochs-3",
    ]


def test_processes_that_share_a_job_give_what_one_gives(tmp_path: Path) -> None:
    data = ["data=old_faithful", "optimizer=em", "model.n_components=2"]
    alone = train(tmp_path / "alone", "-m", *data, "trainer=cpu", "seed=0,1")
    ended = train_in_new_process(
        tmp_path, "-m", *data, "trainer=ddp", "trainer.devices=2", "seed=0,1", "hydra.sweep.dir=shared"
    )
    assert ended.status == 0, ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone", "shared"]
    for one, two in zip(jobs(alone.folder).values(), jobs(tmp_path / "shared").values(), strict=True):
        rounded = {"nll/train", "nll/val", "nll/test", "bic", "aic", "icl"}  # sums in another order
        assert {name for name in one if one[name] != two[name]} <= rounded
        assert {name: float(two[name]) for name in rounded} == pytest.approx(
            {n: float(one[n]) for n in rounded}, rel=1e-12
        )


def test_ctrl_c_leaves_a_true_table_and_a_command_that_goes_on(tmp_path: Path) -> None:
    slow = ["data=gaussians", "data.separation=0.5", "model.n_components=6", "optimizer=em", "optimizer.tolerance=0"]
    slow += ["moves=none"]
    typed = [sys.executable, str(TRAIN), "-m", *slow, "seed=0,1", "trainer.max_epochs=800"]
    sweep = subprocess.Popen(typed, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert sweep.stderr is not None
    while "passes" not in (read := os.read(sweep.stderr.fileno(), 4096).decode()):
        assert read, "the sweep ended before its first pass"
    sweep.send_signal(signal.SIGINT)
    _, said = sweep.communicate()
    (folder,) = (tmp_path / "logs" / "sweeps").iterdir()
    assert sweep.returncode == 130
    assert "Traceback" not in said
    assert list(statuses(folder).values()) == ["interrupted"]
    assert [row["status"] for row in table(folder)] == ["interrupted"]

    (command,) = (line for line in said.splitlines() if "train.py" in line)
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(statuses(folder).values()) == ["done", "done"]
    assert [path.name for path in (tmp_path / "logs" / "sweeps").iterdir()] == [folder.name]
    whole = train(tmp_path / "whole", "-m", *slow, "seed=0", "trainer.max_epochs=800")
    (first, *_) = jobs(folder).values()
    assert [first] == list(jobs(whole.folder).values())
