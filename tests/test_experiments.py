"""Is every experiment a question that is answered, by numbers that are right and sentences that follow from them?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import binomtest, chi2, foldnorm, norm, wishart
from sklearn.cluster import KMeans

from mixfit.data.bimodal import Bimodal
from mixfit.overrides import checked
from mixfit.runs import Run
from scripts.benchmarks.result import Repetitions
from scripts.experiments import NAMES, all_questions, main
from scripts.questions import dimensions, galaxies, hard_vs_soft, how_many_components, initialisers, optimizers
from scripts.questions.asking import arguments_of, ask, command_of, jobs
from scripts.questions.fitted import density_of
from scripts.questions.page import page
from scripts.questions.rows import short
from tests.running import REPOSITORY, choices

DOCS = REPOSITORY / "docs"
EXPERIMENTS = choices("experiment")


# Every experiment is a question


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_begins_with_its_command(name: str) -> None:
    arguments = arguments_of(command_of(name))
    assert f"experiment={name}" in arguments
    checked([argument for argument in arguments if argument != "-m"], sweeps="-m" in arguments)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_jobs_of_an_experiment_are_known_beforehand(name: str) -> None:
    planned = jobs(arguments_of(command_of(name)))
    assert len(planned) > 1
    assert len({job.name for job in planned}) == len(planned)
    for job in planned:
        checked(job.overrides, sweeps=False)


def test_every_experiment_has_a_question_and_an_answer() -> None:
    assert sorted(NAMES) == EXPERIMENTS
    assert list(all_questions()) == list(NAMES)
    sections = re.findall(r"^## (\w+)$", (DOCS / "experiments.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections == list(NAMES)
    assert all((DOCS / "experiments" / f"{name}.png").is_file() for name in NAMES)


def test_the_page_is_what_its_rows_say() -> None:
    assert page(DOCS / "experiments", all_questions()) == (DOCS / "experiments.md").read_text(encoding="utf-8")


# The theory


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (0.25, 0.5), (1.5, 0.5), (2.0, 3.0)])
def test_k_means_goes_where_the_folded_normal_distribution_has_its_mean(mean: float, deviation: float) -> None:
    expected = foldnorm.mean(mean / deviation, scale=deviation)
    assert hard_vs_soft.hard_mean(mean, deviation) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("mean", "deviation"), [(0.25, 0.5), (0.75, 0.5), (1.0, 1.0)])
def test_the_price_of_hard_assignment_is_a_divergence(mean: float, deviation: float) -> None:
    center = foldnorm.mean(mean / deviation, scale=deviation)
    width = foldnorm.std(mean / deviation, scale=deviation)

    def loss(x: float) -> float:
        truth = np.mean(norm.pdf(x, [-mean, mean], deviation))
        return float(truth * np.log(truth / np.mean(norm.pdf(x, [-center, center], width))))

    expected, _ = quad(loss, -mean - 9 * deviation, mean + 9 * deviation, epsabs=1e-12, limit=200)
    assert hard_vs_soft.hard_excess(mean, deviation) == pytest.approx(expected, abs=1e-9)


def test_the_bias_is_noticed_where_it_crosses_the_threshold() -> None:
    crossing = brentq(lambda ratio: foldnorm.mean(ratio) - ratio - hard_vs_soft.NOTICED, 0.1, 5)
    assert hard_vs_soft.noticed_from() == pytest.approx(crossing, abs=1e-9)


@pytest.mark.parametrize("n_points", [5, 30])
def test_the_price_of_a_normal_distribution_on_the_line_is_an_integral(n_points: int) -> None:
    def divergence(square: float) -> float:
        variance = square / n_points  # of the estimate, in units of the truth's
        loss = 0.5 * ((1 + 1 / n_points) / variance - 1 + np.log(variance))
        return float(loss * chi2.pdf(square, n_points - 1))

    expected, _ = quad(divergence, 0, np.inf, limit=500)
    assert dimensions.normal_price(n_points, 1) == pytest.approx(expected, rel=1e-7)


def test_the_price_of_a_normal_distribution_in_space_is_that_of_drawn_estimates() -> None:
    n_points, dim, n_draws = 40, 4, 20_000
    generator = np.random.default_rng(0)
    estimates = wishart.rvs(n_points - 1, np.eye(dim), size=n_draws, random_state=generator) / n_points
    means = generator.standard_normal((n_draws, dim)) / np.sqrt(n_points)
    inverses = np.linalg.inv(estimates)
    squares = np.einsum("ni,nij,nj->n", means, inverses, means)
    traces, logs = np.trace(inverses, axis1=1, axis2=2), np.linalg.slogdet(estimates)[1]
    losses = 0.5 * (traces + squares - dim + logs)
    expected, error = losses.mean(), losses.std() / np.sqrt(n_draws)
    assert dimensions.normal_price(n_points, dim) == pytest.approx(expected, abs=4 * error)


def test_for_many_points_the_exact_price_is_half_a_point_per_parameter() -> None:
    n_points, dim, n_components = 10**7, 3, 4
    n_parameters = n_components - 1 + n_components * (dim + dim * (dim + 1) // 2)
    exact = dimensions.separated_price(n_points, dim, n_components)
    assert exact == pytest.approx(dimensions.price(n_parameters, n_points), rel=1e-4)


def test_the_spread_of_the_excess_is_that_of_chi_squared() -> None:
    assert dimensions.spread(8, 1000, 10**12) == pytest.approx(chi2.std(8) / 2000, rel=1e-6)


@pytest.mark.parametrize(("hits", "runs"), [(0, 10), (3, 10), (15, 15)])
def test_the_interval_of_a_share_is_wilsons(hits: int, runs: int) -> None:
    expected = binomtest(hits, runs).proportion_ci(method="wilson")
    assert initialisers.interval(hits, runs) == pytest.approx(tuple(expected), abs=1e-5)  # 1.96 is rounded


# What follows from rows made by hand


def test_an_optimizer_has_arrived_where_it_stays() -> None:
    near, away = 1 + optimizers.THERE / 2, 1 + 2 * optimizers.THERE
    assert optimizers.arrival([[1, away], [2, near], [3, away], [4, near], [5, 1.0]], 1.0) == 4
    assert optimizers.arrival([[1, near], [2, 1.0]], 1.0) == 1
    assert optimizers.arrival([[1, near], [2, away]], 1.0) is None


def optimizer_rows(passes: Mapping[str, float | None]) -> Repetitions:
    common = {"seed": 0, "n_points": 100, "lowest": 1.0, "passes": 50, "seconds/fit": 1.0}
    return [
        {"optimizer": who, "separation": 2, "passes/there": there, "curve": [[1, 2.0], [50, 1.5]], **common}
        for who, there in passes.items()
    ]


def test_the_optimizer_that_arrives_first_is_named_first() -> None:
    sentence, *others = optimizers.answer(optimizer_rows({"adam": 30, "em": 12, "kmeans": None}))
    assert sentence == "At a separation of 2 em needs the fewest passes, 12; then come adam with 30."
    assert others == ["Not there in the end: kmeans in 1 of 1 runs, up to 0.5 nats away."]
    sentence, *others = optimizers.answer(optimizer_rows({"adam": 3, "em": 12}))
    assert "adam needs the fewest passes, 3;" in sentence
    assert others == ["All of them arrive with every seed."]


def test_nobody_first_is_no_answer() -> None:
    with pytest.raises(ValueError, match="no optimizer arrives with most seeds"):
        optimizers.answer(optimizer_rows({"adam": None}))


def test_each_criterion_is_asked_truth_by_truth() -> None:
    bic = {0: [5, 3, 4], 1: [3, 5, 4], 2: [5, 4, 1]}  # the least at K = 2, 1 and 3
    rows = [
        {"seed": seed, "K": k, "true K": 2, "separation": 1, "bic": value, "icl": k, "nll/val": -k, "excess": 0.1 * k}
        for seed, values in bic.items()
        for k, value in enumerate(values, start=1)
    ]
    assert how_many_components.chosen(rows, "bic") == [2, 1, 3]
    sentence, cost = how_many_components.answer(rows)
    assert "BIC names 2 for 1 of 3 truths, else 1 or 3" in sentence
    assert "ICL names 2 for 0 of 3 truths, else 1;" in sentence
    assert "costs no more than 1 too many: -0.1000 against 0.1000" in cost


def galaxy_rows(held_out: Mapping[int, list[float]]) -> Repetitions:
    everything = [
        {"test_fraction": 0, "K": k, "seed": seed, "log-likelihood": value + seed, "bic": -value, "icl": k}
        for k, value in {1: -240.3378912, 2: -230.0, 3: -215.3518552}.items()
        for seed in (0, 0)
    ]
    split = [
        {"test_fraction": 0.2, "K": k, "seed": seed, "nll/test": nll}
        for k, values in held_out.items()
        for seed, nll in enumerate(values)
    ]
    return [*everything, *split]


def test_held_out_galaxies_are_compared_split_by_split() -> None:
    rows = galaxy_rows({1: [9.0, 3.0, 6.0], 2: [8.0, 2.0, 5.0], 3: [8.1, 2.3, 5.2]})
    rises = galaxies.held_out(rows)
    assert {k: rise.mean for k, rise in rises.items()} == pytest.approx({1: 1, 2: 0, 3: 0.2})
    assert rises[3].standard_error == pytest.approx(0.1 / np.sqrt(3))
    criteria, held_out, compared = galaxies.answer(rows)
    assert "BIC names 3" in criteria
    assert ", 1." in criteria
    assert (
        held_out == "The NLL of galaxies held out is lowest for 2, over 3 splits and by more than two standard errors."
    )
    assert "for K = 1 what mclust or scikit-learn have" in compared
    assert "for K = 2 0.35 nats higher" in compared
    assert "for K = 3 3 nats lower" in compared


def initialiser_rows(ends: Mapping[tuple[str, int], list[float]]) -> Repetitions:
    return [
        {"data": "galaxies", "init": init, "n_starts": n_starts, "K": 5, "seed": seed, "log-likelihood": end}
        for (init, n_starts), values in ends.items()
        for seed, end in enumerate(values)
    ]


def test_a_start_is_worth_the_share_that_reaches_the_best() -> None:
    best = initialisers.BEST_KNOWN["galaxies", 5]
    rows = initialiser_rows(
        {
            ("a", 1): [best, best - 1],
            ("a", 4): [best, best],
            ("b", 1): [best - 0.005, best - 3],
            ("b", 4): [best - 2] * 2,
        }
    )
    assert initialisers.reached(rows, "galaxies", "a", 1) == (1, 2)
    assert initialisers.reached(rows, "galaxies", "b", 1) == (1, 2)
    assert initialisers.best_of(rows, "galaxies") == (best, "mclust")
    assert initialisers.answer(rows)[-1] == (
        "Over all data, 2 runs each, the best of 4 starts gets there 2 times instead of 1 from a and 0 times instead "
        "of 1 from b, so most often from a."
    )
    higher = [*rows, {**rows[0], "log-likelihood": best + 1}]
    assert initialisers.best_of(higher, "galaxies") == (best + 1, "this sweep, above mclust")
    assert initialisers.reached(higher, "galaxies", "a", 4) == (0, 2)


def test_short_numbers_have_two_digits_and_no_exponent() -> None:
    assert [short(number) for number in (0.001234, 0.35, 5.55, 42.4, 1234.5, 0.5)] == [
        *("0.0012", "0.35", "5.5", "42", "1234", "0.5")
    ]


# What follows from runs


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """`experiment=hard_vs_soft` at two distances."""
    more = ["data.means=[-1,1],[-0.5,0.5]", "seed=3", "data.n_samples=4000", "data.n_test=1000"]
    return ask(command_of("hard_vs_soft"), tmp_path_factory.mktemp("pairs"), more)


def test_what_is_typed_wins_over_the_experiments_own_sweep(pairs: list[Run]) -> None:
    asked = [(run.config["data.means"], run.choices["optimizer"]) for run in pairs]
    assert asked == [(means, who) for means in ([-1, 1], [-0.5, 0.5]) for who in ("em", "kmeans")]
    assert {run.config["seed"] for run in pairs} == {3}
    assert {run.metrics["n_points"] for run in pairs} == {4000}


def test_the_measured_means_are_at_rest_for_another_k_means(pairs: list[Run]) -> None:
    for run, row in zip(pairs, hard_vs_soft.measure(pairs), strict=True):
        assert row["excess"] == run.metrics["nll/excess"]
        if row["optimizer"] == "kmeans":
            points = Bimodal(n_samples=4000, means=[-row["mean"], row["mean"]]).load(3).train.points.numpy()
            ours = density_of(run).means.numpy()
            theirs = KMeans(2, init=ours, n_init=1, tol=0).fit(points).cluster_centers_
            assert theirs == pytest.approx(ours, abs=1e-9)
            assert row["found/σ"] == pytest.approx(float(np.ptp(theirs)) / (2 * 0.5), abs=1e-9)


def test_the_answer_on_assignment_has_theorys_numbers(pairs: list[Run]) -> None:
    sentences = " ".join(hard_vs_soft.answer(hard_vs_soft.measure(pairs)))
    assert f"±{np.sqrt(2 / np.pi):.2f} σ" in sentences
    assert f"theory says {foldnorm.mean(1.0) - 1:+.3f}" in sentences


def without_small_print(folder: Path) -> str:
    return re.sub(r"<sub>.*</sub>", "", (folder / "experiments.md").read_text(encoding="utf-8"))


def test_the_command_answers_and_answers_alike_again(tmp_path: Path) -> None:
    tiny = ["data.dim=1,2", "data.n_samples=300", "data.n_test=500", "seed=0,1"]
    folders = [tmp_path / name for name in ("first", "second")]
    typed = [["dimensions", *tiny, "--docs", str(at / "docs"), "--logs", str(at / "logs")] for at in folders]
    script = REPOSITORY / "scripts" / "experiments.py"
    done = subprocess.run([sys.executable, str(script), *typed[0]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "(4 runs, 4 of them new" in done.stdout
    main(typed[1])
    first, second = (folder / "docs" for folder in folders)
    assert without_small_print(first) == without_small_print(second)
    assert "## dimensions" in without_small_print(first)
    for name in ("dimensions.png", "dimensions.json"):
        contents = [(folder / "experiments" / name).read_bytes() for folder in (first, second)]
        rows = [json.loads(content)["repetitions"] if name.endswith("json") else content for content in contents]
        assert rows[0] == rows[1]
    check_rows(json.loads((first / "experiments" / "dimensions.json").read_text())["repetitions"], tmp_path)


def check_rows(rows: list[dict[str, Any]], folder: Path) -> None:
    """The rows have the numbers of the runs, and p/2N of as many parameters as two or five times three have."""
    metrics = [json.loads(path.read_text()) for path in (folder / "first" / "logs").glob("dimensions/*/metrics.json")]
    assert sorted(row["excess"] for row in rows) == sorted(run["nll/excess"] for run in metrics)
    assert {row["dim"]: row["p/2N"] for row in rows} == pytest.approx({1: 8 / 600, 2: 17 / 600})
