"""Does `mixfit COMMAND` do what the files at the top of the repository do?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from mixfit import main as command
from mixfit.program import program, typed_with
from tests.running import REPOSITORY, metrics_in

SMALL = ["data.n_samples=50", "data.n_val=20", "data.n_test=20", "trainer=cpu", "optimizer=em"]


def mixfit(
    folder: Path, *arguments: str, start: tuple[str, ...] = ("-m", "mixfit")
) -> subprocess.CompletedProcess[str]:
    """`python -m mixfit ARGUMENTS`, typed in a folder."""
    typed = [sys.executable, *start, *arguments]
    return subprocess.run(typed, cwd=folder, capture_output=True, text=True, check=False)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["-h"], ["--help"]):
        command.main(arguments)
        shown = capsys.readouterr().out
        assert all(f"  {name} " in shown for name in command.COMMANDS)


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_command_is_there(name: str) -> None:
    assert callable(import_module(f"mixfit.commands.{name}").main)


@pytest.mark.parametrize("name", [name for name in command.COMMANDS if name != "train"])
def test_every_command_but_the_fit_has_a_script(name: str) -> None:
    assert f"from mixfit.commands.{name} import main" in (REPOSITORY / "scripts" / f"{name}.py").read_text()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("trian", "error: trian: there is no such command; did you mean train?"),
        ("fit", "there are: compare, evaluate, leaderboard, predict, sample, train"),
        ("data=file", "error: data=file: the command comes first, as in mixfit train data=file"),
        ("-m", "error: -m: the command comes first, as in mixfit train -m"),
    ],
)
def test_what_is_no_command_is_answered(typed: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([typed])
    assert ended.value.code == 1
    assert told in capsys.readouterr().err


def test_the_list_of_commands_imports_nothing_heavy() -> None:
    script = "import sys; from mixfit import main; main.main(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"torch", "hydra", "omegaconf", "numpy"} & {*done.stdout.splitlines()[-1].split()}


def test_a_fit_is_that_of_train_py(tmp_path: Path) -> None:
    assert mixfit(tmp_path, "train", *SMALL, "hydra.run.dir=ours").returncode == 0
    assert mixfit(tmp_path, *SMALL, "hydra.run.dir=theirs", start=(str(REPOSITORY / "train.py"),)).returncode == 0
    ours, theirs = (metrics_in(tmp_path / name) for name in ("ours", "theirs"))
    clock = ("seconds/fit", "seconds/total")
    assert {name: ours[name] for name in ours if name not in clock} == {
        name: theirs[name] for name in theirs if name not in clock
    }


def test_a_sweep_runs_and_its_runs_are_compared(tmp_path: Path) -> None:
    done = mixfit(tmp_path, "train", "-m", *SMALL, "model.n_components=1,2", "hydra.sweep.dir=sweep")
    assert done.returncode == 0, done.stderr
    jobs = sorted(str(path.parent) for path in tmp_path.glob("sweep/*/model.json"))
    assert len(jobs) == 2
    assert mixfit(tmp_path, "leaderboard", "sweep").returncode == 0
    done = mixfit(tmp_path, "compare", *jobs)
    assert done.returncode == 0, done.stderr
    assert "20 test points" in done.stdout


@pytest.mark.parametrize("sweep", [[], ["-m", "hydra.sweep.dir=run"]])
def test_two_processes_work_on_one_fit(sweep: list[str], tmp_path: Path) -> None:
    two = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
    where = ["hydra.sweep.subdir=job"] if sweep else ["hydra.run.dir=run"]
    done = mixfit(tmp_path, "train", *[typed for typed in SMALL if typed != "trainer=cpu"], *two, *where, *sweep)
    assert done.returncode == 0, done.stderr
    (metrics,) = tmp_path.glob("run/**/metrics.json")
    assert metrics_in(metrics.parent)["status"] == "done"


@pytest.mark.parametrize("start", [["-m", "mixfit", "train"], [str(REPOSITORY / "train.py")]])
def test_an_interrupted_fit_says_what_to_type(start: list[str], tmp_path: Path) -> None:
    slow = ["data=gaussians", "data.separation=0.5", "model.n_components=10", "optimizer=em", "optimizer.tolerance=0"]
    slow += ["moves=none"]
    fit = subprocess.Popen(
        [sys.executable, *start, *slow, "trainer=cpu", "trainer.max_epochs=100000", "hydra.run.dir=run"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file():
        assert fit.poll() is None, fit.communicate()
        time.sleep(0.1)
    fit.send_signal(signal.SIGINT)
    _, told = fit.communicate()
    assert fit.returncode == 130
    assert told.splitlines()[-1] == " ".join([sys.executable, *start, f"resume={tmp_path / 'run'}"])


def test_the_console_script_is_named_without_its_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/bin/mixfit", "data=file"])
    monkeypatch.setattr(sys, "orig_argv", ["/bin/python3", "/bin/mixfit", "train", "data=file"])
    assert typed_with("resume=a b") == "/bin/mixfit train 'resume=a b'"
    assert program() == "mixfit train"


def test_a_checkout_is_told_of_train_py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [os.fspath(REPOSITORY / "train.py"), "a=1", "b=2"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "train.py", "a=1", "b=2"])
    assert typed_with("resume=x") == "python -X dev train.py resume=x"
    assert program() == "python train.py"
