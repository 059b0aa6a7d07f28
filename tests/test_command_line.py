"""What happens when `python train.py` is typed in an empty folder?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.running import Ended, metrics_in, run_experiment, train_in_new_process

HEAVY = ("torch", "pytorch_lightning", "matplotlib", "numpy", "pyarrow")
"""What a command line that fits nothing has no time to import."""


def imported_modules(importtime: str) -> set[str]:
    """The top-level packages that `python -X importtime` lists."""
    return {line.rpartition("|")[2].strip().split(".")[0] for line in importtime.splitlines() if "import time:" in line}


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return train_in_new_process(tmp_path_factory.mktemp("default"))


def test_the_default_command_ends_well(default: Ended) -> None:
    assert default.status == 0, default.stderr
    assert "Traceback" not in default.stderr
    assert "Warning" not in default.stderr


def test_the_runs_folder_is_named_by_the_time_to_the_microsecond(default: Ended) -> None:
    (folder,) = (default.folder / "logs" / "runs").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-\d{6}", folder.name)
    assert metrics_in(folder)["status"] == "done"
    assert folder.name in default.stdout


def test_nothing_is_written_outside_the_runs_folder(default: Ended) -> None:
    assert [path.name for path in default.folder.iterdir()] == ["logs"]
    assert [path.name for path in (default.folder / "logs").iterdir()] == ["runs"]


def test_the_progress_bar_shows_the_likelihood_and_the_truth(default: Ended) -> None:
    (folder,) = (default.folder / "logs" / "runs").iterdir()
    shown = [float(number) for number in re.findall(r"-?\d+\.\d+", default.stderr.splitlines()[-1])]
    metrics = metrics_in(folder)
    assert shown == pytest.approx([metrics["nll/train"], metrics["nll/true"]], abs=1e-4)


def test_a_seed_gives_the_same_bits_in_another_process(default: Ended, tmp_path: Path) -> None:
    (folder,) = (default.folder / "logs" / "runs").iterdir()
    there, here = metrics_in(folder), run_experiment(tmp_path / "run")
    assert {name for name in there if there[name] != here[name]} <= {"seconds/fit", "seconds/total"}


@pytest.mark.parametrize(
    ("arguments", "status", "answer"),
    [
        (["optimizer=adamm"], 1, "did you mean adam?"),
        (["model.n_component=3"], 1, "did you mean model.n_components?"),
        (["--help"], 0, "n_components: 2"),
        (["--cfg", "job"], 0, "n_components: 2"),
    ],
)
def test_what_needs_no_fit_is_answered_without_importing_torch(
    arguments: list[str], status: int, answer: str, tmp_path: Path
) -> None:
    ended = train_in_new_process(tmp_path, *arguments, options=("-X", "importtime"))
    assert ended.status == status, ended.stderr
    assert answer in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert imported_modules(ended.stderr).isdisjoint(HEAVY)
    assert list(tmp_path.iterdir()) == []
