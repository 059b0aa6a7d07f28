"""Does a run that was cut short go on as if it had not been?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.running import metrics_in, run_experiment, train

OVERLAPPING = ["data=gaussians", "data.n_samples=1000", "data.n_val=100", "data.n_test=100", "data.separation=1"]
CLOCK = ("seconds/fit", "seconds/total")


def without_clock(metrics: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if name not in CLOCK}


@pytest.mark.parametrize(
    ("overrides", "cut_at"),
    # With validation points the run that was cut would have had one more candidate for its best checkpoint.
    [(["optimizer=em", "data.n_val=0"], 4), (["optimizer=adam"], 60), (["optimizer=adam", "data.batch_size=500"], 3)],
)
def test_a_resumed_run_ends_where_an_uninterrupted_one_does(overrides: list[str], cut_at: int, tmp_path: Path) -> None:
    fit, cap = [*OVERLAPPING, "model.n_components=3", *overrides], f"trainer.max_epochs={cut_at + 4}"
    whole = run_experiment(tmp_path / "whole", *fit, cap)
    cut = run_experiment(tmp_path / "cut", *fit, f"trainer.max_epochs={cut_at}")
    assert not cut["converged"]
    ended = train(tmp_path / "elsewhere", f"resume={tmp_path / 'cut'}", cap)
    assert ended.status == 0, ended.stderr
    assert without_clock(metrics_in(tmp_path / "cut")) == without_clock(whole)


def test_a_resumed_run_keeps_its_own_configuration(tmp_path: Path) -> None:
    run_experiment(tmp_path / "run", "optimizer=em", "trainer.max_epochs=1")
    ended = train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}", "seed=1")
    assert ended.status == 1
    assert "seed=1" in ended.stderr
    assert metrics_in(tmp_path / "run")["status"] == "done"


def test_a_folder_without_a_run_cannot_be_resumed(tmp_path: Path) -> None:
    ended = train(tmp_path / "elsewhere", f"resume={tmp_path / 'nothing'}")
    assert ended.status == 1
    assert f"resume={tmp_path / 'nothing'}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_bad_cap_of_a_resumed_run_is_refused(tmp_path: Path) -> None:
    run_experiment(tmp_path / "run", "optimizer=em", "trainer.max_epochs=1")
    ended = train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}", "trainer.max_epochs=abc")
    assert ended.status == 1
    assert "trainer.max_epochs=abc" in ended.stderr
    assert "Traceback" not in ended.stderr
