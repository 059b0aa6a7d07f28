"""Does a run that was cut short go on as if it had not been?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mixfit.folder import checkpoint_of
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.restarts import Restarts
from mixfit.tracking import metrics_file
from tests.running import LAST, Ended, choices, metrics_in, run_experiment, train
from tests.same_end import assert_same_end, without_clock

OVERLAPPING = ["data=gaussians", "data.n_samples=1000", "data.n_val=100", "data.n_test=100", "data.separation=1"]
FIT = [
    *("data=gaussians", "data.n_samples=300", "data.n_val=100", "data.n_test=100", "data.separation=0.5"),
    *("model.n_components=3", "optimizer.tolerance=0", "trainer=cpu"),
]
FITTING, SEARCHING = (Mixture, "statistics_of"), (Restarts, "statistics")
PASSES = {"null": 160, "100": 8}
"""For each batch size: several of Lightning's epochs."""


class Looks:
    """Counts how often a fit, or the search before it, looks at points, and presses Ctrl-C at one of these times."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, last: int | None = None, who: tuple[type, str] = FITTING
    ) -> None:
        self.n = 0
        look = getattr(*who)

        def counted(*arguments: Any, **options: Any) -> Any:
            self.n += 1
            if self.n == last:
                raise KeyboardInterrupt
            return look(*arguments, **options)

        monkeypatch.setattr(*who, counted)


def interrupted_at(look: int, folder: Path, *typed: str, who: tuple[type, str] = FITTING) -> Ended:
    """A run that is left in the middle of a pass, of a line search, of a validation, of the final measurement."""
    is_resumed = any(argument.startswith("resume=") for argument in typed)
    with pytest.MonkeyPatch.context() as monkeypatch:
        Looks(monkeypatch, look, who)
        ended = train(folder.parent / "notes" if is_resumed else folder, *typed)
    assert ended.status == 130
    assert metrics_in(folder)["status"] == "interrupted"
    return ended


@pytest.mark.parametrize("batch_size", PASSES)
@pytest.mark.parametrize("optimizer", choices("optimizer"))
def test_a_run_that_is_interrupted_anywhere_ends_where_an_uninterrupted_one_does(
    optimizer: str, batch_size: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [f"data.batch_size={batch_size}", f"trainer.max_epochs={PASSES[batch_size]}"]
    typed = [*FIT, "moves=none", f"optimizer={optimizer}", *sizes]
    with monkeypatch.context() as patch:
        looks = Looks(patch)
        run_experiment(tmp_path / "whole", *typed)
    first = next(look for look in range(looks.n * 2 // 5, looks.n) if look % 3)
    interrupted_at(first, tmp_path / "run", *typed)
    interrupted_at(looks.n // 5, tmp_path / "run", f"resume={tmp_path / 'run'}")
    assert train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}").status == 0
    assert_same_end(tmp_path / "run", tmp_path / "whole")


def test_a_run_that_is_interrupted_in_its_first_pass_can_be_gone_on_with(tmp_path: Path) -> None:
    typed = [*FIT, "moves=none", "init.n_passes=0", "trainer.max_epochs=20"]
    run_experiment(tmp_path / "whole", *typed)
    interrupted_at(4, tmp_path / "run", *typed)
    assert checkpoint_of(tmp_path / "run") == tmp_path / "run" / LAST
    assert train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}").status == 0
    assert_same_end(tmp_path / "run", tmp_path / "whole")


@pytest.mark.parametrize("is_named", [True, False])
def test_a_run_that_came_to_no_checkpoint_begins_anew(is_named: bool, tmp_path: Path) -> None:
    typed = [*FIT, "trainer.max_epochs=20"]
    run_experiment(tmp_path / "whole", *typed)
    ended = interrupted_at(30, tmp_path / "run", *typed, who=SEARCHING)
    assert f"resume={tmp_path / 'run'}" in ended.stderr
    assert not (tmp_path / "run" / LAST).exists()
    if is_named:
        (tmp_path / "run" / "metrics.json").unlink()  # as if it had been killed still earlier
        assert train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}").status == 0
    else:
        assert train(tmp_path / "run", *typed).status == 0
    assert_same_end(tmp_path / "run", tmp_path / "whole")


def test_the_same_command_in_the_same_folder_goes_on_and_another_one_is_refused(tmp_path: Path) -> None:
    typed = [*FIT, "data.batch_size=100", "trainer.max_epochs=8"]
    run_experiment(tmp_path / "whole", *typed)
    interrupted_at(20, tmp_path / "run", *typed)
    again = train(tmp_path / "run", *typed)
    assert "goes on where it was interrupted" in again.stdout
    assert_same_end(tmp_path / "run", tmp_path / "whole")
    interrupted_at(20, tmp_path / "other", *typed, "model.n_components=2")
    before = (tmp_path / "other" / ".hydra" / "config.yaml").read_text()
    another = train(tmp_path / "other", *typed)
    assert another.status == 1
    assert "interrupted run that was asked for in other words, and this one would remove" in another.stderr
    assert (tmp_path / "other" / ".hydra" / "config.yaml").read_text() == before
    assert train(tmp_path / "notes", f"resume={tmp_path / 'other'}").status == 0


def test_a_checkpoint_of_another_configuration_is_not_gone_on_with(tmp_path: Path) -> None:
    """As a kill leaves it that comes when Hydra has noted what was asked for and nothing has begun."""
    typed = [*FIT, "data.batch_size=100", "trainer.max_epochs=8"]
    interrupted_at(20, tmp_path / "run", *typed)
    notes = tmp_path / "run" / ".hydra" / "config.yaml"
    notes.write_text(notes.read_text().replace("seed: 0", "seed: 1"))
    ended = train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}")
    assert ended.status == 1
    assert "last.ckpt: is of a run with another configuration" in ended.stderr


def test_a_run_that_is_gone_on_with_from_elsewhere_finds_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("here", "elsewhere"):
        (tmp_path / place).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("points.csv").write_text("\n".join(["x"] + [str(n**2 % 97) for n in range(200)]))
    typed = ["data=file", "data.path=points.csv", "data.batch_size=50", "trainer.max_epochs=8", "trainer=cpu"]
    run_experiment(Path("whole"), *typed)
    interrupted_at(20, Path("run"), *typed)
    monkeypatch.chdir(tmp_path / "elsewhere")
    ended = train(tmp_path / "notes", "resume=../here/run")
    assert ended.status == 0, ended.stderr
    assert_same_end(tmp_path / "here" / "run", tmp_path / "here" / "whole")


def test_a_run_is_not_gone_on_with_on_other_points(tmp_path: Path) -> None:
    path, numbers = tmp_path / "points.csv", [n**2 % 97 for n in range(200)]
    path.write_text("\n".join(["x", *map(str, numbers)]))
    typed = ["data=file", f"data.path={path}", "data.batch_size=50", "trainer.max_epochs=8", "trainer=cpu"]
    interrupted_at(20, tmp_path / "run", *typed)
    path.write_text("\n".join(["x", *map(str, [*numbers[:-1], 5])]))
    ended = train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}")
    assert ended.status == 1
    assert "the points are not those that the fit began with" in ended.stderr
    assert checkpoint_of(tmp_path / "run")
    path.write_text("\n".join(["x", *map(str, numbers)]))
    assert train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}").status == 0


@pytest.mark.parametrize("missing", ["metrics.json", "checkpoints/last.ckpt", "checkpoints/best.ckpt"])
def test_a_run_that_has_lost_something_does_not_begin_anew(missing: str, tmp_path: Path) -> None:
    run_experiment(tmp_path / "run", "optimizer=em", "trainer.max_epochs=1")
    (tmp_path / "run" / missing).unlink()
    ended = train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}", "trainer.max_epochs=9")
    assert ended.status == 1
    assert f"there is no {missing} in it" in ended.stderr


@pytest.mark.parametrize("name", ["config", "hydra"])
def test_a_run_whose_notes_are_cut_off_is_not_gone_on_with(name: str, tmp_path: Path) -> None:
    run_experiment(tmp_path / "run", "optimizer=em", "trainer.max_epochs=1")
    metrics_file.write(tmp_path / "run", {"status": "interrupted"})
    notes = tmp_path / "run" / ".hydra" / f"{name}.yaml"
    notes.write_text(notes.read_text()[:200])
    ended = train(tmp_path / "elsewhere", f"resume={tmp_path / 'run'}")
    assert ended.status == 1
    assert "there is no whole .hydra/config.yaml and hydra.yaml in it" in ended.stderr


@pytest.mark.parametrize(
    ("overrides", "cut_at"),
    # With validation points the run that was cut would have had one more candidate for its best checkpoint.
    [(["optimizer=em", "data.n_val=0"], 4), (["optimizer=adam"], 60), (["optimizer=adam", "data.batch_size=500"], 3)],
)
def test_a_resumed_run_ends_where_an_uninterrupted_one_does(overrides: list[str], cut_at: int, tmp_path: Path) -> None:
    far = ["model.n_components=3", "moves=none", "init.n_passes=0"]
    fit, cap = [*OVERLAPPING, *far, *overrides], f"trainer.max_epochs={cut_at + 4}"
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


def test_a_resumed_run_s_own_notes_are_not_written_over(tmp_path: Path) -> None:
    run_experiment(tmp_path / "run", "optimizer=em", "trainer.max_epochs=1")
    before = (tmp_path / "run" / ".hydra" / "config.yaml").read_text()
    ended = train(tmp_path / "run", f"resume='{tmp_path}/./run'")
    assert ended.status == 1
    assert "leave hydra.run.dir out" in ended.stderr
    assert (tmp_path / "run" / ".hydra" / "config.yaml").read_text() == before


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
