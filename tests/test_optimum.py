"""Are fits judged by the rules that the report states, and do its tables and pictures say what was measured?"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import sklearn.mixture
import torch

import mixfit
from mixfit.data.marron_wand import DENSITIES
from mixfit.data.rings import Rings
from scripts.benchmarks.overlapping import overlapping
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.optima import auto, marron_wand, million, moves, plane, reference, restarts, shares, square, trap
from scripts.optima.cells import cells, is_degenerate, points_of
from scripts.optima.excess import of_dataset
from scripts.optima.fitting import OURS, SKLEARN, Fitted, fit
from scripts.optimum import ASKED, REPORT, all_questions
from tests.running import REPOSITORY

DOCS = REPOSITORY / "docs"


# The command and the page


def test_every_question_can_be_asked_and_has_a_target() -> None:
    assert sorted(all_questions()) == sorted(ASKED)
    assert [name for name, text in ASKED.items() if "? Target: " not in text] == []


def test_help_names_every_question_and_needs_no_torch() -> None:
    printed = "print(REPORT.parser().format_help()); print('torch' in sys.modules)"
    code = f"import sys; from scripts.optimum import REPORT; {printed}"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("False\n")
    assert re.findall(r"^  ([\w-]+) +\w.*\? Target: ", done.stdout, re.MULTILINE) == list(ASKED)


@pytest.mark.skipif(not (DOCS / "optimum.md").exists(), reason="nothing was measured yet")
def test_the_page_is_what_its_answers_say() -> None:
    assert REPORT.page(DOCS) == (DOCS / "optimum.md").read_text(encoding="utf-8")


# The best maxima known


def test_the_reference_has_every_family_and_number_of_each_data_set() -> None:
    asked = {(cell.data, cell.model, cell.n_components) for cell in cells()}
    line = {"old_faithful_eruptions", "old_faithful_waiting", "galaxies", "acidity"}
    more = {"old_faithful", "iris", "diabetes", "wine"}
    models = dict.fromkeys(line, ("E", "V")) | dict.fromkeys(more, ("VII", "VVI", "EEE", "VVV"))
    assert asked == {(data, model, k) for data, names in models.items() for model in names for k in range(2, 7)}
    assert len(cells()) == 120


def test_bounds_are_no_higher_than_the_best_maxima() -> None:
    assert [cell for cell in cells() if max(cell.nested_lower_bound, cell.best_of_smaller) > cell.best_known] == []
    assert sum(cell.nested_lower_bound == cell.best_known for cell in cells()) == 97


def test_more_components_of_a_model_reach_more() -> None:
    known = {(cell.data, cell.model, cell.n_components): cell for cell in cells()}
    for (data, model, n_components), cell in known.items():
        fewer = known.get((data, model, n_components - 1))
        assert fewer is None or fewer.best_known <= cell.best_of_smaller


def test_parameters_are_counted_as_the_estimator_counts_them() -> None:
    for cell in cells():
        if cell.n_components == 2:
            how: dict[str, Any] = {"covariance_type": cell.covariance, "moves": "none", "tol": 0, "max_iter": 1}
            found = mixfit.GaussianMixture(cell.n_components, **how, random_state=0).fit(points_of(cell.data))
            assert (cell, found.n_parameters_) == (cell, cell.n_parameters)


# Which fits count


@pytest.mark.parametrize(
    ("model", "weights", "smallest", "verdict"),
    [
        ("VVV", (0.5, 0.5), 1.0, False),
        ("VVV", (0.5, 0.5), 1e-4, True),  # below 1e-3 of the average covariance's smallest eigenvalue
        ("EEE", (0.5, 0.5), 1e-4, False),  # what is shared cannot close in on anything
        ("VVV", (0.961, 0.039), 1.0, True),  # 3.9 of 100 points, where D + 2 are needed
        ("VVV", (0.959, 0.041), 1.0, False),
    ],
)
def test_a_component_of_few_points_or_none_of_the_width_is_degenerate(
    model: str, weights: tuple[float, float], smallest: float, verdict: bool
) -> None:
    points = np.random.default_rng(0).normal(size=(100, 2))
    covariances = np.stack([np.eye(2), np.diag([1.0, smallest])])
    assert is_degenerate(model, points, np.array(weights), covariances) == verdict


def test_on_the_line_a_width_is_compared_with_the_data() -> None:
    points = np.linspace(-1, 1, 101)[:, None]
    half = np.array([0.5, 0.5])
    for deviation, verdict in ((0.019, True), (0.021, False)):
        narrow = (deviation * points.std()) ** 2
        assert is_degenerate("V", points, half, np.array([1.0, narrow])[:, None, None]) == verdict


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
def test_covariances_of_both_programs_are_matrices(family: str) -> None:
    points = points_of("old_faithful")
    ours: Any = mixfit.GaussianMixture(2, covariance_type=family, moves="none", random_state=0)
    theirs: Any = sklearn.mixture.GaussianMixture(2, covariance_type=family, tol=1e-9, max_iter=1000, random_state=0)
    for found in (fit(ours, points), fit(theirs, points)):
        assert found.seconds > 0
    order = [np.argsort(estimator.means_[:, 0]) for estimator in (ours, theirs)]
    one, other = (Fitted(estimator, 0).covariances for estimator in (ours, theirs))
    assert one[order[0]] == pytest.approx(other[order[1]], rel=1e-2)


def test_a_fit_is_compared_with_its_cell() -> None:
    (cell,) = (cell for cell in cells() if cell[:4] == ("old_faithful", "VVV", "full", 2))
    row = shares.judged(cell, mixfit.GaussianMixture(2, random_state=0))
    assert row["gap"] == pytest.approx(0, abs=1e-4)
    assert row["below_smaller"] < 0
    assert shares.has_reached(row)


def test_what_is_refused_or_degenerate_reaches_nothing() -> None:
    rows = [cell_row(gap=gap) for gap in (-9.0, 0.04, 0.06)] + [cell_row(gap=-9.0, degenerate=True), refused_row()]
    assert [shares.has_reached(row) for row in rows] == [True, True, False, False, False]
    assert shares.share(rows) == 0.4
    assert shares.mean_seconds(rows) == 1.0


# Tables


def cell_row(who: str = OURS, gap: float = 0.0, degenerate: bool = False, seconds: float = 1.0) -> Repetition:
    found = {"gap": gap, "below_nested": gap, "below_smaller": gap - 1, "degenerate": degenerate, "seconds": seconds}
    return {**refused_row(who), "refused": False, **found}


def refused_row(who: str = OURS) -> Repetition:
    named = {"data": "iris", "model": "VVV", "covariance": "full", "K": 3}
    return {"contestant": who, "seed": 0, "threads": 1, **named, "refused": True}


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        (cell_row(gap=-1.0), "yes"),
        (cell_row(gap=0.06), "**no**"),  # below the bound
        (cell_row(degenerate=True), "**no**"),
        (cell_row(seconds=99.0), "**no**"),
        (refused_row(), "yes"),  # one of ten may miss it
    ],
)
def test_the_reference_is_judged_by_share_bounds_degeneracy_and_time(last: Repetition, verdict: str) -> None:
    theirs = [cell_row(who) for who in (reference.SINGLE, reference.TEN)]
    table = reference.table([*[cell_row()] * 9, last, *theirs])
    assert (table.rows[0][:2], table.rows[0][-1]) == (("all", OURS), verdict)
    assert table.rows[0][4] == str(int(last == cell_row(gap=-1.0)))
    assert {row[-1] for row in table.rows[1:]} == {"-"}
    assert len(reference.figure([*[cell_row()] * 9, last, *theirs]).subfigs) == 2


def test_the_worst_fits_are_named() -> None:
    theirs = [cell_row(who, gap=5.0) for who in (reference.SINGLE, reference.TEN)]
    notes = reference.table([cell_row(), cell_row(gap=1.25), cell_row(degenerate=True), *theirs]).notes
    told = "2 of 3 fits have not reached it, the worst first: iris, full, K=3, seed 0 (degenerate)"
    assert told in notes[-1]
    assert "iris, full, K=3, seed 0 (1.2 nats below)" in notes[-1]


def above(who: str, excess: float, seconds: float = 1.0, seed: int = 0, **more: Any) -> Repetition:
    common = {"contestant": who, "seed": seed, "threads": 2, "n_points": 1000, "nll": 5 + excess}
    return {**common, "excess": excess, "seconds": seconds, **more}


@pytest.mark.parametrize(
    ("excess", "seconds", "verdicts"),
    [(0.009, 10.0, ("yes", "yes")), (0.011, 10.0, ("**no**", "yes")), (0.009, 10.1, ("yes", "**no**"))],
)
def test_a_million_points_are_judged_by_quality_and_by_time(
    excess: float, seconds: float, verdicts: tuple[str, str]
) -> None:
    rows = [one | {"floors": 0.0} for one in (above(OURS, excess, seconds), above(SKLEARN, 0.05, 40.0))]
    rows.append(above(OURS, 0.001, seed=1, floors=0.0))
    table = million.table(rows)
    assert (table.rows[0][5], table.rows[0][-1]) == verdicts
    assert [row[-1] for row in table.rows[1:]] == ["-", "-"]
    assert len(million.figure(rows).subfigs) == 1


def test_a_faster_fit_that_ends_higher_is_not_faster() -> None:
    (ours, _) = million.table([above(OURS, 0.005, 1.0, floors=0.0), above(SKLEARN, 0.004, 40.0)]).rows
    assert ours[-1] == "**no**"


def test_a_floor_costs_what_the_divergence_from_the_truth_to_it_is() -> None:
    drawn = overlapping(seed=0, n_points=5000, n_held_out=1, dim=3, n_components=2)
    floor, deviations = 0.05, drawn.train.std(0)
    cost = 0.0
    for covariance in drawn.truth.covariances / (deviations[:, None] * deviations):
        variances, axes = torch.linalg.eigh(covariance)
        raised = axes @ torch.diag(variances.clamp(min=floor)) @ axes.T
        normal = torch.distributions.MultivariateNormal
        origin = torch.zeros(3, dtype=torch.float64)
        cost += float(torch.distributions.kl_divergence(normal(origin, covariance), normal(origin, raised))) / 2
    assert cost > 0.01
    assert million.floors_part(drawn, floor) == pytest.approx(cost)


def test_a_density_on_the_line_may_lie_twice_the_expected_above_the_truth() -> None:
    expected = 5 / (2 * 1000)
    few = [above(OURS, 1.9 * expected, density=density, K=2, p=5) for density in list(DENSITIES)[:13]]
    many = [above(OURS, 2.1 * expected, density=density, K=2, p=5) for density in list(DENSITIES)[13:]]
    rows = marron_wand.table(few + many).rows
    assert [row[-1] for row in rows] == ["yes"] * 13 + ["**no**"] * 2 + ["yes"]
    assert (rows[-1][3], rows[12][4]) == ("13 of 15 within 2", "1.90")
    assert len(marron_wand.figure(few + many).subfigs) == 1


def test_densities_in_the_plane_have_their_own_targets() -> None:
    rows = [above(who, 0.012, data=data) for data in ("moons", "rings", "checkerboard") for who in (OURS, SKLEARN)]
    assert [row[-1] for row in plane.table(rows).rows] == ["**no**", "yes", "yes"]
    assert len(plane.figure(rows).subfigs) == 1


def test_of_a_square_the_best_fit_counts_and_fewer_points_cost_more() -> None:
    rows = [above("", excess, n_components=k) for k in square.N_COMPONENTS for excess in (0.2, 0.104)]
    (of_eight,) = [row for row in square.table(rows).rows if row[0] == "8"]
    assert of_eight[1:5] == ("0.1040", "0.1035", "0.1073", "0.2000")  # 47 / 100,000 less, 47 / 12,500 more


def trapped(moves_: str, left: bool) -> Repetition:
    ended: dict[str, Any] = {"weights": [0.3, 0.3, 0.4], "means": [-3.0, 3.0, 30.0], "deviations": [1.0, 1.0, 1.0]}
    return above("", 0.0, moves=moves_, left=left, **ended)


@pytest.mark.parametrize(("plain", "moved", "verdicts"), [(0, 1, ["yes", "yes"]), (1, 0, ["**no**", "**no**"])])
def test_a_trap_holds_em_and_nothing_else(plain: bool, moved: bool, verdicts: list[str]) -> None:
    rows = [trapped(trap.PLAIN, plain), trapped(trap.MOVED, moved)]
    assert [row[-1] for row in trap.table(rows).rows] == verdicts
    assert len(trap.figure(rows).subfigs) == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # plain EM creeps
def test_the_trap_is_one() -> None:
    rows = [trap._fitted(moves_, 0) for moves_ in (trap.PLAIN, trap.MOVED)]
    assert [row["left"] for row in rows] == [False, True]
    assert [row["excess"] > 0.1 for row in rows] == [True, False]


def chosen(found: int, true: int = 3, family: str = "full", data: str = "random") -> Repetition:
    named = {"data": data, "dim": 2, "true": true, "found": found, "family": family}
    return {"seed": 0, "threads": 2, "seconds": 1.0, **named}


@pytest.mark.parametrize(
    ("right", "family", "verdicts"), [(18, "tied", ["yes", "yes"]), (17, "full", ["**no**", "**no**"])]
)
def test_choices_are_judged_by_their_number_and_by_mclust(right: int, family: str, verdicts: list[str]) -> None:
    random = [chosen(3) for _ in range(right)] + [chosen(4) for _ in range(20 - right)]
    table = auto.table([*random, chosen(3, family=family, data="old_faithful")])
    assert [row[-1] for row in table.rows] == ["-", *verdicts]
    assert "D=2, K=3: 4 (seed 0)" in table.notes[1]


def test_every_random_mixture_is_another() -> None:
    asked = {(seed % len(auto.DIMENSIONS), seed % len(auto.COMPONENTS)) for seed in auto.SEEDS}
    assert len(asked) == len(auto.SEEDS)


def test_every_move_takes_part() -> None:
    names = moves.contestants()
    assert {"random_swap", "double_and_merge", "alternating", "none, 1 start"} <= set(names)
    rows = [row for who in names for row in [*both(who, cell_row(who)), *[{"what": "classic", **cell_row(who)}] * 2]]
    rows.append({"what": "classic", **refused_row("alternating")})
    by_name = {row[0]: row for row in moves.table(rows).rows}
    assert by_name["alternating"][1:4] == ("75.0 %", "0", "1")
    assert by_name["random_swap"][-3:] == ("0.0300", "0.0300", "1.00")
    assert len(moves.figure(rows).subfigs) == 2


def test_what_a_move_misses_is_counted_from_the_best_of_all() -> None:
    gaps = {"none, 1 start": 2.0, "random_swap": -5.0}
    rows = [row for who, gap in gaps.items() for row in both(who, cell_row(who, gap))]
    rows.append({"what": "classic", **cell_row("none, 1 start", gap=-9.0, degenerate=True)})
    assert [row[5] for row in moves.table(rows).rows] == ["7.00", "0.00"]


def both(who: str, classic: Repetition) -> Repetitions:
    return [{"what": "classic", **classic}, {"what": "sample", **above(who, 0.03)}]


@pytest.mark.parametrize(("seconds", "verdict"), [(2.9, "yes"), (3.1, "**no**")])
def test_many_starts_may_take_three_times_as_long(seconds: float, verdict: str) -> None:
    one, many = restarts.CONTESTANTS
    rows = [above(who, 0.0, time, round=0) for who, time in ((one, 1.0), (many, seconds))]
    assert [row[-1] for row in restarts.table(rows).rows] == ["-", verdict]


# Excess


def test_the_excess_of_the_truth_itself_is_zero() -> None:
    dataset = Rings(200, 0, 300).load(0)

    class Truth:
        def fit(self, points: Any) -> None:
            assert points.shape == (200, 2)

        def score(self, points: Any) -> float:
            assert points.shape == (300, 2)
            return float(dataset.truth.log_density(dataset.test.points).mean()) if dataset.truth else 0.0

    assert of_dataset(Truth(), dataset)["excess"] == pytest.approx(0, abs=1e-12)
