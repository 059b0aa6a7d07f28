"""Is `python train.py --help` complete, true and quick?"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from mixfit.errors import InputError
from mixfit.help import EXAMPLES, text
from mixfit.keys import KEYS
from mixfit.overrides import checked
from mixfit.program import program
from tests.running import CONFIGS, TRAIN, choices, train, train_in_new_process

GROUPS = ["data", "covariance", "init", "optimizer", "trainer", "experiment"]
EVERY_CHOICE = [(group, choice) for group in GROUPS for choice in choices(group)]
FOREIGN = {"hydra", "torch", "pytorch_lightning", "matplotlib", "numpy", "pyarrow"}


def test_help_needs_nothing_that_takes_long(tmp_path: Path) -> None:
    ended = train_in_new_process(tmp_path, "--help", options=("-X", "importtime"))
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in ended.stderr.splitlines()}
    assert ended.status == 0
    assert {"mixfit", "yaml"} <= imported
    assert imported.isdisjoint(FOREIGN)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_may_stand_anywhere(flag: str, tmp_path: Path) -> None:
    assert train(tmp_path, "optimizer=em", flag, "seed=1").stdout.startswith("mixfit fits mixtures")


def test_every_choice_is_named_with_what_its_file_says_of_itself() -> None:
    words = text([], 120).split()
    for group, choice in EVERY_CHOICE:
        lines = (CONFIGS / group / f"{choice}.yaml").read_text(encoding="utf-8").splitlines()
        headline = next(line for line in lines if not line.startswith(("# @", "# python ")))
        assert headline.startswith("# ")
        assert " ".join([choice, *headline.split()[1:]]) in " ".join(words)


@pytest.mark.parametrize(("group", "choice"), [pair for pair in EVERY_CHOICE if pair[0] != "experiment"])
def test_every_key_of_a_choice_stands_with_its_default_and_its_meaning(group: str, choice: str) -> None:
    shown = text([f"{group}={choice}"], 120)
    defaults = OmegaConf.to_container(OmegaConf.load(CONFIGS / group / f"{choice}.yaml"))
    assert isinstance(defaults, dict)
    for key, default in ((str(key), default) for key, default in defaults.items()):
        if key != "_target_" and default != "???":
            assert f"    {group}.{key}=" in shown
            value = shown.partition(f"    {group}.{key}=")[2].split()[0]
            assert OmegaConf.from_dotlist([f"value={value}"]).value == default
            assert KEYS[f"{group}.{key}"].meaning[:30] in " ".join(shown.split())


def test_the_keys_of_several_choices_stand_one_after_the_other() -> None:
    shown = text(["optimizer=sgd,em"], 100)
    assert "\n  optimizer=sgd\n" in shown
    assert "\n  optimizer=em\n" in shown
    assert "optimizer.nesterov=false" in shown
    assert "optimizer.betas" not in shown


def test_an_experiment_shows_what_it_chooses_and_changes() -> None:
    shown = text(["experiment=old_faithful"], 100)
    assert "data.val_fraction=0.0 " in shown
    assert "\n  optimizer=em\n" in shown


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_longer_than_asked_for(width: int) -> None:
    commands = [line for line in text([], width).splitlines() if len(line) > width]
    assert [line for line in commands if program() not in line] == []
    assert all(len(line) <= 100 for line in commands)


@pytest.mark.parametrize("overrides", EXAMPLES)
def test_every_example_is_a_command_that_works(overrides: str) -> None:
    words = shlex.split(overrides)
    typed = [word for word in words if word != "-m"]
    checked(typed, sweeps="-m" in words)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        assert compose("train", [word.partition(",")[0] for word in typed]).model.n_components >= 1


def test_an_unknown_choice_is_refused_even_here() -> None:
    with pytest.raises(InputError, match="did you mean kmeans"):
        text(["optimizer=kmean"], 100)


def test_a_reader_may_hang_up_before_the_end(tmp_path: Path) -> None:
    """As `head` does; the pipe is closed before anything is written."""
    command = [sys.executable, str(TRAIN), "--help"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
