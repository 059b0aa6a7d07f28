"""Does a sweep's table say what its runs say, in the same bytes whatever order they are found in?"""

from __future__ import annotations

import csv
import random
import statistics
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mixfit import leaderboard, runs
from mixfit.leaderboard.estimate import Estimate, in_column
from mixfit.leaderboard.settings import names_of
from mixfit.leaderboard.text import csv_of, markdown_of
from tests.run_folders import write_run
from tests.running import REPOSITORY, Ended, metrics_in, train

FILES = ["leaderboard.csv", "leaderboard.md", "sweep.png"]


def fit(nll: float, **others: Any) -> dict[str, Any]:
    """The metrics of a run that is done."""
    known = {"nll/train": nll - 0.1, "nll/val": nll, "nll/test": nll + 0.1, "bic": 2000 * nll, "n_parameters": 5}
    return {**known, "converged": True, "passes": 20.0, "seconds/fit": 1.5, "seconds/total": 2.5, **others}


def failure(error: str = "ValueError: too many\ncomponents") -> dict[str, Any]:
    return {"status": "failed", "error": error}


def write_runs(sweep: Path, *jobs: tuple[dict[str, Any], dict[str, Any] | None]) -> list[runs.Run]:
    for number, (overrides, metrics) in enumerate(jobs):
        write_run(sweep / f"job{number}", overrides, metrics)
    return runs.find([sweep])


def table(found: Sequence[runs.Run]) -> list[dict[str, str]]:
    """The rows of the CSV."""
    return list(csv.DictReader(StringIO(csv_of(leaderboard.of(found)))))


def column(found: Sequence[runs.Run], name: str) -> list[str]:
    return [row[name] for row in table(found)]


def test_seeds_are_folded_into_the_mean_and_standard_error_of_numpy(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    nlls = {k: 3 + generator.normal(size=5) for k in (1, 2)}
    jobs = [({"model.n_components": k, "seed": s}, fit(nlls[k][s])) for k, s in product(nlls, range(5))]
    for row in table(write_runs(tmp_path, *jobs)):
        values = nlls[int(row["model.n_components"])]
        np.testing.assert_allclose(float(row["nll/val"]), values.mean(), rtol=1e-14)
        np.testing.assert_allclose(float(row["nll/val/se"]), values.std(ddof=1) / np.sqrt(5), rtol=1e-12)
        np.testing.assert_allclose(float(row["bic"]), 2000 * values.mean(), rtol=1e-14)
        assert (row["n"], row["runs"], row["status"], row["error"]) == ("5", "5", "done", "")


def test_one_seed_has_no_standard_error_and_its_mean_keeps_every_digit(tmp_path: Path) -> None:
    (row,) = table(write_runs(tmp_path, ({"seed": 3}, fit(0.1 + 0.2))))
    assert row["nll/val"] == "0.30000000000000004"
    assert row["nll/val/se"] == row["seconds/fit/se"] == row["ari"] == ""
    assert "seed" not in row


def test_only_what_was_typed_and_differs_is_swept(tmp_path: Path) -> None:
    found = write_runs(
        tmp_path,
        ({"optimizer": "em", "trainer.max_epochs": 50, "+model.floor": 1e-5, "seed": 0, "hydra.verbose": 1}, fit(1)),
        ({"optimizer": "sgd", "trainer.max_epochs": 50, "model.floor": 1e-5, "seed": 1, "hydra/launcher": "x"}, fit(2)),
    )
    assert leaderboard.of(found).swept == ("optimizer",)


def test_a_key_that_was_not_typed_has_its_composed_value_and_one_that_is_not_there_is_blank(tmp_path: Path) -> None:
    found = write_runs(
        tmp_path,
        ({"optimizer": "sgd", "optimizer.momentum": 0.5}, fit(1)),
        ({"optimizer": "em"}, fit(2)),
        ({"model.n_components": 7}, fit(3)),
    )
    assert column(found, "optimizer.momentum") == ["0.5", "", ""]
    assert column(found, "optimizer") == ["sgd", "em", "em"]
    assert column(found, "model.n_components") == ["2", "2", "7"]


def test_a_key_is_called_by_its_last_part_unless_that_is_another_keys() -> None:
    assert names_of(["model.n_components", "optimizer.lr"]) == ["n_components", "lr"]
    assert names_of(["data.n_components"]) == ["data.n_components"]  # and not as the model's
    assert names_of(["data.dim", "else.dim"]) == ["data.dim", "else.dim"]


def test_an_experiment_is_a_choice_like_any_other(tmp_path: Path) -> None:
    found = write_runs(tmp_path, ({"experiment": "old_faithful"}, fit(1)), ({}, fit(2)))
    assert column(found, "experiment") == ["old_faithful", "null"]


def test_the_keys_of_a_mapping_that_was_typed_are_told_apart(tmp_path: Path) -> None:
    found = write_runs(tmp_path, ({"model.n_components": 2}, fit(1)), ({"model.n_components": 3}, fit(2)))
    for run in found:
        k = run.config["model.n_components"]
        (run.folder / ".hydra" / "overrides.yaml").write_text(f"- model={{n_components:{k}}}\n")
    assert column(runs.find([tmp_path]), "model.n_components") == ["2", "3"]


def test_equal_numbers_are_one_setting_however_they_were_typed(tmp_path: Path) -> None:
    typed = [1000, 1000.0, 500]
    found = write_runs(tmp_path, *[({"trainer.max_epochs": n, "seed": s}, fit(n)) for s, n in enumerate(typed)])
    assert [(row["trainer.max_epochs"], row["n"]) for row in table(found)] == [("1000", "2"), ("500", "1")]


def test_true_and_one_are_two_settings(tmp_path: Path) -> None:
    found = write_runs(tmp_path, *[({"data.header": value}, fit(1)) for value in (True, 1, None, [1, 2])])
    assert sorted(column(found, "data.header")) == ["1", "[1, 2]", "null", "true"]


def test_the_same_seed_counts_once_and_rather_done_than_not(tmp_path: Path) -> None:
    found = write_runs(
        tmp_path, ({"seed": 0}, fit(1)), ({"seed": 0}, failure()), ({"seed": 0}, fit(1)), ({"seed": 1}, None)
    )
    (row,) = table(found)
    assert (row["n"], row["runs"], row["status"], row["nll/val/se"]) == ("1", "2", "1 interrupted, 1 done", "")


def test_rows_are_ranked_by_held_out_nll_and_ties_by_their_settings(tmp_path: Path) -> None:
    found = write_runs(
        tmp_path, *[({"model.n_components": k}, fit(nll)) for k, nll in [(10, 2), (2, 2), (3, 1), (1, 3)]]
    )
    assert column(found, "model.n_components") == ["3", "2", "10", "1"]
    assert column(found, "rank") == ["1", "2", "3", "4"]


def test_differences_to_the_best_are_paired_over_the_seeds_as_numpy_has_them(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    hard = 5 + generator.normal(size=6)  # what the seed does to every setting alike
    nlls = {lr: hard + 0.01 * lr + 0.001 * generator.normal(size=6) for lr in (3, 1, 2)}
    jobs = [({"optimizer.lr": lr, "seed": s}, fit(nlls[lr][s])) for lr, s in product(nlls, range(6))]
    best, *others = table(write_runs(tmp_path, *jobs))
    assert (best["optimizer.lr"], best["above best"], best["above best/se"]) == ("1", "0", "")
    assert [row["optimizer.lr"] for row in others] == ["2", "3"]
    for row in others:
        differences = nlls[int(row["optimizer.lr"])] - nlls[1]
        np.testing.assert_allclose(float(row["above best"]), differences.mean(), rtol=1e-12)
        np.testing.assert_allclose(float(row["above best/se"]), differences.std(ddof=1) / 6**0.5, rtol=1e-12)


def test_a_row_with_fewer_seeds_is_compared_on_those_alone(tmp_path: Path) -> None:
    nlls: dict[str, list[float | None]] = {"em": [1.0, 9.0, 5.0], "adam": [1.5, 9.1, 5.3], "sgd": [1.2, None, None]}
    jobs: list[Any] = [
        ({"optimizer": name, "seed": s}, failure() if nll is None else fit(nll))
        for name, values in nlls.items()
        for s, nll in enumerate(values)
    ]
    rows = {row["optimizer"]: row for row in table(write_runs(tmp_path, *jobs))}
    assert {name: row["rank"] for name, row in rows.items()} == {"em": "1", "sgd": "2", "adam": "3"}
    assert float(rows["sgd"]["above best"]) == pytest.approx(0.2, rel=1e-14)
    assert rows["sgd"]["above best/se"] == ""
    np.testing.assert_allclose(float(rows["adam"]["above best"]), np.mean([0.5, 0.1, 0.3]), rtol=1e-12)


def test_a_row_that_failed_on_a_seed_is_not_the_best(tmp_path: Path) -> None:
    jobs = [
        ({"optimizer": "em", "seed": 0}, fit(2)),
        ({"optimizer": "em", "seed": 1}, fit(3)),
        ({"optimizer": "sgd", "seed": 0}, fit(1)),
        ({"optimizer": "sgd", "seed": 1}, failure()),
    ]
    found = write_runs(tmp_path, *jobs)
    assert column(found, "optimizer") == ["em", "sgd"]
    assert column(found, "above best") == ["0", "-1"]


def test_fewer_seeds_than_another_row_win_if_all_are_done_and_lower(tmp_path: Path) -> None:
    jobs: list[Any] = [({"optimizer": "sgd", "seed": s}, fit(5 + s)) for s in range(4)]
    found = write_runs(tmp_path, *jobs, *[({"optimizer": "em", "seed": s}, fit(4.5 + s)) for s in (2, 3)])
    assert column(found, "optimizer") == ["em", "sgd"]
    assert column(found, "above best") == ["0", "0.5"]


def test_rows_without_a_common_seed_follow_with_a_blank_difference(tmp_path: Path) -> None:
    jobs: list[Any] = [({"optimizer": "em", "seed": s}, fit(5)) for s in (0, 1)]
    found = write_runs(tmp_path, *jobs, ({"optimizer": "adam", "seed": 0}, fit(7)), ({"seed": 9}, fit(1)))
    jobs = [({"optimizer": "sgd", "seed": 8}, fit(1))]
    found += write_runs(tmp_path / "more", *jobs)
    rows = [(row["optimizer"], row["above best"]) for row in table(found)]
    assert rows == [("em", "0"), ("adam", "2"), ("sgd", "")]


def test_folders_are_named_in_their_natural_order_before_the_clock(tmp_path: Path) -> None:
    found = write_runs(tmp_path, *[({"seed": s}, fit(s) if s else failure()) for s in range(12)])
    (row,) = table(found)
    assert row["folders"].split(" ") == [f"job{n}" for n in range(12)]
    names = list(row)
    assert names[names.index("folders") + 1] == "seconds/fit"


def test_without_held_out_points_bic_ranks_and_comes_after(tmp_path: Path) -> None:
    nothing = {"nll/val": None, "nll/test": None}
    whole = [({"model.n_components": k}, fit(9, bic=bic, **nothing)) for k, bic in [(1, 30.0), (2, 10.0), (3, 20.0)]]
    found = write_runs(tmp_path / "whole", *whole)
    assert column(found, "model.n_components") == ["2", "3", "1"]
    assert leaderboard.of(found).caption == "ranked by BIC"
    found = write_runs(tmp_path / "mixed", *whole, ({"model.n_components": 4}, fit(99)))
    assert column(found, "model.n_components") == ["4", "2", "3", "1"]


def test_each_data_set_has_its_own_ranks(tmp_path: Path) -> None:
    nlls = {(10, "em"): 14.0, (10, "adam"): 13.0, (2, "em"): 3.0, (2, "adam"): 4.0}
    jobs = [({"data.dim": d, "optimizer": name}, fit(nll)) for (d, name), nll in nlls.items()]
    found = write_runs(tmp_path, *jobs)
    rows = [(row["rank"], row["data.dim"], row["optimizer"]) for row in table(found)]
    assert rows == [("1", "2", "em"), ("2", "2", "adam"), ("1", "10", "adam"), ("2", "10", "em")]
    assert "each data set by itself" in leaderboard.of(found).caption


def test_labels_do_not_make_another_data_set_but_columns_and_paths_do(tmp_path: Path) -> None:
    jobs: list[Any] = [({"data.label": "kind"}, fit(2)), ({"data.label": None}, fit(1))]
    others: list[Any] = [
        ({"data.label": None, "data.path": "b.csv"}, fit(3)),
        ({"data.label": None, "data.columns": [1]}, fit(4)),
    ]
    found = write_runs(tmp_path, *jobs, *others)
    assert sorted(column(found, "rank")) == ["1", "1", "1", "2"]
    (second,) = [row for row in table(found) if row["rank"] == "2"]
    assert (second["data.label"], second["above best"]) == ("kind", "1")


def test_batches_do_not_make_another_data_set(tmp_path: Path) -> None:
    found = write_runs(tmp_path, ({"data.batch_size": 100}, fit(2)), ({"data.batch_size": None}, fit(1)))
    assert [(row["rank"], row["data.batch_size"]) for row in table(found)] == [("1", "null"), ("2", "100")]


def test_a_run_that_is_not_done_counts_for_no_mean_and_tells_why(tmp_path: Path) -> None:
    found = write_runs(
        tmp_path,
        ({"model.n_components": 2, "seed": 0}, fit(1)),
        ({"model.n_components": 2, "seed": 1}, {**fit(100), **failure()}),
        ({"model.n_components": 2, "seed": 2}, fit(2)),
        ({"model.n_components": 2, "seed": 3}, {**failure("another"), "status": "interrupted"}),
        ({"model.n_components": 9, "seed": 0}, failure("third")),
        ({"model.n_components": 8, "seed": 0}, None),
    )
    best, killed, failed = table(found)
    assert (best["nll/val"], best["n"], best["runs"]) == ("1.5", "2", "4")
    assert (best["status"], best["error"]) == ("1 failed, 1 interrupted, 2 done", "ValueError: too many components")
    assert (killed["rank"], killed["model.n_components"], killed["status"]) == ("", "8", "interrupted")
    assert (failed["rank"], failed["status"], failed["error"], failed["nll/val"]) == ("", "failed", "third", "")


def test_a_run_whose_configuration_was_cut_has_blank_settings_and_sweeps_nothing_new(tmp_path: Path) -> None:
    jobs = [({"model.n_components": k, "trainer.max_epochs": 9}, fit(k)) for k in (1, 2, 3)]
    folder = write_runs(tmp_path, *jobs)[0].folder
    path = folder / ".hydra" / "config.yaml"
    path.write_text(path.read_text()[:-10])
    found = runs.find([tmp_path])
    assert leaderboard.of(found).swept == ("model.n_components",)
    assert sorted(column(found, "model.n_components")) == ["", "2", "3"]


def many(folder: Path) -> list[runs.Run]:
    """Two sweeps with different keys, several seeds, numbers whose sum depends on the order, and every status."""
    generator = np.random.default_rng(1)
    first = [
        {"model.n_components": k, "optimizer": o, "seed": s} for k, o, s in product([1, 10, 2], ["em", "sgd"], range(3))
    ]
    second = [{"optimizer": "adam", "optimizer.lr": lr, "seed": s} for lr, s in product([0.1, 1e-7], range(3))]
    outcomes = [lambda: fit(10.0 ** generator.uniform(-8, 8)), failure, lambda: None]
    for name, jobs in (("first", first), ("second", second)):
        write_runs(folder / name, *[(job, outcomes[generator.choice(3, p=[0.8, 0.1, 0.1])]()) for job in jobs])
    return runs.find([folder])


def test_the_bytes_do_not_depend_on_the_order_of_the_runs(tmp_path: Path) -> None:
    found = many(tmp_path)
    expected = csv_of(leaderboard.of(found)), markdown_of(leaderboard.of(found))
    for seed in range(20):
        random.Random(seed).shuffle(found)
        assert (csv_of(leaderboard.of(found)), markdown_of(leaderboard.of(found))) == expected
    assert str(tmp_path) not in "".join(expected)
    assert "nan" not in expected[0].lower()


def test_every_seed_is_in_exactly_one_row(tmp_path: Path) -> None:
    found = many(tmp_path)
    assert sum(map(int, column(found, "runs"))) == len(found)
    assert sum(map(int, column(found, "n"))) == sum(run.metrics["status"] == "done" for run in found)


def test_two_sweeps_together_have_the_keys_of_both(tmp_path: Path) -> None:
    found = many(tmp_path)
    assert leaderboard.of(found).swept == ("model.n_components", "optimizer", "optimizer.lr")
    assert {row["optimizer.lr"] for row in table(found) if row["optimizer"] != "adam"} == {""}


def test_all_but_the_columns_of_the_clock_is_the_same_bytes_when_a_sweep_is_repeated(tmp_path: Path) -> None:
    sweeps = [
        write_runs(
            tmp_path / name, *[({"seed": s}, fit(s, **{"seconds/fit": t + s, "seconds/total": t})) for s in (0, 1)]
        )
        for name, t in (("once", 1.0), ("again", 5.0))
    ]
    once, again = (csv_of(leaderboard.of(found)).splitlines() for found in sweeps)
    assert once != again
    clock = once[0].split(",").index("seconds/fit")
    assert all(name.startswith("seconds/") for name in once[0].split(",")[clock:])
    assert [line.split(",")[:clock] for line in once] == [line.split(",")[:clock] for line in again]


@pytest.mark.parametrize(
    ("mean", "error", "shown"),
    [
        (2.10493, 0.00123, "2.1049 ± 0.0012"),
        (105553.7, 23.4, "105554 ± 23"),
        (105553.7, 1234.5, "105554 ± 1234"),
        (1.5, None, "1.5"),
        (2.123456789, 1e-13, "2.12346 ± 0"),
        (4.155382207, 5e-9, "4.15538 ± 0"),
        (9.6e-12, 9.4e-12, "1e-11 ± 9e-12"),
        (45.0, 0.0, "45 ± 0"),
        (-0.00034, 0.00099, "-0.00034 ± 0.00099"),
    ],
)
def test_digits_come_from_the_standard_error(mean: float, error: float | None, shown: str) -> None:
    assert str(Estimate(mean, error)) == shown


def test_the_numbers_of_a_column_have_the_same_decimals_where_all_have_room() -> None:
    best, close, far = Estimate(0.0, None), Estimate(0.00123, 0.00041), Estimate(3.25, 0.151)
    assert in_column([best, close, None, far]) == ["0", "0.00123 ± 0.00041", "", "3.25000 ± 0.15100"]
    assert in_column([Estimate(1.5, None), Estimate(2.25, None)]) == ["1.50", "2.25"]
    assert in_column([Estimate(123456.0, 1000.0), close]) == ["123456 ± 1000", "0.00123 ± 0.00041"]


def test_the_sums_are_exact_before_they_are_rounded() -> None:
    values = [1e16, 1.0, -1e16, 1.0]
    for seed in range(10):
        random.Random(seed).shuffle(values)
        assert Estimate.of(values) == Estimate(0.5, statistics.stdev(values) / 2)


@pytest.mark.parametrize("values", [[], [1.0, None], [float("inf"), 1.0], ["many"]])
def test_no_mean_is_made_of_what_is_not_all_numbers(values: list[Any]) -> None:
    assert Estimate.of(values) is None


def test_markdown_has_the_rows_of_the_csv_and_no_empty_column(tmp_path: Path) -> None:
    found = write_runs(
        tmp_path, *[({"data.path": p}, fit(1)) for p in ("a|b.csv", "c.csv")], ({"data.path": "d"}, failure())
    )
    text = markdown_of(leaderboard.of(found))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 3
    assert "a\\|b.csv" in text
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1
    assert "ari" not in rows[0]
    assert rows[-1].endswith("| failed | ValueError: too many components |")


def test_the_printed_table_fits_names_the_best_and_ends_with_what_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ["model.n_components", "data.dim", "optimizer.tolerance", "model.floor", "init.restarts", "data.n_samples"]
    jobs = [({**dict.fromkeys(keys, n), "seed": s}, fit(n + s / 7)) for n, s in product((1, 2), range(3))]
    leaderboard.show(leaderboard.of(write_runs(tmp_path, *jobs, ({"optimizer": "[red]"}, failure()))))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines[:5])) <= 120
    assert any(line.startswith("best: ") and " n_components=1" in line for line in lines)
    assert lines[-1].startswith("failed: ")
    assert "optimizer=[red]" in lines[-1]
    assert lines[-1].endswith(": ValueError: too many components")


def test_a_best_row_whose_likelihood_measures_the_floor_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound, sunk = ({"model.n_components": k} for k in (2, 3))
    found = write_runs(tmp_path, (sound, fit(2, components_on_floor=0)), (sunk, fit(1, components_on_floor=2)))
    leaderboard.show(leaderboard.of(found))
    (best,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("best: "))
    assert best == "best: n_components=3, nll/val 1; components lie on the floor, and the likelihood measures it"
    assert "components_on_floor" in markdown_of(leaderboard.of(found))
    assert "components_on_floor" not in markdown_of(leaderboard.of(found[:1]))


def test_at_most_three_data_sets_have_their_best_named_below_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ["data.separation", "model.n_components", "trainer.max_epochs", "init.restarts", "model.floor", "data.n_val"]
    jobs: list[Any] = [
        ({**dict.fromkeys(keys, d), "data.path": f"{'far/' * 20}{d}.csv", "optimizer": o}, fit(d))
        for d, o in product(range(14), ["em", "adam"])
    ]
    leaderboard.show(leaderboard.of(write_runs(tmp_path, *jobs)))
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("best: ") for line in lines) == 3
    assert "and 11 more" in lines
    rows = [line for line in lines if line.lstrip()[:2] in ("1 ", "2 ")]
    assert len(rows) == 28
    assert max(map(len, lines[: lines.index(rows[-1])])) <= 120
    assert all("optimizer=" in row for row in rows)
    assert "bic" in lines[0]


def test_the_printed_table_says_how_many_runs_converged_only_if_some_did_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs: list[Any] = [({"experiment": "demo", "seed": s}, fit(2, converged=s == 0)) for s in (0, 1)]
    leaderboard.show(leaderboard.of(write_runs(tmp_path / "all", ({}, fit(1)), ({"seed": 1}, fit(1)))))
    assert "converged" not in capsys.readouterr().out
    leaderboard.show(leaderboard.of(write_runs(tmp_path / "some", *jobs, ({}, fit(1)), ({"seed": 1}, fit(1)))))
    header, best, second, *notes = capsys.readouterr().out.splitlines()
    assert header.split()[:4] == ["rank", "experiment", "n", "converged"]
    assert best.split()[:4] == ["1", "none", "2", "2/2"]
    assert second.split()[:4] == ["2", "demo", "2", "1/2"]
    assert "n: seeds done" in " ".join(notes)


def test_a_sweep_of_which_nothing_is_done_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leaderboard.show(leaderboard.of(write_runs(tmp_path, ({"seed": 0}, None))))
    assert capsys.readouterr().out == "no run is done yet\ninterrupted: all runs\n"


@pytest.mark.parametrize(
    "jobs", [[], [({}, None)], [({}, fit(1))], [({}, {})], [({"optimizer": "sgd"}, {}), ({}, {"bic": 1.0})]]
)
def test_files_are_written_for_any_sweep_and_nothing_else_is_left(jobs: list[Any], tmp_path: Path) -> None:
    found = write_runs(tmp_path / "sweep", *jobs)
    (tmp_path / "table").mkdir()
    for _ in range(2):
        leaderboard.write(tmp_path / "table", found)
        assert sorted(path.name for path in (tmp_path / "table").iterdir()) == FILES
    assert (tmp_path / "table" / "leaderboard.csv").read_text() == csv_of(leaderboard.of(found))


def test_a_disk_that_is_full_leaves_the_old_files_and_no_half_of_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = write_runs(tmp_path / "sweep", ({}, fit(1)))
    (tmp_path / "leaderboard.csv").write_text("old")

    def half(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="no space"):
        leaderboard.write(tmp_path, found)
    assert (tmp_path / "leaderboard.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leaderboard.csv", "sweep"]


def ranked(*arguments: str | Path, cwd: Path) -> Ended:
    """`python scripts/leaderboard.py ARGUMENTS`, typed in another folder."""
    command = [sys.executable, str(REPOSITORY / "scripts" / "leaderboard.py"), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return Ended(done.returncode, done.stdout, done.stderr, cwd)


def test_the_script_writes_into_the_one_folder_or_where_it_is_told_to(tmp_path: Path) -> None:
    many(tmp_path / "sweeps")
    ended = ranked("sweeps", cwd=tmp_path)
    assert (ended.status, ended.stderr) == (0, "")
    assert all((tmp_path / "sweeps" / name).is_file() for name in FILES)
    both = ranked("sweeps/first", "sweeps/second", "--output", "new/folder", cwd=tmp_path)
    assert both.status == 0
    assert (tmp_path / "new/folder/leaderboard.csv").read_bytes() == (tmp_path / "sweeps/leaderboard.csv").read_bytes()
    assert ranked("sweeps/first", "sweeps/second", cwd=tmp_path).stdout.endswith("leaderboard.md and sweep.png\n")


@pytest.mark.parametrize(("path", "told"), [("nowhere", "there is no such folder"), ("empty", "there is no run in it")])
def test_the_script_says_what_it_did_not_find(path: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = ranked(path, cwd=tmp_path)
    assert (ended.status, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"error: {path}: {told}")


def test_a_real_sweep_agrees_with_its_metrics(tmp_path: Path) -> None:
    small = ["data=gaussians", "data.n_samples=60", "data.n_val=20", "data.n_test=20", "trainer=cpu"]
    ended = train(tmp_path / "sweep", "-m", *small, "model.n_components=1,2", "optimizer=em,kmeans", "seed=0,1,2")
    assert ended.status == 0, ended.stderr
    found = runs.find([ended.folder])
    leaderboard.write(tmp_path, found)
    rows = list(csv.DictReader(StringIO((tmp_path / "leaderboard.csv").read_text())))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    for row in rows:
        mine = [
            run
            for run in found
            if {f"{key}={row[key]}" for key in ("model.n_components", "optimizer")} <= {*run.overrides}
        ]
        metrics = [metrics_in(run.folder) for run in mine]
        assert row["n"] == str(len(metrics)) == "3"
        for name in ("nll/train", "nll/val", "nll/test", "nll/excess", "bic", "icl", "ari", "passes", "seconds/total"):
            values = [run[name] for run in metrics]
            np.testing.assert_allclose(float(row[name]), np.mean(values), rtol=1e-12, atol=1e-15)
            np.testing.assert_allclose(float(row[f"{name}/se"]), np.std(values, ddof=1) / 3**0.5, rtol=1e-9, atol=1e-15)
    assert [float(row["nll/val"]) for row in rows] == sorted(float(row["nll/val"]) for row in rows)
