"""A run that chooses: its folder, its numbers, going on with it, and what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import mixfit
from tests.running import metrics_in, run_experiment, train

BLOBS = [
    *("data=gaussians", "data.n_components=3", "data.n_samples=400", "data.n_val=100", "data.n_test=100"),
    *("optimizer=em", "trainer=cpu", "model.max_components=4"),
]
AUTO = [*BLOBS, "model.n_components=auto"]


def rows_in(folder: Path) -> list[dict[str, str]]:
    with (folder / "selection.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_chooses_fits_the_winner_and_keeps_the_table(tmp_path: Path) -> None:
    ended = train(tmp_path / "run", *AUTO, "covariance=auto")
    assert ended.status == 0, ended.stderr
    metrics, rows = ended.metrics, rows_in(tmp_path / "run")
    assert len(rows) == 16
    (chosen,) = [row for row in rows if row["chosen"] == "yes"]
    assert metrics["selected/n_components"] == int(chosen["n_components"]) == 3
    assert metrics["selected/covariance"] == chosen["covariance"]
    assert metrics["selected/stability"] == float(chosen["stability"])
    assert metrics["n_parameters"] == int(chosen["n_parameters"])
    assert metrics["bic"] <= float(chosen["bic"]) + 1e-3
    assert min(rows, key=lambda row: float(row["bic"])) == chosen
    assert (tmp_path / "run" / "selection.png").stat().st_size > 5_000
    assert "choosing between 1 to 4 components and the families full, diag, tied, spherical by bic" in ended.stdout
    assert f"chosen: 3 components, {chosen['covariance']} covariance" in ended.stdout


def test_its_model_is_that_of_the_winner(tmp_path: Path) -> None:
    run_experiment(tmp_path / "run", *AUTO, "covariance=auto")
    loaded = mixfit.load(tmp_path / "run")
    assert loaded.n_components == 3
    assert loaded.covariance_type == metrics_in(tmp_path / "run")["selected/covariance"]


def test_the_fit_begins_where_the_selection_ended(tmp_path: Path) -> None:
    assert train(tmp_path / "run", *AUTO).metrics["passes"] < 10


@pytest.mark.parametrize("optimizer", ["adam", "kmeans"])
def test_every_kind_of_optimizer_has_its_choice(optimizer: str, tmp_path: Path) -> None:
    ended = train(tmp_path / "run", *AUTO, f"optimizer={optimizer}", "covariance=auto")
    assert ended.status == 0, ended.stderr
    assert ended.metrics["selected/n_components"] == 3
    assert len(rows_in(tmp_path / "run")) == (4 if optimizer == "kmeans" else 16)


@pytest.mark.parametrize("criterion", ["icl", "nll/val"])
def test_other_criteria_choose_too(criterion: str, tmp_path: Path) -> None:
    ended = train(tmp_path / "run", *AUTO, f"model.criterion={criterion}")
    assert ended.status == 0, ended.stderr
    column = criterion.replace("/", "_")
    assert min(rows_in(tmp_path / "run"), key=lambda row: float(row[column]))["chosen"] == "yes"


def test_a_choice_that_repeated_rows_have_made_says_so_in_the_table_and_in_the_numbers(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rain = np.where(random.random(300) < 0.4, 0.0, np.exp(random.normal(2, 1, 300)))
    np.savetxt(tmp_path / "rain.csv", rain, header="rain", comments="")
    data = ["data=file", f"data.path={tmp_path / 'rain.csv'}", "data.val_fraction=0", "data.test_fraction=0"]
    ended = train(tmp_path / "run", *data, "model.n_components=auto", "model.max_components=3", "optimizer=em")
    assert ended.status == 0, ended.stderr
    assert "* closes in on few or equal points" in ended.stdout
    assert ended.metrics["selected/n_components"] == 1
    assert str(ended.metrics["warning"]).startswith("1 component was chosen among fits without a component on")
    assert "rain has one value in" in str(ended.metrics["warning"])


def test_a_family_is_chosen_for_a_given_number(tmp_path: Path) -> None:
    ended = train(
        tmp_path / "run", *BLOBS, "model.n_components=3", "covariance=auto", "covariance.families=[tied,diag]"
    )
    assert ended.status == 0, ended.stderr
    assert [(row["covariance"], row["n_components"]) for row in rows_in(tmp_path / "run")] == [
        ("tied", "3"),
        ("diag", "3"),
    ]


def test_where_nothing_is_chosen_nothing_is_said(tmp_path: Path) -> None:
    run_experiment(tmp_path / "run", *BLOBS)
    assert metrics_in(tmp_path / "run")["selected/n_components"] is None
    assert not (tmp_path / "run" / "selection.csv").exists()


def test_a_run_goes_on_with_what_it_has_chosen(tmp_path: Path) -> None:
    typed = [*AUTO, "covariance=auto", "optimizer=adam"]
    run_experiment(tmp_path / "run", *typed, "trainer.max_epochs=2")
    chosen, table = metrics_in(tmp_path / "run"), (tmp_path / "run" / "selection.csv").read_bytes()
    assert train(tmp_path / "notes", f"resume={tmp_path / 'run'}", "trainer.max_epochs=4").status == 0
    after = metrics_in(tmp_path / "run")
    assert (after["passes"], after["selected/n_components"]) == (4, chosen["selected/n_components"])
    assert (tmp_path / "run" / "selection.csv").read_bytes() == table


@pytest.mark.parametrize("content", [None, "", "covariance,n_components,chosen\nfull,3,yes\n"])
def test_a_run_whose_table_is_lost_says_so(content: str | None, tmp_path: Path) -> None:
    run_experiment(tmp_path / "run", *AUTO, "optimizer=adam", "trainer.max_epochs=1")
    table = tmp_path / "run" / "selection.csv"
    table.unlink()
    if content is not None:
        table.write_text(content)
    ended = train(tmp_path / "notes", f"resume={tmp_path / 'run'}", "trainer.max_epochs=3")
    assert ended.status != 0
    assert "selection.csv: is gone or damaged, so nothing says what this run has chosen" in ended.stderr


def test_points_on_disk_are_chosen_by_a_sample(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(centre, 1, (150, 2)) for centre in (0, 9, 18)])
    np.save(tmp_path / "points.npy", random.permutation(points))
    source = ["data=file", f"data.path={tmp_path / 'points.npy'}", "data.stream=true", "data.batch_size=100"]
    typed = [*source, "optimizer=em", "trainer=cpu", "model.n_components=auto", "model.max_components=4"]
    ended = train(tmp_path / "run", *typed)
    assert ended.status == 0, ended.stderr
    assert ended.metrics["selected/n_components"] == 3


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["model.criterion=nll/val", "data.n_val=0"], "raise data.n_val, or"),
        (["init=parameters", "init.means=[[0,0],[1,1]]"], "this init gives the start of one"),
        (["model.max_components=0"], "model.max_components=0: expected a whole number of at least 1"),
        (["model.criterion=aic"], "model.criterion=aic: expected bic, icl or nll/val"),
        (["model.n_components=many"], "model.n_components=many: expected a whole number of at least 1, or auto"),
        (
            ["covariance=auto", "covariance.families=[fool]"],
            "covariance=fool: there is no such choice; did you mean full",
        ),
        (["covariance=auto", "covariance.families=[auto]"], "covariance=auto is a choice between families"),
    ],
)
def test_what_cannot_choose_is_refused(typed: list[str], words: str, tmp_path: Path) -> None:
    ended = train(tmp_path / "run", *AUTO, *typed)
    assert ended.status != 0
    assert words in ended.stderr


def test_of_points_of_unknown_truth_a_fraction_is_asked_for_to_choose_by(tmp_path: Path) -> None:
    typed = ["data=galaxies", "data.val_fraction=0", "model.n_components=auto", "model.criterion=nll/val"]
    ended = train(tmp_path / "run", *typed)
    assert ended.status == 1
    assert "raise data.val_fraction, or" in ended.stderr
