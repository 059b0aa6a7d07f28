"""What happens when `python train.py` is typed in an empty folder?"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from mixfit.overrides import checked
from tests.running import TRAIN, Ended, metrics_in, refusal, run_experiment, train, train_in_new_process

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
        (["+nothing=1"], 1, "nothing: there is no such key"),
        (["trainer.max_epochs=abc"], 1, "trainer.max_epochs=abc"),
        (["-m", "model.n_components=1,two"], 1, "model.n_components=two"),
        (["optimizer=em", "-m", "seed=0,-1"], 1, "seed=-1"),
        (["hydra/launcher=jobli"], 1, "did you mean joblib?"),
        (["--help"], 0, "model.n_components=2"),
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


def test_a_sweep_may_give_a_key_that_only_the_swept_choices_have() -> None:
    """Hydra looks for it in the default choice as well, and would not find it there."""
    typed = ["optimizer=sgd,rmsprop", "optimizer.momentum=0.5", "seed=1", "optimizer.lr=0.1"]
    expected = ["optimizer=sgd,rmsprop", "optimizer.momentum=choice(0.5)", "seed=1", "optimizer.lr=0.1"]
    assert checked(typed, sweeps=True) == expected


def test_the_flag_of_a_sweep_may_stand_between_the_overrides(tmp_path: Path) -> None:
    ended = train(tmp_path / "sweep", "optimizer=rmsprop,sgd", "-m", "optimizer.momentum=0.5", "trainer.max_epochs=1")
    assert ended.status == 0, ended.stderr
    jobs = sorted((tmp_path / "sweep").glob("*/.hydra/config.yaml"))
    assert [OmegaConf.load(job).optimizer.momentum for job in jobs] == [0.5, 0.5]


def test_a_directory_of_the_users_own_may_hold_other_choices(tmp_path: Path) -> None:
    (tmp_path / "mine" / "optimizer").mkdir(parents=True)
    (tmp_path / "mine" / "optimizer" / "adamax.yaml").write_text(
        "_target_: torch.optim.Adamax\nlr: 0.1\nmaximize: false\ntolerance: 1e-7\n"
    )
    mine = ["--config-dir", str(tmp_path / "mine"), "optimizer=adamax"]
    ended = train(tmp_path / "run", *mine, "trainer.max_epochs=2")
    assert ended.status == 0, ended.stderr
    assert "optimizer.lr=-1: expected a number above 0" in refusal(tmp_path / "bad", *mine, "optimizer.lr=-1")
    assert "did you mean model.n_components?" in refusal(tmp_path / "bad", *mine, "model.n_component=1")


def test_a_choice_of_the_users_own_must_have_what_each_of_ours_has(tmp_path: Path) -> None:
    (tmp_path / "mine" / "init").mkdir(parents=True)
    (tmp_path / "mine" / "init" / "short.yaml").write_text(
        "_target_: mixfit.mixtures.initializers.random_points.random_points\nrestarts: 1\n"
    )
    message = refusal(tmp_path / "run", "--config-dir", str(tmp_path / "mine"), "init=short")
    assert "init.n_passes is missing" in message


def test_the_folders_name_can_be_resolved_wherever_the_package_is_imported() -> None:
    """A launcher's process imports the package and never runs `train.py`."""
    code = (
        "import mixfit.command_line; from omegaconf import OmegaConf; "
        "print(OmegaConf.create({'dir': '${folder_of_run:null,logs/x}'}).dir)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "logs/x\n"


def test_runs_that_start_at_the_same_moment_share_no_folder(tmp_path: Path) -> None:
    command = [sys.executable, str(TRAIN), "optimizer=em", "trainer.max_epochs=1"]
    together = [
        subprocess.Popen([*command, f"seed={seed}"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for seed in range(3)
    ]
    for run in together:
        _, said = run.communicate()
        assert run.returncode == 0, said.decode()
    folders = list((tmp_path / "logs" / "runs").iterdir())
    assert [metrics_in(folder)["status"] for folder in folders] == ["done"] * 3
    assert len({metrics_in(folder)["nll/true"] for folder in folders}) == 3
