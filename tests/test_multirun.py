"""Does a sweep run its jobs, keep them apart, and survive one that fails?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from tests.running import BEST, metrics_in, train, train_in_new_process


def jobs(sweep: Path) -> list[Path]:
    """The folders of the jobs in their order."""
    return sorted((path.parent for path in sweep.glob("*/metrics.json")), key=lambda job: int(job.name.split("_")[0]))


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`python train.py -m model.n_components=1,2 optimizer=em,kmeans` as anybody would type it."""
    ended = train_in_new_process(
        tmp_path_factory.mktemp("sweep"), "-m", "model.n_components=1,2", "optimizer=em,kmeans"
    )
    assert ended.status == 0, ended.stderr
    (folder,) = (ended.folder / "logs" / "sweeps").iterdir()
    return folder


def test_every_job_has_a_finished_folder_of_its_own(sweep: Path) -> None:
    assert [metrics_in(job)["status"] for job in jobs(sweep)] == ["done"] * 4
    assert all((job / BEST).exists() for job in jobs(sweep))
    assert all((job / ".hydra" / "config.yaml").exists() for job in jobs(sweep))


def test_folders_say_what_was_swept_and_need_no_quotes(sweep: Path) -> None:
    names = [job.name for job in jobs(sweep)]
    assert all(re.fullmatch(r"[\w.,-]+", name) for name in names)
    assert all("n_components" in name and "optimizer" in name for name in names)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-\d{6}", sweep.name)


def test_jobs_have_their_own_overrides_and_the_same_points(sweep: Path) -> None:
    metrics = [metrics_in(job) for job in jobs(sweep)]
    assert [job["n_parameters"] for job in metrics] == [2, 2, 5, 4]
    assert [job["within_ss"] is None for job in metrics] == [True, False, True, False]
    assert len({job["nll/true"] for job in metrics}) == 1


def test_more_components_describe_two_humps_better(sweep: Path) -> None:
    one, _, two, _ = (metrics_in(job)["nll/test"] for job in jobs(sweep))
    assert one - two > 0.7


def test_a_failing_job_stops_no_other_and_fails_the_sweep(tmp_path: Path) -> None:
    ended = train(tmp_path / "sweep", "-m", "model.n_components=2000,2", "optimizer=em")
    assert ended.status == 1
    assert "2000 components" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [metrics_in(job)["status"] for job in jobs(ended.folder)] == ["failed", "done"]


def test_an_accelerator_that_is_not_there_is_skipped(tmp_path: Path) -> None:
    missing = "mps" if torch.cuda.is_available() else "gpu"
    ended = train(tmp_path / "sweep", "-m", f"trainer={missing},cpu", "optimizer=em")
    assert ended.status == 0, ended.stderr
    assert [metrics_in(job)["status"] for job in jobs(ended.folder)] == ["skipped", "done"]
