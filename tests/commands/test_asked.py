"""Does a command over a run understand what is typed, and refuse the rest in words that name it?"""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from mixfit.commands.asked import Asked, asked, asked_of_several, parser
from mixfit.commands.chunks import chunks
from mixfit.errors import InputError
from mixfit.tracking import metrics_file
from tests.fitted_runs import fitted_run, save_model, two_blobs

TABLE = "a,b,kind\n0,1,x\n2,3,y\n4,5,y\n6,8,x\n"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of points in two dimensions, from a file with a label and with held-out points."""
    (tmp_path / "own.csv").write_text(TABLE)
    data = {"data": "file", "path": str(tmp_path / "own.csv"), "label": "kind", "val_fraction": 0.25}
    return fitted_run(tmp_path / "run", two_blobs(2), torch.eye(2).repeat(5, 1), data, ["a", "b"])


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """A run of drawn points, which no file holds."""
    data = {"data": "gaussians", "n_samples": 50, "n_val": 20, "n_test": 30}
    return fitted_run(tmp_path / "drawn", two_blobs(2), torch.eye(2), data)


def command() -> ArgumentParser:
    made = parser("judge", "Judges.", ["RUN"])
    made.add_argument("--output", type=Path, metavar="FILE", help="where to")
    made.add_argument("--share", type=float, default=0.01, help="how much")
    return made


def ask(*words: str | Path) -> Asked:
    return asked(command(), list(map(str, words)))


def refused(*words: str | Path) -> str:
    with pytest.raises(InputError) as refusal:
        ask(*words)
    return str(refusal.value)


# What is typed


def test_a_run_alone_means_its_own_points(run: Path) -> None:
    found = ask(run)
    assert (found.run, found.choice, found.seed, found.own) == (run, "file", 0, True)
    assert (found.options["val_fraction"], found.options["label"]) == (0.25, "kind")
    assert found.flags.output is None
    assert found.model.columns == ("a", "b")


def test_folders_flags_and_overrides_may_stand_in_any_order(run: Path) -> None:
    orders: list[list[str | Path]] = [
        ["--output", "x.json", run, "seed=3", "data.label=null"],
        [run, "seed=3", "--output", "x.json", "data.label=null"],
        ["data.label=null", "--output=x.json", "seed=3", run],
    ]
    for words in orders:
        found = ask(*words)
        assert (found.run, found.seed, found.options["label"], found.flags.output) == (run, 3, None, Path("x.json"))


def test_a_folder_with_an_equals_sign_in_its_name_is_a_run(tmp_path: Path) -> None:
    odd = fitted_run(tmp_path / "lr=0.1", two_blobs(2), torch.eye(2), {"data": "gaussians"})
    assert ask(odd).run == odd


def test_another_choice_starts_from_its_own_defaults(run: Path) -> None:
    found = ask(run, "data=old_faithful")
    assert (found.choice, found.own, found.options["val_fraction"]) == ("old_faithful", False, 0.0)
    assert "path" not in found.options


def test_a_path_alone_means_a_file(drawn: Path, run: Path) -> None:
    found = ask(drawn, "data.path=new.csv")
    assert (found.choice, found.options["path"], found.options["label"]) == ("file", "new.csv", None)
    assert ask(run, "data.path=new.csv").options["label"] == "kind"


def test_other_points_are_not_divided_unless_that_is_typed(run: Path) -> None:
    options = ask(run, "data.path=new.csv").options
    assert (options["val_fraction"], options["test_fraction"]) == (0.0, 0.0)
    options = ask(run, "data.path=new.csv", "data.test_fraction=0.5").options
    assert (options["val_fraction"], options["test_fraction"]) == (0.0, 0.5)


def test_another_seed_is_another_partition(run: Path) -> None:
    assert not ask(run, "seed=1").own
    assert ask(run, "seed=0").own


def test_what_does_not_change_the_points_leaves_them_the_runs_own(run: Path) -> None:
    assert ask(run, "data.batch_size=2").own
    assert ask(run, "data.label=kind").own
    assert not ask(run, "data.label=null").own


def test_a_mapping_gives_several_keys(drawn: Path) -> None:
    found = ask(drawn, "data={n_samples:10,n_val:0}")
    assert (found.choice, found.options["n_samples"], found.options["n_val"]) == ("gaussians", 10, 0)


def test_several_runs_look_at_the_points_of_the_first(run: Path, drawn: Path) -> None:
    first, second = asked_of_several(command(), [str(run), str(drawn)])
    assert (first.run, second.run) == (run, drawn)
    assert (first.choice, first.own) == (second.choice, second.own) == ("file", True)


# Points


def test_the_runs_own_points_come_in_its_own_parts(run: Path, drawn: Path) -> None:
    dataset = ask(run).source().load(0)
    assert [len(dataset.train), len(dataset.val), len(dataset.test)] == [3, 1, 0]
    dataset = ask(drawn).source().load(0)
    assert [len(dataset.train), len(dataset.val), len(dataset.test)] == [50, 20, 30]
    assert dataset.truth is not None


def test_columns_are_found_by_name_and_others_are_ignored(run: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("note,b,kind,a\nhello,1,x,2\nworld,3,y,4\n")
    dataset = ask(run, f"data.path={tmp_path / 'new.csv'}").source().load(0)
    assert dataset.train.points.tolist() == [[2, 1], [4, 3]]
    assert dataset.train.labels is not None
    assert dataset.train.labels.tolist() == [0, 1]


def test_a_label_that_the_file_lacks_is_no_error_unless_it_is_typed(run: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a,b\n1,2\n")
    assert ask(run, f"data.path={tmp_path / 'new.csv'}").source().load(0).train.labels is None
    typed = ask(run, f"data.path={tmp_path / 'new.csv'}", "data.label=kind")
    with pytest.raises(InputError, match=r"data\.label asks for column 'kind'"):
        typed.source().load(0)


def test_a_file_without_names_is_taken_as_it_stands(run: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "new.npy", np.arange(6.0).reshape(3, 2))
    assert ask(run, f"data.path={tmp_path / 'new.npy'}").source().load(0).train.points.shape == (3, 2)


def test_columns_that_are_typed_are_the_ones_that_are_read(run: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a,b,c,d\n1,2,3,4\n")
    dataset = ask(run, f"data.path={tmp_path / 'new.csv'}", "data.columns=[d,c]").source().load(0)
    assert dataset.train.points.tolist() == [[4, 3]]


def test_a_file_with_some_of_the_columns_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a,c\n1,2\n")
    found = ask(run, f"data.path={tmp_path / 'new.csv'}")
    with pytest.raises(InputError, match=r"lacks 1 column \(b\) of the run's 2 columns \(a, b\)"):
        found.source()


def test_points_of_another_dimension_are_refused_with_both_counts(run: Path) -> None:
    with pytest.raises(InputError, match=r"the run has 2 columns \(a, b\), the data 3 columns \(x, y, z\)"):
        ask(run).check_dimension(["x", "y", "z"])


def test_a_model_without_a_run_needs_to_be_told_its_points(tmp_path: Path) -> None:
    saved = save_model(tmp_path / "saved", two_blobs(2), torch.eye(2), ["a", "b"])
    assert "says nothing of the data" in refused(saved)
    found = ask(saved, "data=old_faithful")
    assert (found.choice, found.seed, found.own) == ("old_faithful", 0, False)


def test_a_folder_cannot_make_anything_else_of_a_choice(drawn: Path) -> None:
    config = drawn / ".hydra" / "config.yaml"
    config.write_text(config.read_text().replace("mixfit.data.gaussians.Gaussians", "os.system"))
    assert type(ask(drawn).source()).__name__ == "Gaussians"


def test_a_folder_that_names_a_choice_of_its_own_may_name_parts_of_ours_alone(drawn: Path) -> None:
    for name, old, new in (
        ("config", "mixfit.data.gaussians.Gaussians", "os.system"),
        ("hydra", "data: gaussians", "data: mine"),
    ):
        path = drawn / ".hydra" / f"{name}.yaml"
        path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match="a configuration may only name parts of"):
        ask(drawn).source()


def test_a_value_in_a_folder_that_cannot_be_is_refused(drawn: Path) -> None:
    config = drawn / ".hydra" / "config.yaml"
    config.write_text(config.read_text().replace("n_val: 20", "n_val: many"))
    assert "data.n_val=many: expected a whole number" in refused(drawn)


def started_in(run: Path, folder: Path, **data: object) -> None:
    """Lets the run say that it was started in the folder, with these keys of the data."""
    hydra, config = (run / ".hydra" / f"{name}.yaml" for name in ("hydra", "config"))
    noted = yaml.safe_load(hydra.read_text())
    noted["hydra"]["runtime"]["cwd"] = str(folder)
    hydra.write_text(yaml.safe_dump(noted, sort_keys=False))
    asked_for = yaml.safe_load(config.read_text())
    asked_for["data"] |= data
    config.write_text(yaml.safe_dump(asked_for, sort_keys=False))


def test_the_runs_own_path_leads_from_where_the_run_was_started(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_in(run, tmp_path, path="own.csv")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "own.csv").write_text("a,b,kind\n9,9,x\n")
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = ask(run)
    assert (found.own, len(found.dataset().train)) == (True, 3)
    assert ask(run, "data.path=../own.csv").options["val_fraction"] == 0  # spelled otherwise, so all points are new
    typed = ask(run, "data.path=own.csv")
    assert (typed.own, len(typed.dataset().train), typed.about) == (False, 1, "data=file data.path=own.csv")
    monkeypatch.chdir(tmp_path)
    assert (ask(run).own, ask(run).about) == (True, "data=file data.path=own.csv")
    assert ask(run, "data.path=own.csv").own


def test_a_file_that_is_gone_is_told_with_the_folder_that_it_was_in(run: Path, tmp_path: Path) -> None:
    started_in(run, tmp_path / "gone", path="own.csv")
    assert refused(run) == (
        f"{run}: was fitted to own.csv in {tmp_path / 'gone'}, where there is no such file now; give data.path=..."
    )
    assert not ask(run, f"data.path={tmp_path / 'own.csv'}").own


def test_data_with_another_number_of_points_than_were_fitted_is_refused(run: Path, tmp_path: Path) -> None:
    metrics_file.write(run, {"status": "done", "n_points": 3})
    assert len(ask(run).dataset().train) == 3
    (tmp_path / "own.csv").write_text(TABLE + TABLE.partition("\n")[2])
    told = "the data changed since the fit: 3 points were fitted, 5 are there now; give data.path=..."
    with pytest.raises(InputError, match=told):
        ask(run).dataset()
    with pytest.raises(InputError, match=told):
        list(chunks(ask(run)))
    assert len(ask(run, "data.val_fraction=0").dataset().train) == 8


@pytest.mark.parametrize("read", [Asked.dataset, lambda found: list(chunks(found))])
def test_names_that_are_all_others_are_told(
    read: Callable[[Asked], object], run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, header in (("other", "B,A\n"), ("none", ""), ("same", "b,a\n")):
        (tmp_path / f"{name}.csv").write_text(f"{header}1,2\n3,4\n")
        read(ask(run, f"data.path={tmp_path / name}.csv"))
    read(ask(run, f"data.path={tmp_path / 'other.csv'}", "data.columns=[A,B]"))
    assert capsys.readouterr().err == "columns B, A are taken as a, b; data.columns=[...] chooses others\n"


# What is mistyped


MISTAKES = {
    "data=fil": "data=fil: there is no such choice; did you mean file?",
    "data.pth=x": "data.pth: there is no such key; did you mean data.path?",
    "sed=1": "sed: there is no such key; did you mean seed?",
    "seed=one": "seed=one: expected a whole number",
    "seed=1,2": "seed=1,2: several values, and this looks at one set of points; give one value",
    "data.columns=a,b": "or write data.columns=[a,b] for one list",
    "data.val_fraction=2": "data.val_fraction=2: expected a number of at least 0 and below 1",
    "model.n_components=3": "model.n_components=3: the run is fitted, and model.n_components belongs to a fit",
    "optimizer=em": "optimizer=em: the run is fitted",
    "hydra.run.dir=x": "hydra.run.dir=x: the run is fitted",
    "data._target_=os.system": "belongs to a fit",
    "~data.label": "~data.label: no key can be left out",
    "+data.label=a": "leave the + out",
    "data.label": "data.label: expected a value, as in data.label=...",
    "seed=${x}": "seed=${x}: stands for something else; give the value itself",
    "data.path=${x}": "stands for something else",
    "data.dim=2": "data.dim: data=file has no such option; leave it out, or choose data=gaussians",
    "-m": "-m: a sweep fits runs",
    "--outptu=x": "--outptu=x: there is no such flag; did you mean --output?",
    "--share=half": "argument --share: invalid float value: 'half'",
    "--output": "argument --output: expected one argument",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_its_name_and_a_remedy(mistake: str, run: Path) -> None:
    assert MISTAKES[mistake] in refused(run, mistake)


def test_a_key_that_the_choice_needs_is_asked_for(drawn: Path) -> None:
    assert refused(drawn, "data=file") == "data.path is missing: data=file needs it; give data.path=..."


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "there is no such folder; give the folder of a run" in refused(tmp_path / "nothing")


def test_no_run_and_several_runs_are_refused(run: Path, drawn: Path) -> None:
    assert "no run is given" in refused()
    assert "no run is given" in refused("data=old_faithful")
    assert "2 runs" in refused(run, drawn)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logs" / "empty").mkdir(parents=True)
    assert "holds no model" in refused(tmp_path / "logs", "data=old_faithful")


def test_a_folder_that_holds_runs_names_some_of_them(run: Path, drawn: Path) -> None:
    assert refused(run.parent) == f"{run.parent}: holds several models; give one of them, as {drawn} or {run}"


def test_a_file_inside_a_run_is_told_with_the_run(run: Path) -> None:
    message = f"{run / 'metrics.json'}: is a file; give the folder of its run, {run}"
    assert refused(run / "metrics.json") == message


def test_help_and_mistakes_need_no_torch(run: Path) -> None:
    script = (
        "import sys\n"
        "from mixfit.commands.asked import asked, parser\n"
        "try:\n"
        "    asked(parser('judge', 'Judges.', ['RUN']), sys.argv[1:])\n"
        "finally:\n"
        "    print('torch' in sys.modules)\n"
    )
    for words in (["--help"], [str(run), "data.pth=x"], [str(run), "data=fil"], ["nowhere"], [str(run), "--outptu"]):
        done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
        assert done.stdout.endswith("False\n"), done.stderr


def test_help_names_the_flags_and_how_to_give_points(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ask("--help")
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert "usage: mixfit judge RUN" in shown
    assert "--output FILE" in shown
    assert "data.path=new.csv" in shown
    assert "multirun" not in shown
