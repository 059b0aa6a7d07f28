"""Does the benchmark time what it says, between contestants that agree, and judge its numbers rightly?"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from pyarrow import parquet
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixfit.mixtures.covariances import Full
from mixfit.mixtures.mixture import Mixture
from scripts.benchmark import HELP, REPORT, all_questions
from scripts.benchmarks import em_pass, large_file, memory_table, scaling, time_to_quality
from scripts.benchmarks.autograd_step import AutogradStep
from scripts.benchmarks.child import run
from scripts.benchmarks.em_pass_table import share
from scripts.benchmarks.overlapping import Drawn, overlapping
from scripts.benchmarks.passes.matrix_product import SIDE, OwnProducts, SquareProduct
from scripts.benchmarks.passes.naive import Naive
from scripts.benchmarks.passes.names import FLOAT32, FLOAT64, NAIVE, SKLEARN, SQUARE, operations_of
from scripts.benchmarks.passes.one_pass import OnePass, Outcome, Start, distance
from scripts.benchmarks.passes.ours import Ours
from scripts.benchmarks.passes.peers import PEERS, Maker, installed
from scripts.benchmarks.passes.scikit_learn import ScikitLearn
from scripts.benchmarks.processes import team
from scripts.benchmarks.race import median_of, race, ratio_of
from scripts.benchmarks.result import Repetition, Repetitions
from tests.running import REPOSITORY

DOCS = REPOSITORY / "docs"
EVERYBODY: dict[str, Maker] = {SKLEARN: ScikitLearn, FLOAT64: Ours, NAIVE: Naive, **installed()}


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    """Few points of few components."""
    return overlapping(seed=3, n_points=600, n_held_out=50, dim=3, n_components=4)


@pytest.fixture(scope="module")
def start(drawn: Drawn) -> Start:
    """A start that is not the truth, of which both families know."""
    variances = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    return Start(weights, drawn.train[:4].clone(), torch.diag(variances).repeat(4, 1, 1))


# The command and the page


def test_every_question_can_be_asked_and_has_a_target() -> None:
    assert sorted(all_questions()) == sorted(HELP)
    assert [name for name, text in HELP.items() if "? Target: " not in text] == []


def test_help_names_every_question_and_needs_no_torch() -> None:
    printed = "print(REPORT.parser().format_help()); print('torch' in sys.modules)"
    code = f"import sys; from scripts.benchmark import REPORT; {printed}"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("False\n")
    assert re.findall(r"^  ([\w-]+) +\w.*\? Target: ", done.stdout, re.MULTILINE) == list(HELP)


def test_the_page_is_what_its_answers_say() -> None:
    assert REPORT.page(DOCS) == (DOCS / "benchmarks.md").read_text(encoding="utf-8")


# Races


def test_contestants_take_turns_and_a_first_round_is_dropped() -> None:
    ran: list[tuple[str, int]] = []

    def contestant(name: str) -> Callable[[int], Repetition]:
        def once(number: int) -> Repetition:
            ran.append((name, number))
            return {"seconds": float(len(ran))}

        return once

    rows = race({name: contestant(name) for name in "ab"}, rounds=3)
    assert ran[2:] == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]
    assert [row["seconds"] for row in rows] == [3, 4, 5, 6, 7, 8]
    assert median_of(rows, "a") == 6
    assert ratio_of(rows, "a", "b") == np.median([3 / 4, 6 / 5, 7 / 8])


# Passes


@pytest.mark.parametrize("family", ["full", "diag"])
@pytest.mark.parametrize("name", EVERYBODY)
def test_everybody_makes_the_same_pass_again_after_a_reset(name: str, family: str, drawn: Drawn, start: Start) -> None:
    one, reference = EVERYBODY[name](drawn.train, start, family), expected(drawn, start, family)
    for _ in range(2):
        one.reset()
        one.run()
        assert distance(one.outcome(), reference) < max(1e-11, em_pass.tolerance(name) / 1e3)


def expected(drawn: Drawn, start: Start, family: str) -> Outcome:
    """The NLL and the M-step by SciPy and NumPy."""
    points, weights, means, covariances = (tensor.numpy() for tensor in (drawn.train, *start))
    densities = [multivariate_normal(mean, cov).logpdf(points) for mean, cov in zip(means, covariances, strict=True)]
    log_joint = np.log(weights) + np.stack(densities, axis=1)
    log_density = logsumexp(log_joint, axis=1)
    shares = np.exp(log_joint - log_density[:, None])
    count = shares.sum(0)
    parts = [np.cov(points.T, aweights=column, bias=True) for column in shares.T]
    second = np.stack(parts) if family == "full" else np.stack([np.diag(np.diag(part)) for part in parts])
    new = (count / count.sum(), shares.T @ points / count[:, None], second)
    return Outcome(-float(log_density.mean()), *(torch.from_numpy(part) for part in new))


def test_a_pass_in_float32_is_near() -> None:
    points, start = em_pass.points_and_start(em_pass.Shape(500, 2, 3))
    apart = em_pass.agreement(
        {
            SKLEARN: ScikitLearn(points, start, "full"),
            FLOAT64: Ours(points, start, "full"),
            FLOAT32: Ours(points.float(), start, "full"),
        }
    )
    assert apart[SKLEARN] == 0
    assert apart[FLOAT64] < 1e-11
    assert 1e-9 < apart[FLOAT32] < 1e-4


def test_a_pass_that_finds_something_else_is_not_timed(drawn: Drawn, start: Start) -> None:
    elsewhere = start._replace(means=start.means + 1e-3)
    passes: dict[str, OnePass] = {
        SKLEARN: ScikitLearn(drawn.train, start, "full"),
        FLOAT64: Ours(drawn.train, elsewhere, "full"),
        FLOAT32: Ours(drawn.train.float(), start, "full"),
    }
    with pytest.raises(RuntimeError, match=r"float64 and scikit-learn differ by [\de.-]+ after one pass"):
        em_pass.agreement(passes)


def test_a_distance_is_the_largest_and_relative_to_large_numbers() -> None:
    means = torch.tensor([[100.0, -200.0]], dtype=torch.float64)
    one = Outcome(4.0, torch.ones(1, dtype=torch.float64), means, torch.ones(1, 2, 2, dtype=torch.float64))
    assert distance(one, one) == 0
    assert distance(one._replace(means=means + 1), one) == pytest.approx(1 / 200)
    assert distance(one._replace(nll=5.0), one) == pytest.approx(1 / 4)
    assert distance(one._replace(covariances=one.covariances + 0.5), one) == pytest.approx(0.5)


def test_packages_beside_are_those_of_the_extra() -> None:
    lines = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    (extra,) = (line for line in lines if line.startswith("bench = "))
    assert re.findall(r'"([a-z]+)>=', extra) == list(PEERS)


def test_the_operations_of_a_pass_are_those_of_two_products() -> None:
    assert operations_of(10, 1, 2) == 2 * (2 * 10 * 2 * 3)  # 1, x and x²
    own = OwnProducts((10 * 4096, 3, 5), torch.float32)
    assert own.operations == operations_of(10 * 4096, 3, 5)
    assert own.features.shape[1] == 10
    assert SquareProduct((0, 0, 0), torch.float32).operations == 2 * SIDE**3


def raced(seconds: dict[str, float], family: str = "full", n_points: int = 1000, **more: float) -> Repetitions:
    common = {"family": family, "n_points": n_points, "dim": 2, "n_components": 4, "seed": 0, "threads": 2, "round": 0}
    return [{**common, "contestant": name, "seconds": value, "apart": 1e-12, **more} for name, value in seconds.items()]


def test_the_share_of_a_products_rate_is_a_ratio_of_rates() -> None:
    rows = raced({SKLEARN: 9.0, FLOAT64: 2.0})
    assert share(rows, FLOAT64) is None
    product = raced({f"{SQUARE} {FLOAT64}": 1.0}, operations=1e6)
    assert share(rows + product, FLOAT64) == pytest.approx(operations_of(1000, 2, 4) / 2.0 / 1e6)


@pytest.mark.parametrize(("slower", "verdict"), [(0.9, "yes"), (1.1, "**no**")])
def test_passes_are_judged_by_their_geometric_mean(slower: float, verdict: str) -> None:
    full = [
        *raced({SKLEARN: 4.0, FLOAT64: slower, FLOAT32: 0.25}),
        *raced({SKLEARN: 16.0, FLOAT64: 1.0, FLOAT32: 0.5}, n_points=2000),
    ]
    rows = em_pass.table([*full, *raced({SKLEARN: 6.0, FLOAT64: 1.0, FLOAT32: 9.0}, "diag")]).rows
    assert [row[-1] for row in rows] == [verdict, "yes", verdict, "-", "yes"]
    assert rows[2][4] == f"{np.sqrt(4 / slower * 16):.1f}"


def test_a_peer_that_disagrees_is_named_and_has_no_time() -> None:
    rows = raced({SKLEARN: 4.0, FLOAT64: 0.1, FLOAT32: 0.1}) + raced({SKLEARN: 6.0, FLOAT64: 1, FLOAT32: 1}, "diag")
    (other,) = raced({"tgmm": 1.0})
    rows.append({name: value for name, value in other.items() if name not in ("seconds", "round")} | {"apart": 0.5})
    table = em_pass.table(rows)
    assert table.rows[0][table.headings.index("tgmm")] == "-"
    assert "tgmm disagrees on some shape and did not race there." in table.notes


def test_the_picture_of_passes_has_a_mark_for_each_time() -> None:
    times = {SKLEARN: 4.0, FLOAT64: 0.1, FLOAT32: 0.1}
    paper = em_pass.figure(raced(times) + raced(times, n_points=10) + raced(times, "diag"))
    assert [len(axes.lines) for part in paper.subfigs for axes in part.axes] == [6, 3]


# What one writes down first


def test_torchs_own_mixture_starts_where_ours_is(drawn: Drawn) -> None:
    mixture = Mixture(Full(4, 3)).double()
    mixture.set_(drawn.truth.weights.log(), drawn.truth.means, torch.linalg.cholesky(drawn.truth.covariances))
    plain = AutogradStep(mixture, drawn.train)
    before = plain.nll().item()
    assert before == pytest.approx(drawn.truth.nll(drawn.train), abs=1e-12)
    plain.step()
    assert plain.nll().item() < before


# Points with a truth


def test_the_truth_of_overlapping_components_is_their_density(drawn: Drawn) -> None:
    weights, means, covariances = (
        part.numpy() for part in (drawn.truth.weights, drawn.truth.means, drawn.truth.covariances)
    )
    assert weights == pytest.approx(np.full(4, 1 / 4))
    parts = [
        multivariate_normal(mean, cov).logpdf(drawn.held_out) for mean, cov in zip(means, covariances, strict=True)
    ]
    assert drawn.truth.nll(drawn.held_out) == pytest.approx(
        -logsumexp(np.log(weights) + np.stack(parts, 1), axis=1).mean()
    )


def test_overlapping_components_have_the_moments_that_are_promised() -> None:
    truth = overlapping(seed=0, n_points=1, n_held_out=1, dim=4, n_components=5000).truth
    assert float(truth.means.std()) == pytest.approx(3, abs=0.1)
    assert truth.covariances.mean(0).numpy() == pytest.approx(np.eye(4), abs=0.05)


def test_points_depend_on_the_seed_and_are_not_held_out_twice(drawn: Drawn) -> None:
    again, other = (overlapping(seed, 600, 50, 3, 4) for seed in (3, 4))
    assert torch.equal(again.train, drawn.train)
    assert not torch.equal(other.train, drawn.train)
    assert not torch.equal(drawn.train[:50], drawn.held_out)


# Time to quality


@pytest.mark.parametrize(
    ("seconds", "held_out", "verdict"), [(2.0, 5.0, "yes"), (2.1, 4.9, "**no**"), (1.0, 5.1, "**no**")]
)
def test_a_fast_fit_must_be_as_good(seconds: float, held_out: float, verdict: str) -> None:
    common = {"seed": 0, "true": 4.5, "passes": 3, "converged": True, "threads": 2}
    ours = {"contestant": time_to_quality.SAMPLED, "seconds": seconds, "held_out": held_out, **common}
    theirs = {"contestant": time_to_quality.SKLEARN, "seconds": 40.0, "held_out": 5.0, **common}
    assert [row[-1] for row in time_to_quality.table([ours, theirs]).rows] == [verdict, "-"]
    assert len(time_to_quality.figure([ours, theirs]).subfigs) == 1


# Memory


def test_a_process_is_asked_for_its_peak_and_its_words() -> None:
    ended = run("-c", "numbers = bytearray(200_000_000); print(len(numbers))")
    assert ended.printed == "200000000\n"
    assert 200_000_000 < ended.peak_bytes < 250_000_000  # and not this process's own, which holds torch
    with pytest.raises(RuntimeError, match=r"(?s)ended with status 3.*because of this"):
        run("-c", "import sys; sys.stderr.write('because of this'); sys.exit(3)")


def test_a_large_file_is_written_in_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_file, "ROW_GROUP", 100)
    n_bytes = large_file.write(tmp_path, 2050, dim=3, n_components=2, seed=0)
    files = sorted(tmp_path.iterdir())
    assert [parquet.ParquetFile(file).metadata.num_rows for file in files] == [1000, 1000, 50]
    assert [parquet.ParquetFile(file).metadata.num_row_groups for file in files] == [10, 10, 1]
    assert n_bytes == sum(file.stat().st_size for file in files) > 2050 * 3 * 4
    points = np.concatenate([np.stack(parquet.read_table(file).columns, axis=1) for file in files])
    assert points.dtype == np.float32
    assert len(np.unique(points, axis=0)) == 2050


def test_a_disk_without_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1_000_000))
    with pytest.raises(RuntimeError, match=r"need 4\.4 GB in .* where 0\.0 GB are free; make room, or set TMPDIR"):
        large_file.write(tmp_path, 10**9, dim=1, n_components=2, seed=0)
    assert list(tmp_path.iterdir()) == []


def memory_rows(streamed_bytes: float, streamed_seconds: float) -> Repetitions:
    fits = {
        "streamed": {"n_points": 1000, "passes": 2, "seconds_of_fit": streamed_seconds, "peak_bytes": streamed_bytes},
        "held": {"n_points": 100, "passes": 20, "seconds_of_fit": 10.0, "peak_bytes": 3e8},
    }
    beyond = {who: {"n_points": 10, "peak_bytes": 9e7} for who in ("mixfit", "train.py", "scikit-learn", "few")}
    return [{"contestant": who, "seed": 0, "file_bytes": 1e9, **row} for who, row in (beyond | fits).items()]


@pytest.mark.parametrize(
    ("streamed_bytes", "seconds", "verdict"), [(6e8, 20.0, "yes"), (6.1e8, 20.0, "**no**"), (6e8, 21.0, "**no**")]
)
def test_a_streamed_fit_is_judged_by_memory_and_rate(streamed_bytes: float, seconds: float, verdict: str) -> None:
    rows = memory_table.table(memory_rows(streamed_bytes, seconds)).rows
    judged = {row[0]: row[-1] for row in rows}
    assert judged["`train.py`, streamed"] == verdict
    assert (judged["`GaussianMixture.fit`"], judged["scikit-learn's `fit`"]) == ("yes", "-")


# Scaling


def test_what_processes_tell_each_other_is_what_statistics_hold(drawn: Drawn) -> None:
    statistics = Mixture(Full(4, 3)).double().statistics(drawn.train)
    triangle = 4 * 3 * (3 + 1) // 2
    told = statistics.count.numel() + statistics.first.numel() + triangle
    assert scaling.communicated(4, 3) == told + statistics.n_points.numel() + statistics.log_likelihood.numel()


def test_two_processes_find_what_one_finds(drawn: Drawn, start: Start) -> None:
    one = Ours(drawn.train, start, "full")
    with team(drawn.train, start, 2) as two:
        for contestant in (one, two):
            contestant.reset()
            contestant.run()
        assert distance(two.outcome(), one.outcome()) < 1e-12
