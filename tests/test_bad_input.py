"""Is whatever a user may get wrong refused in words that name it, with exit status 1 and no traceback?

`refusal` also sees to it that the folder of such a run does not look finished.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.running import refusal, train

MISSING = "mps" if torch.cuda.is_available() else "gpu"
"""An accelerator that this machine does not have."""

VALUES: dict[str, list[str]] = {
    "model.n_components=0": ["model.n_components=0", "at least 1"],
    "model.n_components=two": ["model.n_components=two", "whole number"],
    "model.n_components=2000": ["1000 training points", "2000 components", "model.n_components"],
    "model.floor=0": ["model.floor=0"],
    "data.batch_size=0": ["data.batch_size=0", "at least 1"],
    "data.batch_size=many": ["data.batch_size=many", "whole number"],
    "data.n_samples=0": ["data.n_samples=0", "at least 1"],
    "data.n_test=-1": ["data.n_test=-1", "at least 0"],
    "data.means=[1,2,3]": ["3 means", "2 standard deviations", "data.means", "data.standard_deviations"],
    "data.means=1": ["data.means=1", "a list"],
    "data.means=[a,b]": ["data.means", "a"],
    "data.standard_deviations=[1,0]": ["data.standard_deviations=[1,0]", "above 0"],
    "trainer.max_epochs=0": ["trainer.max_epochs=0", "at least 1"],
    "trainer.max_epochs=abc": ["trainer.max_epochs=abc", "whole number"],
    "trainer.precision=16-true": ["trainer.precision=16-true", "64-true", "32-true"],
    "trainer.devices=0": ["trainer", "devices=0"],
    "trainer.accelerator=abc": ["trainer", "abc", "cpu"],
    "optimizer.lr=-1": ["optimizer.lr", "-1"],
    "optimizer.lr=fast": ["optimizer.lr=fast", "a number"],
    "optimizer.betas=[0.9]": ["optimizer.betas"],
    "init.restarts=0": ["init.restarts=0", "at least 1"],
    "seed=-1": ["seed=-1", "at least 0"],
    "seed=1.5": ["seed=1.5", "whole number"],
    "seed=99999999999999999999": ["seed=99999999999999999999"],
}
"""A value that cannot be used, and what its refusal must name."""

NAMES: dict[str, list[str]] = {
    "optimizer=adamm": ["optimizer=adamm", "did you mean adam?"],
    "covariance=ful": ["covariance=ful", "did you mean full?"],
    "data=gaussian": ["data=gaussian", "did you mean gaussians?"],
    "trainer=cluster": ["trainer=cluster", "auto, cpu, ddp, gpu, mps"],
    "model.n_component=3": ["model.n_component", "did you mean model.n_components?"],
    "n_components=3": ["n_components: there is no such key", "did you mean", ".n_components?"],
    "+model.n_component=3": ["model.n_component", "did you mean model.n_components?"],
    "+nothing=1": ["nothing"],
    "nothing": ["nothing"],
}
"""A name that does not exist, and what its refusal must name."""

SOURCES: list[tuple[list[str], list[str]]] = [
    (["data=file"], ["data.path"]),
    (["data=old_faithful", "data.val_fraction=1.5"], ["data.val_fraction=1.5"]),
    (["data=old_faithful", "data.test_fraction=-0.1"], ["data.test_fraction=-0.1"]),
    (["data=old_faithful", "data.val_fraction=0.6", "data.test_fraction=0.5"], ["163", "136", "272", "data.val_frac"]),
    (["data=gaussians", "data.dim=0"], ["data.dim=0"]),
    (["data=gaussians", "data.n_components=0"], ["data.n_components=0"]),
    (["data=gaussians", "data.family=round"], ["data.family=round", "full, diag, tied or spherical"]),
    (["data=gaussians", "data.weights=[1,2]"], ["data.weights=[1, 2]", "data.n_components=3"]),
    (["data=gaussians", "data.separation=-1"], ["data.separation=-1"]),
    (["data=gaussians", "data.eccentricity=0.5"], ["data.eccentricity=0.5"]),
]
"""A source of data with options that it cannot use, and what its refusal must name."""

TYPED: list[tuple[str, list[str]]] = [
    # values of the wrong kind
    ("model.n_components=10.5", ["model.n_components=10.5", "a whole number of at least 1"]),
    ("model.n_components=true", ["model.n_components=true", "whole number"]),
    ("model.n_components=1e3", ["model.n_components=1000.0", "write 1000"]),
    ("model.n_components=07", ["model.n_components=07", "write 7"]),
    ("model.n_components=null", ["model.n_components=null", "whole number"]),
    ("model.n_components=[1,2]", ["model.n_components=[1,2]", "whole number"]),
    ("model.n_components=", ["model.n_components=:", "whole number"]),
    ("model.n_components=100000000000000000000", ["model.n_components=1", "64 bits"]),
    ("model.floor=nan", ["model.floor=nan", "a number above 0"]),
    ("model.floor=inf", ["model.floor=inf", "a number above 0"]),
    ("optimizer.lr=true", ["optimizer.lr=true", "a number"]),
    ("optimizer.lr='0.1'", ["optimizer.lr=0.1", "write 0.1 without quotes"]),
    ("optimizer.lr=0,1", ["optimizer.lr=0,1", "add -m"]),
    ("optimizer.fused=yes", ["optimizer.fused=yes", "true or false", "write true"]),
    ("optimizer.fused=1", ["optimizer.fused=1", "true or false"]),
    ("optimizer.betas=0.9", ["optimizer.betas=0.9", "a list of 2"]),
    ("optimizer.betas=[0.9,0.9,0.9]", ["optimizer.betas=[0.9,0.9,0.9]", "a list of 2"]),
    ("optimizer.betas=[0.9,1]", ["optimizer.betas=[0.9,1]", "below 1"]),
    ("data.means=[]", ["data.means=[]", "a list"]),
    ("data=file data.path=5", ["data.path=5", "a path"]),
    ("data=file data.path=x.csv data.columns=a", ["data.columns=a", "write [a]"]),
    ("data=file data.path=x.csv data.columns=none", ["data.columns=none", "write null"]),
    ("data=file data.path=x.csv data.columns=a,b", ["data.columns=a,b", "data.columns=[a,b]"]),
    ("data=file data.path=x.csv data.label=[a]", ["data.label=[a]", "a column's name"]),
    ("data=file data.path=x.csv data.header=maybe", ["data.header=maybe", "true or false"]),
    ("resume=3", ["resume=3", "a run's folder"]),
    # out of range
    ("optimizer.lr=0", ["optimizer.lr=0", "above 0"]),
    ("optimizer.tolerance=-1e-7", ["optimizer.tolerance=-1e-07", "at least 0"]),
    ("optimizer.patience=-1", ["optimizer.patience=-1", "at least 0"]),
    ("optimizer.cut=0", ["optimizer.cut=0", "above 0 and at most 1"]),
    ("optimizer.cut=1.1", ["optimizer.cut=1.1", "above 0 and at most 1"]),
    ("optimizer=sgd optimizer.momentum=1", ["optimizer.momentum=1", "below 1"]),
    ("optimizer=lbfgs optimizer.max_iter=0", ["optimizer.max_iter=0", "at least 1"]),
    ("optimizer=adamw optimizer.weight_decay=-1", ["optimizer.weight_decay=-1", "at least 0"]),
    ("init.n_passes=-1", ["init.n_passes=-1", "at least 0"]),
    ("data=old_faithful data.val_fraction=1", ["data.val_fraction=1", "below 1"]),
    ("trainer.devices=[]", ["trainer.devices=[]", "a list"]),
    ("trainer.devices=-1", ["trainer.devices=-1", "at least 1, or auto"]),
    # words
    ("trainer.accelerator=gpuu", ["trainer.accelerator=gpuu", "auto, cpu, gpu, cuda or mps", "did you mean gpu?"]),
    ("trainer.accelerator=GPU", ["trainer.accelerator=GPU", "did you mean gpu?"]),
    ("trainer.precision=64", ["trainer.precision=64", "did you mean 64-true?"]),
    ("trainer.devices=all", ["trainer.devices=all", "auto"]),
    ("optimizer=lbfgs optimizer.line_search_fn=wolfe", ["optimizer.line_search_fn=wolfe", "strong_wolfe"]),
    # names
    ("Optimizer=em", ["Optimizer: there is no such key", "did you mean optimizer?"]),
    ("optimizer=Adam", ["optimizer=Adam", "did you mean adam?", "adamw, em, kmeans"]),
    ("optimizer=null", ["optimizer=null", "adamw"]),
    ("optimizer=1", ["optimizer=1", "adamw"]),
    ("experiment=nothing", ["experiment=nothing", "old_faithful"]),
    ("optim.lr=1", ["optim.lr", "did you mean optimizer.lr?"]),
    ("optimizer.betas.0=0.5", ["optimizer.betas.0", "did you mean optimizer.betas?"]),
    ("model.n_components.k=3", ["model.n_components.k", "did you mean model.n_components?"]),
    ("model=3", ["model", "model.floor or model.n_components"]),
    ("model={n_component:3}", ["model.n_component:", "did you mean model.n_components?"]),
    ("optimizer={lr:-1}", ["optimizer.lr=-1", "above 0"]),
    ("trainer._target_=x", ["trainer._target_: there is no such key"]),
    # keys of another choice
    ("optimizer=em optimizer.momentum=0.5", ["optimizer.momentum", "optimizer=em has no", "rmsprop and sgd have"]),
    ("data.path=x.csv", ["data.path", "data=bimodal has no such option", "file has"]),
    ("experiment=old_faithful optimizer.lr=1", ["optimizer.lr", "optimizer=em has no such option"]),
    ("experiment=old_faithful data.dim=2", ["data.dim", "data=old_faithful has no such option", "gaussians, mixgen"]),
    ("data=file", ["data.path is missing", "data=file needs it"]),
    # the grammar
    ("+seed=1", ["+seed=1", "leave the + out"]),
    ("+optimizer=em", ["+optimizer=em", "leave the + out"]),
    ("++nothing=1", ["nothing: there is no such key"]),
    ("~data.batch_size", ["~data.batch_size", "no key can be left out"]),
    ("~optimizer", ["~optimizer", "no key can be left out"]),
    ("optimizer@second=em", ["optimizer@second=em", "write optimizer=..."]),
    ("=3", ["=3", "expected a key"]),
    ("model.n_components", ["model.n_components", "expected a value"]),
    ("model.n_component", ["model.n_component", "expected key=value", "did you mean model.n_components?"]),
    ("data=file data.path=a=b.csv", ["data.path=a=b.csv", """'data.path="a=b.csv"'"""]),
    ("data=file data.path=a(1).csv", ["data.path=a(1).csv", """'data.path="a(1).csv"'"""]),
    ("data.means=[1,2", ["data.means=[1,2", "cannot be read"]),
    ("model.n_components=1,2", ["model.n_components=1,2", "add -m"]),
    # sweeps
    ("-m model.n_components=1,two", ["model.n_components=two", "whole number"]),
    ("-m model.n_components=2,4,0", ["model.n_components=0", "at least 1"]),
    ("-m seed=range(-1,5)", ["seed=-1", "at least 0"]),
    ("-m optimizer=adam,emm", ["optimizer=emm", "did you mean em?"]),
    ("-m optimizer=em,sgd optimizer.momentum=0.5", ["optimizer.momentum", "optimizer=em has no such option"]),
    ("-m optimizer=sgd,em optimizer.momentum=0.5,0.9", ["optimizer.momentum", "optimizer=em has no such option"]),
    ("-m optimizer=glob(*) optimizer.lr=1", ["optimizer.lr", "optimizer=em has no such option"]),
    ("-m data=bimodal,file", ["data.path is missing", "data=file needs it"]),
    ("-m data.batch_size=10,null,x", ["data.batch_size=x", "whole number", "null"]),
    ("-m trainer.accelerator=cpu,gpuu", ["trainer.accelerator=gpuu", "did you mean gpu?"]),
    ("-m optimizer.betas=[0.9,0.9],[0.9,2]", ["optimizer.betas=[0.9,2]", "below 1"]),
    ("-m optimizer.lr=interval(0,1)", ["optimizer.lr=interval(0,1)", "list some"]),
    ("-m experiment=null,nothing", ["experiment=nothing", "old_faithful"]),
    ("optimizer=em -m seed=1,x", ["seed=x", "whole number"]),
    ("-m --cfg job", ["--cfg", "leave -m out"]),
]
"""What a mistyped command is, and what its refusal must name."""

FILES: dict[str, tuple[str, list[str], list[str]]] = {
    "an empty file": ("", [], ["is empty", "data.path"]),
    "a header alone": ("x,y\n", [], ["no rows", "data.path"]),
    "text in a numeric column": ("x,y\n1,2\n3,rose\n", [], ["row 2", "column 'y'", "'rose'", "data.columns"]),
    "NaN and infinity": ("x,y\n1,2\n3,NaN\n-inf,4\n", [], ["NaN: 1", "infinite", "1;", "row 2", "column 'y'"]),
    "an unknown column": ("x,y\n1,2\n3,4\n", ["data.columns=[z]"], ["data.columns", "'z'", "x, y"]),
    "an unknown label": ("x,y\n1,2\n3,4\n", ["data.label=kind"], ["data.label", "'kind'", "x, y"]),
    "fewer points than components": ("x\n1\n2\n3\n4\n", ["model.n_components=5"], ["4", "5", "model.n_components"]),
}
"""What is in the file, the overrides, and what the refusal must name."""

FOREIGN = ["os.system", "torch.load", "mixfitted.Full", "mixfit.command_line.os.system"]
"""Neither parts of mixfit nor torch's optimizers, wherever they may be imported from."""


@pytest.mark.parametrize("override", [*VALUES, *NAMES])
def test_a_bad_override_is_refused_by_name(override: str, tmp_path: Path) -> None:
    message = refusal(tmp_path / "run", override)
    assert [clue for clue in (VALUES | NAMES)[override] if clue not in message] == [], message


@pytest.mark.parametrize(("typed", "clues"), TYPED, ids=[typed for typed, _ in TYPED])
def test_what_is_mistyped_is_refused_in_one_sentence_and_leaves_nothing(
    typed: str, clues: list[str], tmp_path: Path
) -> None:
    message = refusal(tmp_path / "run", *typed.split(" "))
    assert [clue for clue in clues if clue not in message] == [], message
    assert message.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_an_interpolation_is_checked_as_what_it_comes_to(tmp_path: Path) -> None:
    message = refusal(tmp_path / "run", "model.n_components=${seed}", "seed=0")
    assert "model.n_components=0: expected a whole number of at least 1" in message


@pytest.mark.parametrize(("overrides", "clues"), SOURCES)
def test_a_source_refuses_what_it_cannot_use(overrides: list[str], clues: list[str], tmp_path: Path) -> None:
    message = refusal(tmp_path / "run", *overrides)
    assert [clue for clue in clues if clue not in message] == [], message


@pytest.mark.parametrize("what", FILES)
def test_a_bad_file_is_refused_with_the_place(what: str, tmp_path: Path) -> None:
    content, overrides, clues = FILES[what]
    (tmp_path / "points.csv").write_text(content)
    fractions = ["data.val_fraction=0", "data.test_fraction=0"]
    message = refusal(tmp_path / "run", "data=file", f"data.path={tmp_path / 'points.csv'}", *fractions, *overrides)
    assert [clue for clue in clues if clue not in message] == [], message


def test_a_missing_file_is_refused_with_its_path(tmp_path: Path) -> None:
    message = refusal(tmp_path / "run", "data=file", f"data.path={tmp_path / 'points.csv'}")
    assert f"data.path={tmp_path / 'points.csv'}: there is no such file" in message


@pytest.mark.parametrize("optimizer", ["em", "kmeans"])
def test_every_optimizer_refuses_fewer_points_than_components(optimizer: str, tmp_path: Path) -> None:
    message = refusal(tmp_path / "run", f"optimizer={optimizer}", "model.n_components=2000")
    assert "model.n_components" in message


@pytest.mark.parametrize(
    ("overrides", "key"), [(["optimizer=em", "optimizer.lr=1"], "optimizer.lr"), (["data.dim=3"], "data.dim")]
)
def test_an_option_of_another_choice_is_refused_in_plain_words(overrides: list[str], key: str, tmp_path: Path) -> None:
    message = refusal(tmp_path / "run", *overrides)
    assert key in message
    assert "struct" not in message


@pytest.mark.parametrize(
    ("group", "target"),
    [
        *(("optimizer", target) for target in FOREIGN),
        *((group, FOREIGN[-1]) for group in ("data", "covariance", "init")),
    ],
)
def test_only_parts_of_mixfit_and_torchs_optimizers_are_built(group: str, target: str, tmp_path: Path) -> None:
    message = refusal(tmp_path / "run", f"{group}._target_={target}")
    assert f"{group}._target_={target}" in message


@pytest.mark.parametrize("target", ["torch.optim.Adamm", "mixfit.nothing.Nothing", "mixfit.mixtures.covariances.Full"])
def test_a_target_that_is_no_optimizer_is_refused(target: str, tmp_path: Path) -> None:
    assert "optimizer" in refusal(tmp_path / "run", f"optimizer._target_={target}")


def test_an_accelerator_that_is_not_there_is_an_error_of_a_single_run(tmp_path: Path) -> None:
    ended = train(tmp_path / "run", f"trainer={MISSING}")
    assert ended.status == 1
    assert "Traceback" not in ended.stderr
    assert MISSING in ended.stderr
    assert "trainer=" in ended.stderr
    assert ended.metrics["status"] in ("failed", "skipped")


def test_a_held_out_point_that_makes_the_mean_by_itself_is_told(tmp_path: Path) -> None:
    numbers = [f"{n**2 % 97},{n**3 % 89}" for n in range(200)]
    for seed in range(20):  # until the row is held out
        (tmp_path / "points.csv").write_text("\n".join(["a,b", *numbers[:-1], "1e12,1e12"]))
        typed = ["data=file", f"data.path={tmp_path / 'points.csv'}", "optimizer=em", "trainer=cpu", f"seed={seed}"]
        ended = train(tmp_path / str(seed), *typed)
        if ended.metrics["nll/test"] > 1e6:
            break
    assert "nll/test=" in ended.metrics["warning"]
    assert "is made by 1 of 20 points, which lie where the fit has next to no density" in ended.stderr
