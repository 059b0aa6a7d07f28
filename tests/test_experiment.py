"""What does a run leave behind?"""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.running import BEST, Ended, run_experiment, train

NEGATIVE_LOG_LIKELIHOODS = ["nll/train", "nll/val", "nll/test", "nll/true"]
NAMES = {
    *NEGATIVE_LOG_LIKELIHOODS,
    *("nll/excess", "bic", "aic", "icl", "ari", "within_ss", "floor"),
    *("n_parameters", "n_points", "steps", "passes", "converged", "status", "seconds/fit", "seconds/total"),
}


def numbers(text: str) -> list[float]:
    """The numbers in a text, in their order."""
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """`python train.py`, and nothing else."""
    return train(tmp_path_factory.mktemp("default") / "run")


def test_the_default_run_ends_well(default: Ended) -> None:
    assert default.status == 0, default.stderr
    assert default.metrics["status"] == "done"
    assert default.metrics["converged"] is True
    assert default.metrics["nll/excess"] <= 0.01


def test_every_name_of_the_contract_is_in_metrics_json(default: Ended) -> None:
    assert set(default.metrics) >= NAMES


def test_metrics_are_plain_words_numbers_and_nulls(default: Ended) -> None:
    assert all(value is None or isinstance(value, bool | int | float | str) for value in default.metrics.values())


def test_what_was_asked_for_is_what_was_counted(default: Ended) -> None:
    metrics = default.metrics
    assert (metrics["n_points"], metrics["n_parameters"], metrics["floor"]) == (1000, 5, 1e-6)
    assert metrics["steps"] == metrics["passes"]
    assert 0 < metrics["seconds/fit"] < metrics["seconds/total"]
    assert metrics["within_ss"] is None


def test_the_excess_is_test_minus_true(default: Ended) -> None:
    metrics = default.metrics
    assert metrics["nll/excess"] == metrics["nll/test"] - metrics["nll/true"]


def test_the_folder_holds_the_configuration_as_composed(default: Ended) -> None:
    config = OmegaConf.load(default.folder / ".hydra" / "config.yaml")
    assert OmegaConf.select(config, "model.n_components") == 2
    assert OmegaConf.select(config, "data.n_samples") == 1000
    assert OmegaConf.select(config, "seed") == 0


def test_the_report_is_a_picture(default: Ended) -> None:
    assert (default.folder / "report.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_tensorboard_uses_the_names_of_metrics_json(default: Ended) -> None:
    (path,) = default.folder.glob("events.out.tfevents.*")
    events = EventAccumulator(str(path)).Reload()
    assert set(events.Tags()["scalars"]) >= {"nll/train", "nll/val", "nll/true"}
    assert [event.value for event in events.Scalars("nll/true")] == pytest.approx(
        [default.metrics["nll/true"]] * len(events.Scalars("nll/true"))
    )
    assert events.Scalars("nll/train")[-1].value == pytest.approx(default.metrics["nll/train"], abs=1e-4)
    assert events.Scalars("nll/train")[-1].step == default.metrics["passes"]


@pytest.mark.parametrize("name", [*NEGATIVE_LOG_LIKELIHOODS, "bic", "aic", "icl"])
def test_the_final_table_shows_the_numbers(default: Ended, name: str) -> None:
    expected = pytest.approx(default.metrics[name], rel=1e-4)
    assert any(number == expected for number in numbers(default.stdout))


def test_the_final_table_shows_fitted_beside_true_parameters(default: Ended) -> None:
    rows = [(line.split()[0], numbers(line)[-3:]) for line in default.stdout.splitlines() if line.strip()]
    true = [row for name, row in rows if name == "true"]
    fitted = [row for (_, row), (below, _) in pairwise(rows) if below == "true"]
    assert true == [[0.5, -2.0, 0.5], [0.5, 2.0, 0.5]]
    assert fitted == [pytest.approx(row, abs=0.05) for row in true]


def test_parts_that_do_not_exist_have_null_likelihoods(tmp_path: Path) -> None:
    everything = ["data=old_faithful", "data.val_fraction=0", "data.test_fraction=0", "optimizer=em"]
    metrics = run_experiment(tmp_path / "run", *everything)
    assert set(metrics) >= NAMES
    assert metrics["n_points"] == 272
    assert [metrics[name] for name in ("nll/val", "nll/test", "nll/true", "nll/excess", "ari")] == [None] * 5
    assert (tmp_path / "run" / BEST).exists()


@pytest.mark.parametrize("size", ["data.n_val", "data.n_test"])
def test_synthetic_data_may_go_without_a_held_out_part(tmp_path: Path, size: str) -> None:
    metrics = run_experiment(tmp_path / "run", f"{size}=0", "optimizer=em")
    assert metrics["nll/val" if size == "data.n_val" else "nll/test"] is None
    assert metrics["nll/train"] < 1.5


def test_a_fit_that_was_cut_short_says_that_it_has_not_converged(tmp_path: Path) -> None:
    metrics = run_experiment(tmp_path / "run", "trainer.max_epochs=3")
    assert metrics["converged"] is False
    assert metrics["passes"] == 3
